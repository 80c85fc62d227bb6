//===- TextMethods.cpp - The methods of Python's strings ------------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>

namespace tenon::jinja {
namespace {

/// A text made of `self`, which stays markup.
Value like(Interpreter &in, const Value &self, std::string text) {
  return in.heap.text(std::move(text), self.isMarkup());
}

/// A text of `self` and the argument in one: what is joined with markup is escaped.
std::string argument(Interpreter &in, const Value &self, const Value &given, std::string_view what) {
  const std::string &text = toText(given, what);
  return self.isMarkup() ? escapeMarkup(in.heap, given) : text;
}

template <std::string (*change)(std::string_view)>
Value changed(Interpreter &in, const Value &self, const Arguments &arguments) {
  arguments.bind("the method", {});
  in.heap.want(self.text().size() * 4);
  return like(in, self, change(self.text()));
}

template <bool left, bool right> Value stripped(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("strip", {"/chars"});
  const std::string &text = self.text();
  in.heap.spend(text.size() / 64);
  bool given = bound[0] && !bound[0]->is(Kind::None);
  return like(in, self, std::string(given ? strip(text, toText(*bound[0], "what is stripped"), left, right)
                                          : strip(text, left, right)));
}

/// The bounds `start` and `end` of a search, in bytes.
std::pair<size_t, size_t> bounds(Interpreter &in, const std::string &text, const Value *start, const Value *end) {
  if (!start && !end)
    return {0, text.size()};
  in.heap.spend(text.size() / 64);
  auto count = int64_t(characterCount(text));
  auto limit = [&](const Value *given, int64_t otherwise) {
    if (!given || given->is(Kind::None))
      return otherwise;
    int64_t place = toInteger(*given, "a bound of a search");
    return std::max<int64_t>(place < 0 ? place + count : place, 0);
  };
  auto bytes = [&](int64_t place) {
    size_t at = 0;
    for (; place > 0 && at < text.size(); --place)
      at += characterBytes(text[at]);
    return place > 0 ? std::string::npos : at; // beyond the end nothing is found, not even nothing
  };
  return {bytes(limit(start, 0)), std::min(bytes(std::min(limit(end, count), count)), text.size())};
}

/// What is searched: the part, and where it begins; nothing where `start` lies behind `end`.
std::optional<std::pair<std::string_view, size_t>> searched(Interpreter &in, const std::string &text,
                                                            const Value *start, const Value *end) {
  auto [from, to] = bounds(in, text, start, end);
  if (from > to)
    return std::nullopt;
  in.heap.spend((to - from) / 64);
  return std::pair(std::string_view(text).substr(from, to - from), from);
}

/// find, rfind, index and rindex.
template <bool last, bool fails> Value found(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("find", {"/sub", "/start", "/end"}, 1);
  const std::string &sought = toText(*bound[0], "what is sought");
  if (auto part = searched(in, self.text(), bound[1], bound[2])) {
    size_t at = last ? part->first.rfind(sought) : part->first.find(sought);
    if (at != std::string::npos)
      return Value::integer(characterCount(std::string_view(self.text()).substr(0, part->second + at)));
  }
  if (fails)
    fail("the string that is sought does not occur");
  return Value::integer(int64_t(-1));
}

Value count(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("count", {"/sub", "/start", "/end"}, 1);
  const std::string &sought = toText(*bound[0], "what is counted");
  auto part = searched(in, self.text(), bound[1], bound[2]);
  if (!part)
    return Value::integer(int64_t(0));
  if (sought.empty())
    return Value::integer(characterCount(part->first) + 1);
  int64_t times = 0;
  for (size_t at = part->first.find(sought); at != std::string::npos; at = part->first.find(sought, at + sought.size()))
    ++times;
  return Value::integer(times);
}

template <bool start> Value hasEdge(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind(start ? "startswith" : "endswith", {"/prefix", "/start", "/end"}, 1);
  std::vector<Value> edges = bound[0]->is(Type::Tuple) ? bound[0]->as<Sequence>().items : std::vector<Value>{*bound[0]};
  auto part = searched(in, self.text(), bound[1], bound[2]);
  bool has = false;
  for (const Value &edge : edges) {
    const std::string &text = toText(edge, "what a string begins or ends with");
    has = has || (part && (start ? part->first.starts_with(text) : part->first.ends_with(text)));
  }
  return Value::boolean(has);
}

Value replace(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("replace", {"/old", "/new", "/count"}, 2);
  const std::string &text = self.text(), &from = toText(*bound[0], "what is replaced");
  std::string to = argument(in, self, *bound[1], "what replaces it");
  int64_t left = bound[2] ? toInteger(*bound[2], "the count of replace") : -1;
  in.heap.spend(text.size() / 64);
  TextBuilder out(in.heap);
  size_t at = 0;
  for (; left != 0 && at <= text.size(); --left) {
    size_t next = from.empty() ? at : text.find(from, at);
    if (next == text.npos)
      break;
    out += std::string_view(text).substr(at, next - at);
    out += to;
    size_t taken = from.empty() ? (next < text.size() ? characterBytes(text[next]) : 1) : from.size();
    if (from.empty())
      out += std::string_view(text).substr(next, std::min(taken, text.size() - next));
    at = next + taken;
  }
  if (at < text.size())
    out += std::string_view(text).substr(at);
  return like(in, self, out.take());
}

Value listOf(Interpreter &in, const Value &self, const std::vector<std::string_view> &parts) {
  std::vector<Value> items;
  for (std::string_view part : parts)
    items.push_back(like(in, self, std::string(part)));
  return in.heap.list(std::move(items));
}

/// The words between space.
std::vector<std::string_view> words(std::string_view text, int64_t most, bool last) {
  std::vector<std::string_view> parts;
  auto spaceAt = [&](size_t at) { return isSpace(decode(text.substr(at, characterBytes(text[at])))[0]); };
  if (!last) {
    for (text = strip(text, true, false); !text.empty(); text = strip(text, true, false)) {
      size_t end = 0;
      while (end < text.size() && ((most >= 0 && int64_t(parts.size()) == most) || !spaceAt(end)))
        end += characterBytes(text[end]);
      parts.push_back(text.substr(0, end));
      text.remove_prefix(end);
    }
    return parts;
  }
  for (text = strip(text, false, true); !text.empty(); text = strip(text, false, true)) {
    size_t start = 0; // behind the last space
    if (most < 0 || int64_t(parts.size()) != most)
      for (size_t at = 0; at < text.size(); at += characterBytes(text[at]))
        if (spaceAt(at))
          start = at + characterBytes(text[at]);
    parts.push_back(text.substr(start));
    text = text.substr(0, start);
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

template <bool last> Value split(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("split", {"sep", "maxsplit"});
  std::string_view text = self.text();
  int64_t most = bound[1] ? toInteger(*bound[1], "maxsplit") : -1;
  in.heap.spend(text.size() / 64);
  if (!bound[0] || bound[0]->is(Kind::None)) {
    std::vector<std::string_view> parts = words(text, most, last);
    if (last)
      in.heap.spend(parts.size() * (text.size() / 64));
    return listOf(in, self, parts);
  }
  const std::string &separator = toText(*bound[0], "a separator");
  if (separator.empty())
    fail("split at an empty string");
  std::vector<std::string_view> parts;
  for (; most < 0 || int64_t(parts.size()) < most;) {
    size_t at = last ? text.rfind(separator) : text.find(separator);
    if (at == text.npos)
      break;
    parts.push_back(last ? text.substr(at + separator.size()) : text.substr(0, at));
    text = last ? text.substr(0, at) : text.substr(at + separator.size());
  }
  parts.push_back(text);
  if (last)
    std::reverse(parts.begin(), parts.end());
  return listOf(in, self, parts);
}

template <bool last> Value partition(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("partition", {"/sep"}, 1);
  const std::string &text = self.text(), &separator = toText(*bound[0], "a separator");
  if (separator.empty())
    fail("partition at an empty string");
  in.heap.spend(text.size() / 64);
  size_t at = last ? text.rfind(separator) : text.find(separator);
  bool none = at == text.npos;
  std::string before = none ? (last ? "" : text) : text.substr(0, at);
  std::string after = none ? (last ? text : "") : text.substr(at + separator.size());
  return in.heap.tuple({like(in, self, before), like(in, self, none ? "" : separator), like(in, self, after)});
}

Value splitLines(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("splitlines", {"keepends"});
  in.heap.want(self.text().size() * 4);
  std::vector<Value> items;
  for (std::string &line : lines(self.text(), bound[0] && truth(*bound[0])))
    items.push_back(like(in, self, std::move(line)));
  return in.heap.list(std::move(items));
}

Value join(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("join", {"/iterable"}, 1);
  TextBuilder out(in.heap);
  bool first = true;
  for (const Value &item : elements(in.heap, *bound[0])) {
    if (!std::exchange(first, false))
      out += self.text();
    // Markup's own join takes anything; that of a string takes strings.
    out += self.isMarkup() ? escapeMarkup(in.heap, item) : toText(item, "an item of join");
  }
  return out.value(self.isMarkup());
}

/// Spaces, or another character, around a text.
Value padded(Interpreter &in, const Value &self, const Arguments &arguments, const char *name, int side) {
  auto bound = arguments.bind(name, {"/width", "/fillchar"}, 1);
  std::string fill = bound[1] ? argument(in, self, *bound[1], "a fill character") : " ";
  if (characterCount(fill) != 1)
    fail("a fill character is one, found ", characterCount(fill));
  int64_t width = toInteger(*bound[0], "a width"), missing = width - int64_t(characterCount(self.text()));
  if (missing <= 0)
    return self;
  int64_t left = side < 0 ? 0 : side > 0 ? missing : missing / 2 + (missing & width & 1);
  in.heap.want(size_t(missing) * fill.size());
  TextBuilder out(in.heap);
  for (int64_t done = 0; done < left; ++done)
    out += fill;
  out += self.text();
  for (int64_t done = left; done < missing; ++done)
    out += fill;
  return like(in, self, out.take());
}

Value zeroFilled(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("zfill", {"/width"}, 1);
  const std::string &text = self.text();
  int64_t missing = toInteger(*bound[0], "the width of zfill") - int64_t(characterCount(text));
  if (missing <= 0)
    return self;
  in.heap.want(size_t(missing));
  bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  return like(in, self, text.substr(0, sign) + std::string(size_t(missing), '0') + text.substr(sign));
}

Value expandTabs(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("expandtabs", {"tabsize"});
  int64_t size = bound[0] ? toInteger(*bound[0], "tabsize") : 8, column = 0;
  TextBuilder out(in.heap);
  for (char32_t c : decode(self.text())) {
    if (c == '\t') {
      int64_t fill = size > 0 ? size - column % size : 0;
      in.heap.want(size_t(fill));
      out += std::string(size_t(fill), ' ');
      column += fill;
      continue;
    }
    out += encode(std::u32string_view(&c, 1));
    column = c == '\n' || c == '\r' ? 0 : column + 1;
  }
  return like(in, self, out.take());
}

template <bool prefix> Value withoutEdge(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind(prefix ? "removeprefix" : "removesuffix", {"/text"}, 1);
  const std::string &text = self.text(), &edge = toText(*bound[0], "what is removed");
  if (prefix ? !text.starts_with(edge) : !text.ends_with(edge))
    return self;
  return like(in, self, prefix ? text.substr(edge.size()) : text.substr(0, text.size() - edge.size()));
}

/// Whether there are characters, and all are so.
template <bool (*is)(char32_t)> Value all(Interpreter &in, const Value &self, const Arguments &arguments) {
  arguments.bind("the method", {});
  in.heap.want(self.text().size() * 4);
  std::u32string characters = decode(self.text());
  return Value::boolean(!characters.empty() && std::all_of(characters.begin(), characters.end(), is));
}

bool isAlphanumeric(char32_t c) { return isAlpha(c) || isNumeric(c); }

/// islower and isupper: letters of that case, none of the other.
template <bool upperCase> Value isCase(Interpreter &in, const Value &self, const Arguments &arguments) {
  arguments.bind("the method", {});
  in.heap.want(self.text().size() * 4);
  bool some = false;
  for (char32_t c : decode(self.text())) {
    if (isTitle(c) || (upperCase ? isLower(c) : isUpper(c)))
      return Value::boolean(false);
    some = some || (upperCase ? isUpper(c) : isLower(c));
  }
  return Value::boolean(some);
}

Value isTitleCase(Interpreter &in, const Value &self, const Arguments &arguments) {
  arguments.bind("istitle", {});
  in.heap.want(self.text().size() * 4);
  bool inside = false, some = false;
  for (char32_t c : decode(self.text())) {
    bool starts = isUpper(c) || isTitle(c), follows = isLower(c);
    if ((starts && inside) || (follows && !inside))
      return Value::boolean(false);
    inside = starts || follows;
    some = some || inside;
  }
  return Value::boolean(some);
}

Value isIdentifier(Interpreter &, const Value &self, const Arguments &arguments) {
  arguments.bind("isidentifier", {});
  std::u32string characters = decode(self.text());
  return Value::boolean(!characters.empty() && startsName(characters[0]) &&
                        std::all_of(characters.begin(), characters.end(), continuesName));
}

Value formatMap(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("format_map", {"/mapping"}, 1);
  if (!bound[0]->is(Type::Dict))
    fail("format_map takes ", bound[0]->kindName(), ", expected a dictionary");
  return formatBraces(in, self, {}, &bound[0]->as<Dict>().members);
}

bool isAscii(char32_t c) { return c < 0x80; }

} // namespace

const BuiltinTable &textMethods() {
  static const BuiltinTable table = {
      {"capitalize", changed<capitalize>},
      {"casefold", changed<casefold>},
      {"center", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return padded(in, self, arguments, "center", 0);
       }},
      {"count", count},
      {"endswith", hasEdge<false>},
      {"expandtabs", expandTabs},
      {"find", found<false, false>},
      {"format", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return formatBraces(in, self, arguments, nullptr);
       }},
      {"format_map", formatMap},
      {"index", found<false, true>},
      {"isalnum", all<isAlphanumeric>},
      {"isalpha", all<isAlpha>},
      {"isascii", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return self.text().empty() ? Value::boolean(true) : all<isAscii>(in, self, arguments);
       }},
      {"isdecimal", all<isDecimal>},
      {"isdigit", all<isDigit>},
      {"isidentifier", isIdentifier},
      {"islower", isCase<false>},
      {"isnumeric", all<isNumeric>},
      {"isprintable", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return self.text().empty() ? Value::boolean(true) : all<isPrintable>(in, self, arguments);
       }},
      {"isspace", all<isSpace>},
      {"istitle", isTitleCase},
      {"isupper", isCase<true>},
      {"join", join},
      {"ljust", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return padded(in, self, arguments, "ljust", -1);
       }},
      {"lower", changed<lower>},
      {"lstrip", stripped<true, false>},
      {"partition", partition<false>},
      {"removeprefix", withoutEdge<true>},
      {"removesuffix", withoutEdge<false>},
      {"replace", replace},
      {"rfind", found<true, false>},
      {"rindex", found<true, true>},
      {"rjust", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         return padded(in, self, arguments, "rjust", 1);
       }},
      {"rpartition", partition<true>},
      {"rsplit", split<true>},
      {"rstrip", stripped<false, true>},
      {"split", split<false>},
      {"splitlines", splitLines},
      {"startswith", hasEdge<true>},
      {"strip", stripped<true, true>},
      {"swapcase", changed<swapcase>},
      {"title", changed<title>},
      {"upper", changed<upper>},
      {"zfill", zeroFilled}};
  return table;
}

} // namespace tenon::jinja
