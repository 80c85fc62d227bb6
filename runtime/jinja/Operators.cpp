//===- Operators.cpp - What Python's operators make of values -------------===//

#include "jinja/Interpreter.h"

#include <algorithm>
#include <cmath>

namespace tenon::jinja {
namespace {

int sign(auto left, auto right) { return left < right ? -1 : right < left ? 1 : 0; }

bool sameMembers(Heap &heap, const Members &left, const Members &right) {
  return left.size() == right.size() && std::all_of(left.begin(), left.end(), [&](const auto &member) {
           const Value *found = find(heap, right, member.first);
           return found && equals(heap, member.second, *found);
         });
}

bool equalObjects(Heap &heap, const Value &left, const Value &right) {
  Heap::Level level(heap);
  if (left.is(Type::Dict))
    return sameMembers(heap, left.as<Dict>().members, right.as<Dict>().members);
  if (left.is(Type::Range)) {
    const auto &one = left.as<Range>(), &other = right.as<Range>();
    return one.size() == other.size() &&
           (one.size() == 0 || (one.first == other.first && (one.size() == 1 || one.step == other.step)));
  }
  bool ordered = left.isSequence();
  if (!ordered && !left.is(Type::Keys) && !left.is(Type::Items))
    return false;
  const auto &one = left.as<Sequence>().items, &other = right.as<Sequence>().items;
  if (one.size() != other.size())
    return false;
  for (size_t index = 0; index < one.size(); ++index)
    if (ordered ? !equals(heap, one[index], other[index]) : !contains(heap, right, one[index]))
      return false;
  return true;
}

[[noreturn]] void mismatch(const Value &left, std::string_view text, const Value &right) {
  fail(left.kindName(), " ", text, " ", right.kindName(), " has no meaning");
}

Value numbers(double x, const std::string &text, double y) {
  if ((text == "/" || text == "//" || text == "%") && y == 0)
    fail("division by 0");
  if (text == "+")
    return Value::real(x + y);
  if (text == "-")
    return Value::real(x - y);
  if (text == "*")
    return Value::real(x * y);
  if (text == "/")
    return Value::real(x / y);
  if (text == "**") {
    if (x == 0 && y < 0)
      fail("0 to a negative power");
    if (x < 0 && y != std::floor(y))
      fail("a fractional power of a negative number");
    return Value::real(std::pow(x, y));
  }
  // Python's remainder has the sign of the divisor, and its quotient fits that.
  double remainder = std::fmod(x, y);
  double quotient = (x - remainder) / y;
  if (remainder != 0 && (remainder < 0) != (y < 0)) {
    remainder += y;
    quotient -= 1;
  } else if (remainder == 0) {
    remainder = std::copysign(0.0, y);
  }
  if (text == "%")
    return Value::real(remainder);
  return Value::real(quotient == 0 ? std::copysign(0.0, x / y) : std::floor(quotient) + (quotient - std::floor(quotient) > 0.5));
}

bool power(int64_t base, int64_t exponent, int64_t &result) {
  result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
      return false;
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base))
      return false;
  }
  return true;
}

Value integers(int64_t x, const std::string &text, int64_t y) {
  if (text == "/" || (text == "**" && y < 0))
    return numbers(double(x), text, double(y));
  if ((text == "//" || text == "%") && y == 0)
    fail("division by 0");
  int64_t result = 0;
  bool fits = text == "+"    ? !__builtin_add_overflow(x, y, &result)
              : text == "-"  ? !__builtin_sub_overflow(x, y, &result)
              : text == "*"  ? !__builtin_mul_overflow(x, y, &result)
              : text == "**" ? power(x, y, result)
                             : y != -1 || x != INT64_MIN;
  if (!fits)
    fail(x, " ", text, " ", y, " does not fit 64 bits");
  if (text == "//" || text == "%") {
    int64_t quotient = x / y - ((x % y != 0) && ((x < 0) != (y < 0)));
    result = text == "//" ? quotient : x - quotient * y;
  }
  return Value::integer(result);
}

Value repeated(Heap &heap, const Value &what, int64_t count) {
  size_t times = size_t(std::max<int64_t>(count, 0));
  if (what.isText()) {
    size_t size = what.text().size();
    if (size && times > SIZE_MAX / 2 / size)
      fail("a text of ", size, " bytes ", times, " times does not fit memory");
    heap.want(size * times);
    std::string text = size && times ? what.text() : "";
    text.reserve(size * times);
    while (text.size() < size * times)
      text.append(text, 0, size * times - text.size());
    return heap.text(std::move(text), what.isMarkup());
  }
  const auto &items = what.as<Sequence>().items;
  if (!items.empty() && times > SIZE_MAX / 2 / sizeof(Value) / items.size())
    fail("a list of ", items.size(), " items ", times, " times does not fit memory");
  heap.want(items.size() * times * sizeof(Value));
  std::vector<Value> all;
  for (size_t done = 0; !items.empty() && done < times; ++done)
    all.insert(all.end(), items.begin(), items.end());
  return heap.sequence(what.object()->type, std::move(all));
}

