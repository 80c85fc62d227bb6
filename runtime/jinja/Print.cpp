//===- Print.cpp - Values as Python and JSON write them -------------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tenon::jinja {
namespace {

void appendHex(TextBuilder &out, std::string_view prefix, uint32_t value, int digits) {
  out += prefix;
  while (digits-- > 0)
    out += "0123456789abcdef"[value >> (4 * digits) & 15];
}

void writeQuoted(TextBuilder &out, const std::string &text) {
  char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (char32_t c : decode(text)) {
    static constexpr std::u32string_view escaped = U"\n\t\r\\";
    if (size_t known = escaped.find(c); known != escaped.npos) {
      out += '\\';
      out += "ntr\\"[known];
    } else if (c == char32_t(quote)) {
      out += '\\';
      out += quote;
    } else if (isPrintable(c)) {
      out += encode(std::u32string_view(&c, 1));
    } else {
      appendHex(out, c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U", c, c < 0x100 ? 2 : c < 0x10000 ? 4 : 8);
    }
  }
  out += quote;
}

void writeRepr(Heap &heap, TextBuilder &out, const Value &value);

void writeItems(Heap &heap, TextBuilder &out, std::string_view open, const std::vector<Value> &items,
                std::string_view close) {
  out += open;
  for (size_t index = 0; index < items.size(); ++index) {
    if (index)
      out += ", ";
    writeRepr(heap, out, items[index]);
  }
  out += close;
}

void writeMembers(Heap &heap, TextBuilder &out, const Members &members) {
  out += '{';
  for (size_t index = 0; index < members.size(); ++index) {
    if (index)
      out += ", ";
    writeRepr(heap, out, members[index].first);
    out += ": ";
    writeRepr(heap, out, members[index].second);
  }
  out += '}';
}

void writeObject(Heap &heap, TextBuilder &out, const Value &value) {
  switch (value.object()->type) {
  case Type::List:
    return writeItems(heap, out, "[", value.as<Sequence>().items, "]");
  case Type::Tuple:
    return writeItems(heap, out, "(", value.as<Sequence>().items,
                      value.as<Sequence>().items.size() == 1 ? ",)" : ")");
  case Type::Keys:
    return writeItems(heap, out, "dict_keys([", value.as<Sequence>().items, "])");
  case Type::Values:
    return writeItems(heap, out, "dict_values([", value.as<Sequence>().items, "])");
  case Type::Items:
    return writeItems(heap, out, "dict_items([", value.as<Sequence>().items, "])");
  case Type::Dict:
    return writeMembers(heap, out, value.as<Dict>().members);
  case Type::Namespace:
    out += "<Namespace ";
    writeMembers(heap, out, value.as<Dict>().members);
    out += '>';
    return;
  case Type::Range: {
    const auto &range = value.as<Range>();
    out += concat("range(", range.first, ", ", range.end);
    out += range.step == 1 ? ")" : concat(", ", range.step, ")");
    return;
  }
  case Type::Loop:
    out += concat("<LoopContext ", value.as<Loop>().index0 + 1, "/", value.as<Loop>().count(heap), ">");
    return;
  default: // Python writes where in memory they are
    fail(value.kindName(), " has no text");
  }
}

void writeRepr(Heap &heap, TextBuilder &out, const Value &value) {
  Heap::Level level(heap);
  heap.spend(1);
  switch (value.kind()) {
  case Kind::Undefined:
    out += "Undefined";
    break;
  case Kind::None:
    out += "None";
    break;
  case Kind::Boolean:
    out += value.boolean() ? "True" : "False";
    break;
  case Kind::Integer:
    out += std::to_string(value.integer());
    break;
  case Kind::Real:
    out += realText(value.real());
    break;
  case Kind::Text:
    if (value.isMarkup())
      out += "Markup(";
    writeQuoted(out, value.text());
    if (value.isMarkup())
      out += ')';
    break;
  case Kind::Object:
    writeObject(heap, out, value);
    break;
  }
}

/// json.dumps with its options.
class JsonWriter {
public:
  JsonWriter(Heap &heap, const std::vector<const Value *> &options) : heap(heap), out(heap) {
    ascii = options[0] && truth(*options[0]);
    if (const Value *given = options[1]; given && !given->is(Kind::None)) {
      indented = true;
      indent = given->isText() ? given->text() : std::string(width(*given), ' ');
      itemSeparator = ",";
    }
    if (const Value *given = options[2]; given && !given->is(Kind::None)) {
      std::vector<Value> both = elements(heap, *given);
      if (both.size() != 2)
        fail("the separators of tojson are ", both.size(), ", expected 2");
      itemSeparator = toText(both[0], "a separator of tojson");
      keySeparator = toText(both[1], "a separator of tojson");
    }
    sorted = options[3] && truth(*options[3]);
  }

  Value write(const Value &value) {
    writeValue(value);
    return out.value();
  }

private:
  static size_t width(const Value &indent) {
    int64_t given = toInteger(indent, "the indent of tojson");
    if (given > 1000)
      fail("the indent of tojson is ", given, ", the most is 1000");
    return size_t(std::max<int64_t>(given, 0));
  }

  void writeValue(const Value &value) {
    Heap::Level level(heap);
    heap.spend(1);
    switch (value.kind()) {
    case Kind::None:
      out += "null";
      break;
    case Kind::Boolean:
      out += value.boolean() ? "true" : "false";
      break;
    case Kind::Integer:
      out += std::to_string(value.integer());
      break;
    case Kind::Real:
      out += real(value.real());
      break;
    case Kind::Text:
      writeText(value.text());
      break;
    default:
      if (value.isSequence())
        return writeList(value.as<Sequence>().items);
      if (value.is(Type::Dict))
        return writeDict(value.as<Dict>().members);
      fail(value.kindName(), " is not JSON");
    }
  }

  static std::string real(double value) {
    return std::isnan(value) ? "NaN" : std::isinf(value) ? (value < 0 ? "-Infinity" : "Infinity") : realText(value);
  }

  void writeText(const std::string &text) {
    out += '"';
    for (char32_t c : decode(text)) {
      static constexpr std::u32string_view escaped = U"\n\t\r\b\f\"\\";
      if (size_t known = escaped.find(c); known != escaped.npos) {
        out += '\\';
        out += "ntrbf\"\\"[known];
      } else if (c < 0x20 || (ascii && c > 0x7E && c < 0x10000)) {
        appendHex(out, "\\u", c, 4);
      } else if (ascii && c >= 0x10000) {
        appendHex(out, "\\u", 0xD800 + ((c - 0x10000) >> 10), 4);
        appendHex(out, "\\u", 0xDC00 + ((c - 0x10000) & 0x3FF), 4);
      } else {
        out += encode(std::u32string_view(&c, 1));
      }
    }
    out += '"';
  }

  void newLine() {
    if (!indented)
      return;
    out += '\n';
    for (size_t done = 0; done < depth; ++done)
      out += indent;
  }

  template <typename Items, typename Write> void writeAll(char open, const Items &items, char close, Write write) {
    out += open;
    ++depth;
    bool first = true;
    for (const auto &one : items) {
      if (!first)
        out += itemSeparator;
      first = false;
      newLine();
      write(one);
    }
    --depth;
    if (!first)
      newLine();
    out += close;
  }

  void writeList(const std::vector<Value> &items) {
    writeAll('[', items, ']', [&](const Value &item) { writeValue(item); });
  }

  void writeDict(const Members &members) {
    Members ordered;
    if (sorted)
      for (size_t place : orderOf(members.size(), [&](size_t left, size_t right) {
             return compare(heap, members[left].first, members[right].first, "<") < 0;
           }))
        ordered.push_back(members[place]);
    writeAll('{', sorted ? ordered : members, '}', [&](const auto &member) {
      writeKey(member.first);
      out += keySeparator;
      writeValue(member.second);
    });
  }

  void writeKey(const Value &key) {
    if (key.isText())
      return writeText(key.text());
    if (!key.isNumber() && !key.is(Kind::None))
      fail(key.kindName(), " is no key of JSON");
    out += '"';
    writeValue(key);
    out += '"';
  }

  Heap &heap;
  TextBuilder out;
  bool ascii = false, indented = false, sorted = false;
  std::string indent, itemSeparator = ", ", keySeparator = ": ";
  size_t depth = 0;
};

} // namespace

/// As Python's repr: the fewest digits, without an exponent from 1e-4 up to 1e16.
std::string realText(double value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char buffer[64];
  std::string_view text(buffer,
                        size_t(std::to_chars(buffer, buffer + 64, value, std::chars_format::scientific).ptr - buffer));
  size_t mark = text.find('e');
  int exponent = std::stoi(std::string(text.substr(mark + 1)));
  if (exponent < -4 || exponent >= 16)
    return std::string(text);
  char plain[400];
  std::string digits(plain, std::to_chars(plain, plain + 400, value, std::chars_format::fixed).ptr);
  return digits.find('.') == digits.npos ? digits + ".0" : digits;
}

std::string str(Heap &heap, const Value &value) {
  if (value.isText())
    return value.text();
  return value.is(Kind::Undefined) ? "" : repr(heap, value);
}

std::string repr(Heap &heap, const Value &value) {
  TextBuilder out(heap);
  writeRepr(heap, out, value);
  return out.take();
}

Value soft(Heap &heap, const Value &value) { return value.isText() ? value : heap.text(str(heap, value)); }

std::string escapeMarkup(Heap &heap, const Value &value) {
  if (value.isMarkup())
    return value.text();
  TextBuilder out(heap);
  for (char c : str(heap, value)) {
    static constexpr std::string_view special = "&<>\"'";
    static constexpr std::string_view names[] = {"&amp;", "&lt;", "&gt;", "&#34;", "&#39;"};
    size_t known = special.find(c);
    if (known == special.npos)
      out += c;
    else
      out += names[known];
  }
  return out.take();
}

Value toJson(Interpreter &in, const Value &value, const Arguments &arguments) {
  return JsonWriter(in.heap, arguments.bind("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}))
      .write(value);
}

} // namespace tenon::jinja
