//===- KernelDescription.h - One kernel region as plain data ----*- C++ -*-===//
//
// Where MLIR ends and Halide begins: a `tenon.kernel` region written down without either. The text form is the cache
// key and the tuner's signature.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_KERNELDESCRIPTION_H
#define TENON_KERNELS_KERNELDESCRIPTION_H

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace tenon::kernels {

enum class ElementType { F32, I32 };

constexpr int64_t kDynamic = -1;

/// Shapes are written outermost dimension first, as in MLIR; `kDynamic` stands for a size known when the kernel runs.
struct TensorType {
  ElementType element = ElementType::F32;
  std::vector<int64_t> shape;

  bool operator==(const TensorType &) const = default;
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<std::string>>;

/// One operation of a region. Values are numbered: the kernel's arguments first, then the results of each operation in
/// order.
struct Operation {
  std::string kind; ///< The operation's name without the dialect, for example "linear".
  std::vector<int> operands;
  std::vector<TensorType> results;
  std::map<std::string, Attribute> attributes;
};

struct KernelDescription {
  std::vector<TensorType> arguments;
  std::vector<Operation> operations;
  std::vector<int> results; ///< The values that the kernel yields.
  /// The number of rows is a multiple of it, and every sequence starts at one: 16, or 1 where rows come one by one.
  int64_t rowTile = 16;

  /// The text form: one line per argument, operation and result. Equal text means equal computation.
  std::string text() const;
};

} // namespace tenon::kernels

#endif // TENON_KERNELS_KERNELDESCRIPTION_H
