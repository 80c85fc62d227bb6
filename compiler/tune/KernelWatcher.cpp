//===- KernelWatcher.cpp - What drivers call, seen ------------------------===//

#include "tune/KernelWatcher.h"

#include "HalideRuntime.h"

#include <array>
#include <new>

using namespace tenon;
using namespace tenon::tune;

KernelShapes tune::shapesOf(void **arguments, size_t count) {
  KernelShapes all;
  for (size_t index = 0; index < count; ++index) {
    // Behind the user context.
    const auto &buffer = *static_cast<const halide_buffer_t *>(arguments[index + 1]);
    std::vector<int64_t> &shape = all.shapes.emplace_back();
    for (int32_t dimension = buffer.dimensions; dimension-- > 0;)
      shape.push_back(buffer.dim[dimension].extent);
    std::vector<int32_t> &numbers = all.numbers.emplace_back();
    if (buffer.dimensions == 1 && buffer.type == halide_type_t(halide_type_int, 32))
      for (int32_t place = 0; place < buffer.dim[0].extent; ++place)
        numbers.push_back(reinterpret_cast<const int32_t *>(buffer.host)[place * buffer.dim[0].stride]);
  }
  return all;
}

template <size_t Index> int32_t KernelWatcher::called(void **arguments) {
  try {
    return current->call(Index, arguments);
  } catch (const std::bad_alloc &) {
    current->ranOutOfMemory = true;
    return TENON_KERNEL_NO_MEMORY;
  }
}

template <size_t... Indices> auto KernelWatcher::tableOf(std::index_sequence<Indices...>) {
  return std::array<tenon_kernel_fn, kMostKernels>{called<Indices>...};
}

const tenon_kernel_fn *KernelWatcher::table() {
  static const auto functions = tableOf(std::make_index_sequence<kMostKernels>());
  return functions.data();
}
