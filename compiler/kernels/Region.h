//===- Region.h - A kernel region as Halide functions -----------*- C++ -*-===//
//
// Every value of a region is a Func of (c) or (c, r): column, then row, the reverse of the order in which shapes are
// written. Operations are inlined into one another until a schedule stages them.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_REGION_H
#define TENON_KERNELS_REGION_H

#include "kernels/KernelDescription.h"
#include "kernels/OperationKinds.h"
#include "kernels/Prefetch.h"
#include "support/CachePage.h"
#include <Halide.h>
#include <set>
#include <stdexcept>

namespace tenon::kernels {

/// Rows of the tiles that packed batches consist of, but for kernels whose rows come one by one.
constexpr int kTileRows = 16;

/// Says why a region or a schedule cannot be compiled. Never leaves compileKernel.
struct RegionError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One operation's functions: what it yields, and the intermediate values that a schedule places.
struct OperationFuncs {
  const Operation *operation = nullptr;
  int rowTile = kTileRows;
  std::vector<Halide::Func> results;
  std::map<std::string, Halide::Func> stages;
  std::map<std::string, Halide::RVar> reductions; ///< Reduction variables that schedules name.
  std::map<std::string, Halide::Expr> extents;    ///< Of dimensions that schedules bound.
  std::set<std::string> sumsOfLanes;              ///< Functions whose terms are added across the lanes of a vector.
  Halide::Expr sequences;                         ///< How many the batch has, where the operation tells them apart.
  Halide::Expr splits;                            ///< Into how many the keys of a row are split at the most.
};

/// The families, from the least demanding: a region belongs to that of its most demanding operation.
enum class Family { Rowwise, Pooling, Unfold, Depthwise, Scan, CacheAppend, Attention, Linear };

/// Throws RegionError where no family computes this kind.
Family familyOf(const std::string &operationKind);

struct Region {
  /// Checks `description`, then makes its functions. Throws RegionError.
  explicit Region(const KernelDescription &description);

  const KernelDescription &description;
  std::vector<Halide::ImageParam> arguments;
  std::vector<Halide::Func> values;  ///< One per value, in the numbering of the description.
  std::vector<TensorType> types;     ///< Of each value.
  std::vector<int> producers;        ///< The operation that yields each value, -1 for arguments.
  std::vector<Halide::Expr> extents; ///< Of each value's outermost dimension.
  std::vector<int> rowTiles;         ///< What each value's number of rows is a multiple of.
  std::vector<OperationFuncs> operations;
  /// Of a value's innermost dimension; only arguments have a dynamic one.
  Halide::Expr innerExtent(int value) const;

  std::set<int> whole;  ///< Values of operations that lie in memory, all of their rows: chosen by planRegion.
  std::set<int> staged; ///< Values that a schedule has placed within a nest.
  std::map<std::string, Stream> streams; ///< By the name of a buffer: what schedules want asked for ahead.
  /// By the name of a loop: the function that says which iteration is the last, see LimitLoops.
  std::map<std::string, std::string> lastIterations;
};

/// Throws RegionError with the place and the reason where `description` is not a region that this library computes.
void verifyDescription(const KernelDescription &description);

/// Attributes, which verifyDescription has checked.
int64_t integerAttribute(const Operation &operation, const std::string &name, int64_t otherwise = 0);
double realAttribute(const Operation &operation, const std::string &name);
double realAttribute(const Operation &operation, const std::string &name, double otherwise);
const std::string &textAttribute(const Operation &operation, const std::string &name);

/// An operand as its operation's algorithm sees it.
struct Operand {
  Halide::Func value;
  TensorType type;
  Halide::Expr extent;      ///< Of the outermost dimension.
  Halide::Expr innerExtent; ///< Of the innermost.
  int64_t width() const { return type.shape.back(); }
};

/// What one kind of operation computes: fills in results and stages of `funcs`.
using Algorithm = void (*)(const std::vector<Operand> &operands, OperationFuncs &funcs);
using Algorithms = std::map<std::string, Algorithm>;

// The algorithms of each family, by kind: a kind belongs to the family that computes it.
const Algorithms &rowwiseAlgorithms();
const Algorithms &poolingAlgorithms();
const Algorithms &unfoldAlgorithms();
const Algorithms &depthwiseAlgorithms();
const Algorithms &scanAlgorithms();
const Algorithms &cacheAppendAlgorithms();
const Algorithms &attentionAlgorithms();
const Algorithms &linearAlgorithms();

} // namespace tenon::kernels

#endif // TENON_KERNELS_REGION_H
