//===- TextFilters.cpp - Jinja's filters of texts -------------------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>

namespace tenon::jinja {
namespace {

/// A filter that is a method of strings, of anything as text.
Value callMethod(Interpreter &in, const char *method, const Value &value, const Arguments &arguments) {
  return textMethods().at(method)(in, soft(in.heap, value), arguments);
}

Value trim(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("trim", {"chars"});
  return callMethod(in, "strip", value, {bound[0] ? std::vector<Value>{*bound[0]} : std::vector<Value>{}, {}});
}

Value center(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("center", {"width"});
  return callMethod(in, "center", value, {{bound[0] ? *bound[0] : Value::integer(int64_t(80))}, {}});
}

Value replace(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("replace", {"old", "new", "count"}, 2);
  auto plain = [&](const Value &part) { return in.heap.text(str(in.heap, part)); };
  bool counted = bound[2] && !bound[2]->is(Kind::None);
  return callMethod(in, "replace", plain(value),
                    {{plain(*bound[0]), plain(*bound[1]), counted ? *bound[2] : Value::integer(int64_t(-1))}, {}});
}

/// Jinja's own: words begin behind space, dashes and brackets.
Value titled(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("title", {});
  Value text = soft(in.heap, value);
  in.heap.want(text.text().size() * 4);
  std::u32string characters = decode(text.text());
  auto separates = [](char32_t c) { return isSpace(c) || std::u32string_view(U"-({[<").find(c) != std::u32string::npos; };
  TextBuilder out(in.heap);
  for (size_t at = 0; at < characters.size();) {
    size_t end = at + 1;
    if (separates(characters[at])) {
      out += encode(std::u32string_view(&characters[at], 1));
    } else {
      end = size_t(std::find_if(characters.begin() + ptrdiff_t(at), characters.end(), separates) - characters.begin());
      out += upper(encode(std::u32string_view(&characters[at], 1)));
      out += lower(encode(std::u32string_view(characters).substr(at + 1, end - at - 1)));
    }
    at = end;
  }
  return out.value(text.isMarkup());
}

Value indent(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("indent", {"width", "first", "blank"});
  std::string margin(4, ' ');
  if (bound[0]) {
    int64_t width = bound[0]->isText() ? 0 : toInteger(*bound[0], "the width of indent");
    in.heap.want(size_t(std::max<int64_t>(width, 0)));
    margin = bound[0]->isText() ? bound[0]->text() : std::string(size_t(std::max<int64_t>(width, 0)), ' ');
  }
  bool first = bound[1] && truth(*bound[1]), blank = bound[2] && truth(*bound[2]);
  in.heap.want(toText(value, "what is indented").size() * 4);
  std::vector<std::string> all = lines(value.text() + "\n", false);
  TextBuilder out(in.heap);
  for (size_t index = 0; index < all.size(); ++index) {
    if (index)
      out += '\n';
    if (index ? blank || !all[index].empty() : first)
      out += margin;
    out += all[index];
  }
  return out.value(value.isMarkup());
}

Value truncate(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("truncate", {"length", "killwords", "end", "leeway"});
  int64_t length = bound[0] ? toInteger(*bound[0], "the length of truncate") : 255;
  int64_t leeway = bound[3] && !bound[3]->is(Kind::None) ? toInteger(*bound[3], "the leeway of truncate") : 5;
  Value end = bound[2] ? *bound[2] : Value::constant("...");
  auto endSize = int64_t(characterCount(toText(end, "the end of truncate")));
  if (length < endSize || leeway < 0)
    fail("truncate to ", length, " with an end of ", endSize, " and a leeway of ", leeway);
  if (std::optional<size_t> size = lengthOf(value); size && int64_t(*size) <= length + leeway)
    return value;
  toText(value, "what is truncated");
  std::string kept = encode(std::u32string_view(decode(value.text())).substr(0, size_t(length - endSize)));
  if (!bound[1] || !truth(*bound[1]))
    kept = kept.substr(0, kept.rfind(' '));
  return binary(in, in.heap.text(kept, value.isMarkup()), "+", end);
}

Value wordCount(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("wordcount", {});
  int64_t count = 0;
  bool inside = false;
  for (char32_t c : decode(soft(in.heap, value).text())) {
    count += isWord(c) && !inside;
    inside = isWord(c);
  }
  return Value::integer(count);
}

void quoteUrl(TextBuilder &out, const std::string &text, bool query) {
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("_.-~").find(c) != std::string_view::npos || (c == '/' && !query);
    if (plain) {
      out += c;
    } else if (c == ' ' && query) {
      out += '+';
    } else {
      static constexpr char digits[] = "0123456789ABCDEF";
      auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

Value urlEncode(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("urlencode", {});
  TextBuilder out(in.heap);
  if (value.isText() || !isIterable(value)) {
    quoteUrl(out, str(in.heap, value), false);
    return out.value();
  }
  std::vector<Value> pairs;
  if (value.is(Type::Dict))
    for (const auto &[key, member] : value.as<Dict>().members)
      pairs.push_back(in.heap.tuple({key, member}));
  else
    pairs = elements(in.heap, value);
  for (const Value &pair : pairs) {
    std::vector<Value> parts = elements(in.heap, pair);
    if (parts.size() != 2)
      fail("urlencode takes pairs, found ", parts.size(), " parts");
    if (out.size())
      out += '&';
    quoteUrl(out, str(in.heap, parts[0]), true);
    out += '=';
    quoteUrl(out, str(in.heap, parts[1]), true);
  }
  return out.value();
}

Value xmlAttributes(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("xmlattr", {"autospace"});
  if (!value.is(Type::Dict))
    fail("xmlattr takes a dictionary, found ", value.kindName());
  TextBuilder out(in.heap);
  bool space = !bound[0] || truth(*bound[0]), first = true;
  for (const auto &[key, member] : value.as<Dict>().members) {
    if (member.is(Kind::None) || member.is(Kind::Undefined))
      continue;
    if (toText(key, "the name of an attribute").find_first_of(" \t\n\r\f\v/>=") != std::string::npos)
      fail("the name of an attribute has a character that it cannot have");
    if (!std::exchange(first, false) || space)
      out += ' ';
    out += escapeMarkup(in.heap, key) + "=\"" + escapeMarkup(in.heap, member) + "\"";
  }
  return out.value();
}

Value format(Interpreter &in, const Value &value, const Arguments &arguments) {
  if (!arguments.named.empty() && !arguments.positional.empty())
    fail("format takes arguments by place or by name, not both");
  Members named;
  for (const auto &[name, member] : arguments.named)
    named.emplace_back(in.heap.text(name), member);
  return formatPercent(in, soft(in.heap, value),
                       named.empty() ? in.heap.tuple(arguments.positional) : in.heap.dict(std::move(named)));
}

Value escaped(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("escape", {});
  return in.heap.text(escapeMarkup(in.heap, value), true);
}

} // namespace

const BuiltinTable &textFilters() {
  static const BuiltinTable table = {
      {"capitalize", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         return callMethod(in, "capitalize", value, arguments);
       }},
      {"center", center},
      {"e", escaped},
      {"escape", escaped},
      {"forceescape", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         return escaped(in, in.heap.text(str(in.heap, value)), arguments);
       }},
      {"format", format},
      {"indent", indent},
      {"lower", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         return callMethod(in, "lower", value, arguments);
       }},
      {"replace", replace},
      {"safe", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         arguments.bind("safe", {});
         return in.heap.text(str(in.heap, value), true);
       }},
      {"string", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         arguments.bind("string", {});
         return soft(in.heap, value);
       }},
      {"title", titled},
      {"trim", trim},
      {"truncate", truncate},
      {"upper", [](Interpreter &in, const Value &value, const Arguments &arguments) {
         return callMethod(in, "upper", value, arguments);
       }},
      {"urlencode", urlEncode},
      {"wordcount", wordCount},
      {"xmlattr", xmlAttributes}};
  return table;
}

} // namespace tenon::jinja
