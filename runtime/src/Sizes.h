//===- Sizes.h - Counts that callers and models give ------------*- C++ -*-===//

#ifndef TENON_RUNTIME_SIZES_H
#define TENON_RUNTIME_SIZES_H

#include "Failure.h"
#include "support/CheckedSize.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace tenon::runtime {

/// Halide counts elements in 32 bits.
constexpr int64_t elementLimit = INT32_MAX;

/// The product of the extents of a tensor; fails where kernels could not count its elements. `what` says whose they are.
template <typename... What> size_t elementCount(std::initializer_list<CheckedSize> extents, const What &...what) {
  CheckedSize elements = 1;
  for (CheckedSize extent : extents)
    elements *= extent;
  if (!(elements <= CheckedSize(elementLimit)))
    fail(TENON_ERROR_OUT_OF_RANGE, what..., ", expected at most ", elementLimit, " numbers in all");
  return size_t(elements.get());
}

/// `count` elements that a caller has at `data`, which may only be null where there are none. What has more of them than
/// memory has bytes nobody has: behind this, counts fit signed numbers and can be multiplied by the size of an element.
template <typename T> std::span<const T> callerSpan(const T *data, size_t count, std::string_view name) {
  if (!(CheckedSize(count) * sizeof(T)).isValid())
    fail(TENON_ERROR_OUT_OF_RANGE, name, " has ", count, " elements, more than memory can hold");
  if (count != 0 && !data)
    fail(TENON_ERROR_INVALID_ARGUMENT, name, " is null");
  return {data, count};
}

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SIZES_H
