//===- Format.cpp - Python's two ways to format ---------------------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tenon::jinja {
namespace {

/// What stands behind the colon of {:...}, or between % and its letter.
struct Layout {
  std::string fill = " ";
  char align = 0; ///< < > ^ =, 0 for the usual
  char sign = '-';
  bool alternate = false, zero = false;
  char grouping = 0;
  int64_t width = 0, precision = -1;
  char kind = 0;
};

constexpr int64_t widest = 100'000; ///< of a field

/// A number of a format; 0 where there is none.
int64_t takeCount(std::string_view text, size_t &at) {
  int64_t count = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    if ((count = count * 10 + (text[at] - '0')) > widest)
      fail("a format has more than ", widest, " places");
  return count;
}

Layout readLayout(std::string_view text) {
  Layout layout;
  static constexpr std::string_view aligns = "<>^=";
  size_t at = 0, first = text.empty() ? 0 : characterBytes(text[0]);
  if (first && first < text.size() && aligns.find(text[first]) != aligns.npos) {
    layout.fill = text.substr(0, first);
    layout.align = text[first];
    at = first + 1;
  } else if (!text.empty() && aligns.find(text[0]) != aligns.npos) {
    layout.align = text[at++];
  }
  auto accept = [&](std::string_view any) { return at < text.size() && any.find(text[at]) != any.npos; };
  if (accept("+- "))
    layout.sign = text[at++];
  layout.alternate = accept("#") && ++at;
  if (accept("0")) {
    ++at;
    if (!layout.align) {
      layout.fill = "0";
      layout.zero = true;
    }
  }
  layout.width = takeCount(text, at);
  if (accept(",_"))
    layout.grouping = text[at++];
  if (accept(".")) {
    ++at;
    if (!accept("0123456789"))
      fail("a format lacks its precision");
    layout.precision = takeCount(text, at);
  }
  if (at < text.size())
    layout.kind = text[at++];
  if (at != text.size())
    fail("the format '", text, "' is not known");
  return layout;
}

std::string printed(const char *format, int precision, double value) {
  char small[512];
  int size = std::snprintf(small, sizeof small, format, precision, value);
  if (size < int(sizeof small))
    return small;
  std::string large(size_t(size) + 1, 0);
  std::snprintf(large.data(), large.size(), format, precision, value);
  large.pop_back();
  return large;
}

std::string digitsOf(uint64_t value, unsigned base, bool upperCase) {
  std::string text;
  do
    text += (upperCase ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
  while (value /= base);
  std::reverse(text.begin(), text.end());
  return text;
}

/// Separators between groups of digits before the point.
std::string grouped(const std::string &number, char separator, size_t size) {
  size_t end = std::min(number.find_first_not_of("0123456789abcdefABCDEF"), number.size());
  if (size == 3)
    end = std::min(number.find_first_not_of("0123456789"), number.size());
  std::string out = number.substr(end);
  for (size_t done = 0; done < end; ++done) {
    if (done && done % size == 0)
      out.insert(out.begin(), separator);
    out.insert(out.begin(), number[end - 1 - done]);
  }
  return out;
}

/// A number, its sign apart, in the field.
std::string numberInField(Heap &heap, const Layout &layout, bool negative, std::string digits,
                          std::string_view prefix = {}, size_t group = 3) {
  if (layout.grouping)
    digits = grouped(digits, layout.grouping, group);
  std::string lead = (negative ? "-" : layout.sign == '-' ? "" : std::string(1, layout.sign)) + std::string(prefix);
  char align = layout.align ? layout.align : layout.zero ? '=' : '>';
  int64_t missing = layout.width - int64_t(lead.size() + digits.size());
  if (missing <= 0)
    return lead + digits;
  if (layout.grouping && layout.zero)
    fail("zeros before grouped digits are not supported");
  heap.want(size_t(missing) * layout.fill.size());
  auto fill = [&](int64_t count) {
    std::string text;
    for (; count > 0; --count)
      text += layout.fill;
    return text;
  };
  if (align == '=')
    return lead + fill(missing) + digits;
  int64_t left = align == '<' ? 0 : align == '>' ? missing : missing / 2;
  return fill(left) + lead + digits + fill(missing - left);
}

std::string textInField(Heap &heap, const Layout &layout, std::string text) {
  if (layout.precision >= 0)
    text = encode(std::u32string_view(decode(text)).substr(0, size_t(layout.precision)));
  int64_t missing = layout.width - int64_t(characterCount(text));
  if (missing <= 0)
    return text;
  heap.want(size_t(missing) * layout.fill.size());
  int64_t left = layout.align == '>' ? missing : layout.align == '^' ? missing / 2 : 0;
  TextBuilder out(heap);
  for (int64_t done = 0; done < left; ++done)
    out += layout.fill;
  out += text;
  for (int64_t done = left; done < missing; ++done)
    out += layout.fill;
  return out.take();
}

std::string realDigits(double value, const Layout &layout) {
  double size = std::abs(value);
  if (std::isnan(value) || std::isinf(value)) {
    std::string name = std::isnan(value) ? "nan" : "inf";
    return layout.kind == 'F' || layout.kind == 'E' || layout.kind == 'G' ? upper(name) : name;
  }
  int precision = int(layout.precision < 0 ? 6 : layout.precision);
  switch (layout.kind) {
  case 'f':
  case 'F':
    return printed(layout.alternate ? "%#.*f" : "%.*f", precision, size);
  case 'e':
    return printed(layout.alternate ? "%#.*e" : "%.*e", precision, size);
  case 'E':
    return printed(layout.alternate ? "%#.*E" : "%.*E", precision, size);
  case 'g':
    return printed(layout.alternate ? "%#.*g" : "%.*g", precision, size);
  case 'G':
    return printed(layout.alternate ? "%#.*G" : "%.*G", precision, size);
  case '%':
    return printed("%.*f", precision, size * 100) + "%";
  default:
    break;
  }
  return realText(size);
}

std::string formatReal(Heap &heap, double value, const Layout &layout) {
  if (layout.kind && std::string_view("eEfFgG%").find(layout.kind) == std::string_view::npos)
    fail("the format '", layout.kind, "' is not one of a float");
  if (!layout.kind && layout.precision >= 0 && !std::isnan(value) && !std::isinf(value))
    fail("a float in a format with a precision and no letter is not supported; with f, e or g it is");
  return numberInField(heap, layout, std::signbit(value) && !std::isnan(value), realDigits(value, layout));
}

std::string formatInteger(Heap &heap, int64_t value, const Layout &layout) {
  if (std::string_view("eEfFgG%").find(layout.kind) != std::string_view::npos && layout.kind)
    return formatReal(heap, double(value), layout);
  if (layout.precision >= 0)
    fail("an integer has no precision in a format");
  bool negative = value < 0;
  uint64_t size = negative ? -uint64_t(value) : uint64_t(value);
  switch (layout.kind) {
  case 0:
  case 'd':
    return numberInField(heap, layout, negative, digitsOf(size, 10, false));
  case 'x':
    return numberInField(heap, layout, negative, digitsOf(size, 16, false), layout.alternate ? "0x" : "", 4);
  case 'X':
    return numberInField(heap, layout, negative, digitsOf(size, 16, true), layout.alternate ? "0X" : "", 4);
  case 'o':
    return numberInField(heap, layout, negative, digitsOf(size, 8, false), layout.alternate ? "0o" : "", 4);
  case 'b':
    return numberInField(heap, layout, negative, digitsOf(size, 2, false), layout.alternate ? "0b" : "", 4);
  case 'c':
    if (negative || size > 0x10FFFF || (size >= 0xD800 && size < 0xE000))
      fail(value, " is no character");
    return textInField(heap, layout, encode(std::u32string(1, char32_t(size))));
  default:
    fail("the format '", layout.kind, "' is not one of an integer");
  }
}

/// format(value, layout)
std::string formatted(Heap &heap, const Value &value, std::string_view spec) {
  if (spec.empty())
    return str(heap, value);
  Layout layout = readLayout(spec);
  if (value.isText()) {
    if ((layout.kind && layout.kind != 's') || layout.align == '=' || layout.sign != '-' || layout.grouping ||
        layout.alternate)
      fail("the format '", spec, "' is not one of a string");
    return textInField(heap, layout, value.text());
  }
  if (value.is(Kind::Real))
    return formatReal(heap, value.real(), layout);
  if (value.isInteger())
    return formatInteger(heap, value.integer(), layout);
  fail(value.kindName(), " takes no format");
}

/// str.format.
class BraceFormatter {
public:
  BraceFormatter(Interpreter &in, const Value &format, const Arguments &arguments, const Members *map)
      : in(in), markup(format.isMarkup()), arguments(arguments), map(map) {}

  std::string run(std::string_view text, int depth = 2) {
    if (depth < 0)
      fail("fields of a format stand in each other too deep");
    TextBuilder out(in.heap);
    for (size_t at = 0; at < text.size();) {
      char c = text[at++];
      bool doubled = at < text.size() && text[at] == c;
      if (c != '{' && c != '}') {
        out += c;
      } else if (doubled) {
        out += c;
        ++at;
      } else if (c == '}') {
        fail("a single '}' in a format");
      } else {
        size_t end = fieldEnd(text, at);
        out += field(text.substr(at, end - at), depth);
        at = end + 1;
      }
    }
    return out.take();
  }

private:
  static size_t fieldEnd(std::string_view text, size_t at) {
    for (size_t nested = 1; at < text.size(); ++at) {
      if (text[at] == '[') { // braces of an index do not count
        at = std::min(text.find(']', at), text.size() - 1);
        continue;
      }
      nested += text[at] == '{';
      nested -= text[at] == '}';
      if (nested == 0)
        return at;
    }
    fail("expected '}' before the end of a format");
  }

  std::string field(std::string_view text, int depth) {
    size_t nameEnd = 0;
    while (nameEnd < text.size() && text[nameEnd] != ':' && text[nameEnd] != '!')
      nameEnd = text[nameEnd] == '[' ? std::min(text.find(']', nameEnd), text.size() - 1) + 1 : nameEnd + 1;
    Value value = resolve(text.substr(0, nameEnd));
    text.remove_prefix(nameEnd);
    if (text.starts_with('!')) {
      char conversion = text.size() > 1 ? text[1] : 0;
      if (conversion != 'r' && conversion != 's')
        fail("a format's conversion is not supported; supported are !r and !s");
      value = in.heap.text(conversion == 'r' ? repr(in.heap, value) : str(in.heap, value));
      text.remove_prefix(2);
      if (!text.empty() && text[0] != ':')
        fail("expected ':' behind a format's conversion");
    }
    std::string spec = text.empty() ? "" : run(text.substr(1), depth - 1);
    if (!markup)
      return formatted(in.heap, value, spec);
    if (value.isMarkup() && spec.empty())
      return value.text();
    return escapeMarkup(in.heap, in.heap.text(formatted(in.heap, value, spec)));
  }

  static bool isNumber(std::string_view name) {
    return !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos;
  }

  Value named(std::string_view name) {
    if (map) {
      if (const Value *found = find(in.heap, *map, name))
        return *found;
    } else {
      for (const auto &[known, value] : arguments.named)
        if (known == name)
          return value;
    }
    fail("the format's field '", name, "' is not given");
  }

  Value placed(size_t place) {
    if (place >= arguments.positional.size())
      fail("the format's field ", place, " is not given");
    return arguments.positional[place];
  }

  /// The argument that a field begins with; Python's Formatter looks at the whole field for how it is numbered.
  Value argument(std::string_view first, std::string_view field) {
    if (field.empty() ? counted == Counted::Given : isNumber(field) && counted == Counted::Automatic)
      fail("a format numbers some fields and not others");
    if (field.empty() || isNumber(field))
      counted = field.empty() ? Counted::Automatic : Counted::Given;
    if (field.empty())
      return placed(next++);
    return isNumber(first) ? placed(size_t(std::stoul(std::string(first)))) : named(first);
  }

  Value resolve(std::string_view name) {
    size_t end = std::min(name.find_first_of(".["), name.size());
    Value value = argument(name.substr(0, end), name);
    for (name.remove_prefix(end); !name.empty();) {
      bool index = name[0] == '[';
      size_t stop = index ? name.find(']') : std::min(name.find_first_of(".[", 1), name.size());
      if (stop == name.npos || stop == 1)
        fail("a format's field has an empty or unclosed part");
      std::string part(name.substr(1, stop - 1));
      value = !index           ? attribute(in.heap, value, part)
              : isNumber(part) ? item(in.heap, value, Value::integer(int64_t(std::stoll(part))))
                               : item(in.heap, value, in.heap.text(part));
      name.remove_prefix(stop + index);
    }
    return value;
  }

  Interpreter &in;
  const bool markup;
  const Arguments &arguments;
  const Members *map;
  size_t next = 0;
  enum class Counted { Not, Automatic, Given } counted = Counted::Not;
};

/// The old way: % and a letter.
class PercentFormatter {
public:
  PercentFormatter(Interpreter &in, const Value &format, const Value &given)
      : in(in), text(format.text()), markup(format.isMarkup()), given(given) {
    if (given.is(Type::Tuple))
      values = given.as<Sequence>().items;
    else
      values = {given};
  }

  Value run() {
    TextBuilder out(in.heap);
    while (at < text.size()) {
      size_t next = std::min(text.find('%', at), text.size());
      out += std::string_view(text).substr(at, next - at);
      at = next + 1;
      if (next < text.size())
        out += conversion();
    }
    bool container = given.is(Type::Dict) || given.is(Type::List) || given.is(Type::Range) || given.is(Kind::Undefined);
    if (taken < values.size() && !container)
      fail("not all arguments of a format are used");
    return out.value(markup);
  }

private:
  const Value &take() {
    if (taken == values.size())
      fail("a format has more fields than arguments");
    return values[taken++];
  }

  int64_t count() {
    if (at < text.size() && text[at] == '*') {
      ++at;
      int64_t given = toInteger(take(), "a width in a format");
      if (std::abs(given) > widest)
        fail("a format has more than ", widest, " places");
      return given;
    }
    return takeCount(text, at);
  }

  std::string conversion() {
    Value named;
    bool hasName = false;
    if (at < text.size() && text[at] == '(') {
      size_t end = text.find(')', at);
      if (end == text.npos || !given.is(Type::Dict))
        fail("a format with names takes a dictionary");
      const Value *found = find(in.heap, given.as<Dict>().members, text.substr(at + 1, end - at - 1));
      if (!found)
        fail("the format's field '", text.substr(at + 1, end - at - 1), "' is not given");
      named = *found;
      hasName = true;
      at = end + 1;
    }
    Layout layout;
    for (; at < text.size() && std::string_view("-+ #0").find(text[at]) != std::string_view::npos; ++at) {
      if (text[at] == '-')
        layout.align = '<';
      else if (text[at] == '#')
        layout.alternate = true;
      else if (text[at] == '0')
        layout.zero = true;
      else if (layout.sign != '+')
        layout.sign = text[at];
    }
    layout.width = count();
    if (layout.width < 0) {
      layout.align = '<';
      layout.width = -layout.width;
    }
    if (at < text.size() && text[at] == '.') {
      ++at;
      layout.precision = std::max<int64_t>(count(), 0);
    }
    if (at == text.size())
      fail("a format ends behind its %");
    layout.kind = text[at++];
    if (layout.kind == '%')
      return "%";
    return field(hasName ? named : take(), layout);
  }

  std::string field(const Value &value, Layout layout) {
    char kind = layout.kind;
    if (kind == 's' || kind == 'r') {
      std::string shown = kind == 'r' ? repr(in.heap, value) : str(in.heap, value);
      if (markup)
        shown = kind == 's' ? escapeMarkup(in.heap, value) : escapeMarkup(in.heap, in.heap.text(shown));
      layout.align = layout.align ? layout.align : '>';
      return textInField(in.heap, layout, std::move(shown));
    }
    if (layout.zero && !layout.align)
      layout.fill = "0";
    else
      layout.zero = false;
    if (kind == 'c' && value.isText() && characterCount(value.text()) == 1) {
      layout.align = layout.align ? layout.align : '>';
      return textInField(in.heap, layout, value.text());
    }
    if (!value.isNumber())
      fail("the format %", kind, " takes a number, found ", value.kindName());
    if (std::string_view("eEfFgG").find(kind) != std::string_view::npos)
      return formatReal(in.heap, value.real(), layout);
    if (std::string_view("diuxXoc").find(kind) == std::string_view::npos)
      fail("the format %", kind, " is not supported");
    bool decimal = kind == 'd' || kind == 'i' || kind == 'u';
    if (value.is(Kind::Real) && (!decimal || !(std::abs(value.real()) < 9e18)))
      fail("the format %", kind, " takes an integer, found ", value.kindName());
    int64_t number = value.is(Kind::Real) ? int64_t(value.real()) : value.integer();
    layout.kind = decimal ? 'd' : kind;
    if (layout.precision >= 0) { // the least number of digits
      bool negative = number < 0;
      std::string digits = digitsOf(negative ? -uint64_t(number) : uint64_t(number),
                                    decimal ? 10 : kind == 'o' ? 8 : 16, kind == 'X');
      if (int64_t(digits.size()) < layout.precision)
        digits.insert(0, size_t(layout.precision) - digits.size(), '0');
      return numberInField(in.heap, layout, negative, digits);
    }
    return formatInteger(in.heap, number, layout);
  }

  Interpreter &in;
  const std::string &text;
  const bool markup;
  const Value &given;
  std::vector<Value> values;
  size_t at = 0, taken = 0;
};

} // namespace

Value formatPercent(Interpreter &in, const Value &format, const Value &arguments) {
  return PercentFormatter(in, format, arguments).run();
}

Value formatBraces(Interpreter &in, const Value &format, const Arguments &arguments, const Members *map) {
  return in.heap.text(BraceFormatter(in, format, arguments, map).run(format.text()), format.isMarkup());
}

} // namespace tenon::jinja
