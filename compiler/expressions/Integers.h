//===- Integers.h - Operations on integers ----------------------*- C++ -*-===//

#ifndef TENON_EXPRESSIONS_INTEGERS_H
#define TENON_EXPRESSIONS_INTEGERS_H

#include "expressions/Expression.h"
#include <algorithm>
#include <limits>
#include <optional>

namespace tenon::expressions {

/// Rounded down; 0 where y is 0.
constexpr int64_t floorDivide(int64_t x, int64_t y) {
  return y == 0 ? 0 : x / y - (x % y != 0 && (x < 0) != (y < 0));
}

/// x - floorDivide(x, y) * y; 0 where y is 0.
constexpr int64_t floorModulo(int64_t x, int64_t y) { return y == 0 ? 0 : x - floorDivide(x, y) * y; }

/// Of one of the six comparisons.
template <typename Number> constexpr bool compare(Operation operation, Number x, Number y) {
  switch (operation) {
  case Operation::Equal:
    return x == y;
  case Operation::NotEqual:
    return x != y;
  case Operation::Less:
    return x < y;
  case Operation::LessEqual:
    return x <= y;
  case Operation::Greater:
    return x > y;
  default:
    return x >= y;
  }
}

/// The value of an operation on integers of 32 bits or conditions, y being unread where it has one operand. It is exact,
/// so that it may have more than 32 bits: who keeps it says what then. Empty where what it gives is neither.
constexpr std::optional<int64_t> ofIntegers(Operation operation, int64_t x, int64_t y) {
  switch (operation) {
  case Operation::Negate:
    return -x;
  case Operation::Not:
    return x == 0;
  case Operation::Abs:
    return x < 0 ? -x : x;
  case Operation::ToInt:
    return x;
  case Operation::Add:
    return x + y;
  case Operation::Subtract:
    return x - y;
  case Operation::Multiply:
    return x * y;
  case Operation::Divide:
    return floorDivide(x, y);
  case Operation::Modulo:
    return floorModulo(x, y);
  case Operation::Min:
    return std::min(x, y);
  case Operation::Max:
    return std::max(x, y);
  case Operation::And:
    return x && y;
  case Operation::Or:
    return x || y;
  case Operation::Equal:
  case Operation::NotEqual:
  case Operation::Less:
  case Operation::LessEqual:
  case Operation::Greater:
  case Operation::GreaterEqual:
    return compare(operation, x, y);
  default:
    return std::nullopt;
  }
}

/// Whether an expression can have the value: its integers have 32 bits.
constexpr bool fitsInteger(int64_t value) {
  return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
}

/// The lowest 32 bits, which stand for a value that does not fit where expressions are evaluated.
constexpr int32_t wrapped(int64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value)); }

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_INTEGERS_H
