//===- EntryPoints.h - What a library's drivers take and give ---*- C++ -*-===//

#ifndef TENON_PASSES_ENTRYPOINTS_H
#define TENON_PASSES_ENTRYPOINTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <map>
#include <string>
#include <vector>

namespace tenon {

/// The module of host IR that holds one function over tensors for each kernel, with its `tenon.kernel` in it.
constexpr char kKernelModule[] = "kernels";
/// The module of host IR whose one function, of the same name, returns the parameters in the order of the weights'
/// file.
constexpr char kParameterModule[] = "parameters";

struct EntryTensor {
  std::string name;
  mlir::MemRefType type;
  std::vector<unsigned> dims; ///< Of each dynamic dimension in turn, the index into the entry point's `dims`.
  std::string role;           ///< What it is to the caller; empty where nothing says so.
  std::string stack;          ///< Whose rows it is about; empty where there is one stack.
  std::string pool;           ///< Of a page table.
  int64_t window = 0;         ///< Of a state: how many positions back queries look; 0 for all of them.
};

/// A buffer of the arena.
struct EntryBuffer {
  std::string name;
  mlir::MemRefType type;
  std::vector<std::string> sizes; ///< What the dynamic ones are called: one of `dims`, or derived from them.
  std::string until;              ///< The kernel that uses it last; empty for the driver itself.
  int64_t begin = 0, end = 0;     ///< Of `steps`, those during which it is needed, without `end`.
};

/// A size that follows from the dimensions of a call: `of` sequences of `length` rows, of which every stride-th is
/// left, each beginning at a multiple of `tile`; or one more than another.
struct DerivedSize {
  std::string name, of, length; ///< No length for one row.
  int64_t stride = 1, tile = 1, plus = 0;
};

/// The signature of a driver of host IR (`tenon.entry`).
struct EntryPoint {
  explicit EntryPoint(mlir::func::FuncOp driver);

  std::string name;
  std::vector<std::string> dims; ///< Names of the sizes that a call binds.
  std::vector<EntryTensor> inputs;
  std::vector<EntryTensor> states; ///< Inputs that the driver updates.
  std::vector<EntryTensor> outputs;
  std::map<std::string, int64_t> limits; ///< Of a model's entry point: vocab, positions, types; 0 for none.
  std::string behind;                    ///< The stack whose rows come before the first position; empty for none.
  std::string prefix;                    ///< The stack whose rows are a prefix of its own; empty for none.
  int64_t weightBytes = 0;               ///< That a call reads; 0 where nothing says so.
  int64_t width = 0;                     ///< Components of a hidden state; 0 where no model says so.
  /// Slots of the arena, one behind another, each as large as the largest of its buffers, which lie in it in turn.
  std::vector<std::vector<EntryBuffer>> memory;
  std::vector<std::string> steps; ///< The kernels that are called, in their order, those of a loop once.
  std::vector<DerivedSize> sizes;
};

std::vector<EntryPoint> entryPoints(mlir::ModuleOp module);

/// The private functions that stand for kernels, in the order of the library's kernel table.
std::vector<mlir::func::FuncOp> kernelFunctions(mlir::ModuleOp module);

} // namespace tenon

#endif // TENON_PASSES_ENTRYPOINTS_H
