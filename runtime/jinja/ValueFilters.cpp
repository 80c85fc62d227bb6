//===- ValueFilters.cpp - Jinja's filters of numbers and of anything ------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace tenon::jinja {
namespace {

/// The text without space around it and without underscores between digits, its sign apart; "" for none that Python
/// reads.
std::string numberText(std::string_view text, bool &negative) {
  text = strip(text, true, true);
  negative = text.starts_with('-');
  if (negative || text.starts_with('+'))
    text.remove_prefix(1);
  std::string digits;
  for (size_t at = 0; at < text.size(); ++at) {
    auto alphanumeric = [&](size_t place) {
      return place < text.size() && (std::isalnum(static_cast<unsigned char>(text[place])) != 0);
    };
    if (text[at] != '_')
      digits += text[at];
    else if (at == 0 || !alphanumeric(at - 1) || !alphanumeric(at + 1))
      return "";
  }
  return digits.starts_with('-') || digits.starts_with('+') ? "" : digits;
}

/// int(text, base); nullopt for a ValueError.
std::optional<int64_t> parseInteger(std::string_view text, int64_t base) {
  bool negative;
  std::string digits = numberText(text, negative);
  char prefix = digits.size() > 1 && digits[0] == '0' ? char(digits[1] | 0x20) : '\0';
  int64_t named = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
  if (named && (base == named || base == 0)) {
    digits.erase(0, 2);
    base = named;
  } else if (base == 0) {
    base = 10;
  }
  if (base < 2 || base > 36 || digits.empty())
    return std::nullopt;
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, int(base));
  if (end != digits.data() + digits.size())
    return std::nullopt;
  if (error != std::errc() || value > uint64_t(INT64_MAX))
    fail("the number ", text, " does not fit 64 bits");
  return negative ? -int64_t(value) : int64_t(value);
}

/// float(text); nullopt for a ValueError.
std::optional<double> parseReal(std::string_view text) {
  bool negative;
  std::string digits = lower(numberText(text, negative));
  double value = 0;
  if (digits == "inf" || digits == "infinity") {
    value = INFINITY;
  } else if (digits == "nan") {
    value = NAN;
  } else {
    if (digits.empty() || digits.find_first_not_of("0123456789.e+-") != digits.npos)
      return std::nullopt;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size())
      return std::nullopt;
    if (error == std::errc::result_out_of_range)
      value = digits.find("e-") == digits.npos ? INFINITY : 0;
  }
  return negative ? -value : value;
}

int64_t wholePart(double value) {
  if (!(std::abs(value) < 0x1p63))
    fail("a float of that size has no integer of 64 bits");
  return int64_t(value);
}

Value toInt(Interpreter &, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("int", {"default", "base"});
  if (value.is(Kind::Undefined))
    fail("int of something undefined");
  if (value.isInteger())
    return Value::integer(value.integer());
  if (value.is(Kind::Real) && !std::isnan(value.real()))
    return Value::integer(wholePart(value.real()));
  if (value.isText()) {
    if (auto integer = parseInteger(value.text(), bound[1] ? toInteger(*bound[1], "the base of int") : 10))
      return Value::integer(*integer);
    if (auto real = parseReal(value.text()); real && !std::isnan(*real) && !std::isinf(*real))
      return Value::integer(wholePart(*real));
  }
  return bound[0] ? *bound[0] : Value::integer(int64_t(0));
}

Value toFloat(Interpreter &, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("float", {"default"});
  if (value.is(Kind::Undefined))
    fail("float of something undefined");
  if (value.isNumber())
    return Value::real(value.real());
  if (auto real = value.isText() ? parseReal(value.text()) : std::nullopt)
    return Value::real(*real);
  return bound[0] ? *bound[0] : Value::real(0);
}

/// Python's round: to the nearest decimal of the exact value, of two the even one.
double roundedTo(double value, int precision) {
  char text[400];
  int size = std::snprintf(text, sizeof text, "%.*f", precision, value);
  if (size <= 0 || size >= int(sizeof text))
    return value;
  double result = value;
  std::from_chars(text, text + size, result);
  return result;
}

Value roundOff(Interpreter &, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("round", {"precision", "method"});
  std::string method = bound[1] ? toText(*bound[1], "the method of round") : "common";
  int64_t precision = bound[0] ? toInteger(*bound[0], "the precision of round") : 0;
  if (method != "common" && method != "ceil" && method != "floor")
    fail("round by '", method, "', expected 'common', 'ceil' or 'floor'");
  if (precision < 0 || precision > 22)
    fail("round to ", precision, " places is not supported; 0 to 22 are");
  if (!value.isNumber())
    fail("round takes a number, found ", value.kindName());
  if (method == "common")
    return value.isInteger() ? Value::integer(value.integer()) : Value::real(roundedTo(value.real(), int(precision)));
  double scale = std::pow(10.0, double(precision)), scaled = value.real() * scale;
  return Value::real((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
}

Value absolute(Interpreter &, const Value &value, const Arguments &arguments) {
  arguments.bind("abs", {});
  if (!value.isNumber())
    fail("abs takes a number, found ", value.kindName());
  if (value.is(Kind::Real))
    return Value::real(std::abs(value.real()));
  return value.integer() < 0 ? unary("-", value) : Value::integer(value.integer());
}

Value fileSize(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("filesizeformat", {"binary"});
  bool binaryUnits = bound[0] && truth(*bound[0]);
  std::optional<double> given = value.isNumber() ? std::optional(value.real())
                                : value.isText() ? parseReal(value.text())
                                                 : std::nullopt;
  if (!given || std::isnan(*given) || std::isinf(*given))
    fail("filesizeformat takes a number, found ", value.kindName());
  double bytes = *given, base = binaryUnits ? 1024 : 1000, unit = base;
  if (bytes == 1)
    return in.heap.text("1 Byte");
  if (bytes < base)
    return in.heap.text(concat(wholePart(bytes), " Bytes"));
  size_t power = 0;
  while (power < 7 && bytes >= unit * base) {
    unit *= base;
    ++power;
  }
  char text[400];
  std::snprintf(text, sizeof text, "%.1f %c%s", bytes / unit, (binaryUnits ? "KMGTPEZY" : "kMGTPEZY")[power],
                binaryUnits ? "iB" : "B");
  return in.heap.text(text);
}

Value length(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("length", {});
  if (value.is(Type::Loop))
    return Value::integer(value.as<Loop>().count(in.heap));
  if (value.isText())
    in.heap.spend(value.text().size() / 1024);
  std::optional<size_t> length = lengthOf(value);
  if (!length)
    fail(value.kindName(), " has no length");
  return Value::integer(*length);
}

Value defaultTo(Interpreter &, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("default", {"default_value", "boolean"});
  bool missing = value.is(Kind::Undefined) || (bound[1] && truth(*bound[1]) && !truth(value));
  return missing ? (bound[0] ? *bound[0] : Value::constant("")) : value;
}

Value attributeOf(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("attr", {"name"}, 1);
  return member(in.heap, value, toText(*bound[0], "the name of an attribute")).value_or(Value());
}

} // namespace

const BuiltinTable &valueFilters() {
  static const BuiltinTable table = {{"abs", absolute},       {"attr", attributeOf}, {"count", length},
                                     {"d", defaultTo},        {"default", defaultTo}, {"filesizeformat", fileSize},
                                     {"float", toFloat},      {"int", toInt},        {"length", length},
                                     {"round", roundOff},     {"tojson", toJson}};
  return table;
}

} // namespace tenon::jinja