Value sum(Heap &heap, const Value &left, const Value &right) {
  if (left.isText() && right.isText()) {
    bool markup = left.isMarkup() || right.isMarkup();
    TextBuilder text(heap);
    text += markup && !left.isMarkup() ? escapeMarkup(heap, left) : left.text();
    text += markup && !right.isMarkup() ? escapeMarkup(heap, right) : right.text();
    return text.value(markup);
  }
  if (!(left.is(Type::List) && right.is(Type::List)) && !(left.is(Type::Tuple) && right.is(Type::Tuple)))
    mismatch(left, "+", right);
  const auto &first = left.as<Sequence>().items, &second = right.as<Sequence>().items;
  heap.want((first.size() + second.size()) * sizeof(Value));
  std::vector<Value> both = first;
  both.insert(both.end(), second.begin(), second.end());
  return heap.sequence(left.object()->type, std::move(both));
}

} // namespace

bool truth(const Value &value) {
  switch (value.kind()) {
  case Kind::Undefined:
  case Kind::None:
    return false;
  case Kind::Boolean:
  case Kind::Integer:
    return value.integer() != 0;
  case Kind::Real:
    return value.real() != 0;
  case Kind::Text:
    return !value.text().empty();
  case Kind::Object:
    break;
  }
  if (value.is(Type::Namespace) || value.is(Type::Loop))
    return true;
  std::optional<size_t> length = lengthOf(value);
  return !length || *length != 0;
}

bool equals(Heap &heap, const Value &left, const Value &right) {
  heap.spend(1);
  if (left.isNumber() && right.isNumber()) {
    if (left.isInteger() && right.isInteger())
      return left.integer() == right.integer();
    return compare(heap, left, right, "==") == 0 && left.real() == right.real();
  }
  if (left.kind() != right.kind())
    return false;
  if (left.isText()) {
    heap.spend(std::min(left.text().size(), right.text().size()) / 1024);
    return left.text() == right.text();
  }
  if (!left.is(Kind::Object) || left.same(right))
    return true;
  return left.object()->type == right.object()->type && equalObjects(heap, left, right);
}

int compare(Heap &heap, const Value &left, const Value &right, std::string_view text) {
  heap.spend(1);
  if (left.isInteger() && right.isInteger())
    return sign(left.integer(), right.integer());
  if (left.isNumber() && right.isNumber()) // a long double holds both exactly
    return sign(left.is(Kind::Real) ? static_cast<long double>(left.real()) : static_cast<long double>(left.integer()),
                right.is(Kind::Real) ? static_cast<long double>(right.real())
                                     : static_cast<long double>(right.integer()));
  if (left.isText() && right.isText()) {
    heap.spend(std::min(left.text().size(), right.text().size()) / 1024);
    return left.text().compare(right.text());
  }
  if (!left.isSequence() || !right.isSequence() || left.object()->type != right.object()->type)
    mismatch(left, text, right);
  Heap::Level level(heap);
  const auto &one = left.as<Sequence>().items, &other = right.as<Sequence>().items;
  for (size_t index = 0; index < std::min(one.size(), other.size()); ++index)
    if (!equals(heap, one[index], other[index]))
      return compare(heap, one[index], other[index], text);
  return sign(one.size(), other.size());
}

bool compares(Heap &heap, const Value &left, std::string_view text, const Value &right) {
  if (text == "==" || text == "!=")
    return equals(heap, left, right) == (text == "==");
  if (text == "in" || text == "not in")
    return contains(heap, right, left) == (text == "in");
  bool real = left.isNumber() && right.isNumber() && (std::isnan(left.real()) || std::isnan(right.real()));
  int order = compare(heap, left, right, text);
  if (real)
    return false;
  return text == "<" ? order < 0 : text == ">" ? order > 0 : text == "<=" ? order <= 0 : order >= 0;
}

bool contains(Heap &heap, const Value &container, const Value &item) {
  if (container.isText()) {
    heap.spend(container.text().size() / 64);
    return container.text().find(toText(item, "what is sought in a string")) != std::string::npos;
  }
  if (container.is(Type::Dict)) {
    if (!isHashable(item))
      fail(item.kindName(), " cannot be a key");
    return find(heap, container.as<Dict>().members, item) != nullptr;
  }
  if (!isIterable(container))
    fail(container.kindName(), " contains nothing");
  auto step = iterate(heap, container);
  for (Value one; step(one);)
    if (one.same(item) || equals(heap, one, item))
      return true;
  return false;
}

Value unary(const std::string &text, const Value &value) {
  if (text == "not")
    return Value::boolean(!truth(value));
  if (!value.isNumber())
    fail("a sign before ", value.kindName(), " has no meaning");
  if (value.is(Kind::Real))
    return Value::real(text == "-" ? -value.real() : value.real());
  if (text == "-" && value.integer() == INT64_MIN)
    fail("the number does not fit 64 bits");
  return Value::integer(text == "-" ? -value.integer() : value.integer());
}

Value binary(Interpreter &in, const Value &left, const std::string &text, const Value &right) {
  if (left.isInteger() && right.isInteger())
    return integers(left.integer(), text, right.integer());
  if (left.isNumber() && right.isNumber())
    return numbers(left.real(), text, right.real());
  if (text == "%" && left.isText())
    return formatPercent(in, left, right);
  if (text == "+")
    return sum(in.heap, left, right);
  bool leftRepeats = left.isText() || left.isSequence(), rightRepeats = right.isText() || right.isSequence();
  if (text == "*" && leftRepeats && right.isInteger())
    return repeated(in.heap, left, right.integer());
  if (text == "*" && left.isInteger() && rightRepeats)
    return repeated(in.heap, right, left.integer());
  mismatch(left, text, right);
}

} // namespace tenon::jinja
