//===- CallSizes.cpp - What schedules compare in a call -------------------===//

#include "kernels/CallSizes.h"
#include "kernels/Guarded.h"
#include "kernels/Plan.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

/// The value of an expression of extents; those of `shapes`.
int64_t evaluate(const Expr &size, const Region &region, const std::vector<std::vector<int64_t>> &shapes) {
  std::map<std::string, Expr> values;
  for (size_t index = 0; index < region.arguments.size(); ++index) {
    const std::vector<int64_t> &shape = shapes[index];
    // Halide counts dimensions from the innermost.
    for (size_t dimension = 0; dimension < shape.size(); ++dimension)
      values[region.arguments[index].name() + ".extent." + std::to_string(dimension)] =
          static_cast<int>(shape[shape.size() - 1 - dimension]);
  }
  Expr value = Internal::simplify(Internal::substitute(values, size));
  auto constant = Internal::as_const_int(value);
  if (!constant)
    throw RegionError("a size of the kernel is not made of its arguments' extents");
  return *constant;
}

} // namespace

std::optional<std::map<std::string, int64_t>>
callSizes(const KernelDescription &kernel, const std::vector<std::vector<int64_t>> &shapes, std::string &error) {
  std::map<std::string, int64_t> sizes;
  auto measure = [&] {
    Region region(kernel);
    if (shapes.size() < region.arguments.size())
      throw RegionError("expected shapes of " + std::to_string(region.arguments.size()) + " arguments, found " +
                        std::to_string(shapes.size()));
    for (const auto &[name, size] : planRegion(region).sizes)
      sizes[name] = evaluate(size, region, shapes);
  };
  return guarded(measure, error) ? std::optional(sizes) : std::nullopt;
}

} // namespace tenon::kernels
