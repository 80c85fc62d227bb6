//===- CheckedSize.h - Sizes that cannot overflow unnoticed -----*- C++ -*-===//

#ifndef TENON_SUPPORT_CHECKEDSIZE_H
#define TENON_SUPPORT_CHECKEDSIZE_H

#include <cassert>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>

namespace tenon {

/// A count, an offset or a size in bytes that came from outside or was computed from one. It is at most 2^63 - 1, so
/// that it fits both signed and unsigned 64-bit integers. A value out of range, and whatever is computed from one, is
/// invalid; the answer is asked for once, at the end.
class CheckedSize {
public:
  static constexpr uint64_t maximum = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());

  constexpr CheckedSize() = default;
  template <std::integral T> constexpr CheckedSize(T number) {
    bool negative = std::is_signed_v<T> && number < T(0);
    if (negative || static_cast<uint64_t>(number) > maximum)
      valid = false;
    else
      value = static_cast<uint64_t>(number);
  }

  constexpr bool isValid() const { return valid; }
  constexpr uint64_t get() const {
    assert(valid && "the size overflowed");
    return value;
  }
  /// The value as a `T`, or nothing where it is invalid or does not fit.
  template <std::integral T> constexpr std::optional<T> as() const {
    if (!valid || value > static_cast<uint64_t>(std::numeric_limits<T>::max()))
      return std::nullopt;
    return static_cast<T>(value);
  }

  friend constexpr CheckedSize operator+(CheckedSize a, CheckedSize b) {
    // Two values below 2^63 do not wrap in 64 bits; the constructor looks at the bound.
    return a.valid && b.valid ? CheckedSize(a.value + b.value) : invalid();
  }
  friend constexpr CheckedSize operator-(CheckedSize a, CheckedSize b) {
    return a.valid && b.valid && a.value >= b.value ? CheckedSize(a.value - b.value) : invalid();
  }
  friend constexpr CheckedSize operator*(CheckedSize a, CheckedSize b) {
    uint64_t product = 0;
    if (!a.valid || !b.valid || __builtin_mul_overflow(a.value, b.value, &product))
      return invalid();
    return CheckedSize(product);
  }
  CheckedSize &operator+=(CheckedSize other) { return *this = *this + other; }
  CheckedSize &operator*=(CheckedSize other) { return *this = *this * other; }

  /// The least multiple of `alignment` that is not below the value.
  constexpr CheckedSize alignedTo(uint64_t alignment) const {
    assert(alignment > 0 && "no alignment");
    CheckedSize padded = *this + CheckedSize(alignment - 1);
    return padded.valid ? CheckedSize(padded.value / alignment * alignment) : invalid();
  }

  /// Whether both are valid and in this relation: an invalid size is never within a bound.
  friend constexpr bool operator<=(CheckedSize a, CheckedSize b) { return a.valid && b.valid && a.value <= b.value; }
  friend constexpr bool operator==(CheckedSize a, CheckedSize b) { return a.valid && b.valid && a.value == b.value; }

private:
  static constexpr CheckedSize invalid() {
    CheckedSize size;
    size.valid = false;
    return size;
  }

  uint64_t value = 0;
  bool valid = true;
};

} // namespace tenon

#endif // TENON_SUPPORT_CHECKEDSIZE_H
