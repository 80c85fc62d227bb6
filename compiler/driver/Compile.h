//===- Compile.h - From a model to a library --------------------*- C++ -*-===//

#ifndef TENON_DRIVER_COMPILE_H
#define TENON_DRIVER_COMPILE_H

#include "import/Import.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tenon {

enum class EmitLevel { Library, Model, Tensor, Kernel, Host, LLVM, Stmt, Assembly };

struct CompileOptions {
  std::string model;                ///< Spec, checkpoint directory or .mlir file.
  std::string output;               ///< Library; for other levels the text file, or "-" for standard output.
  std::vector<std::string> targets; ///< As `readTargetText` has them, best first; empty for every one that is known.
  EmitLevel emit = EmitLevel::Library;
  std::vector<std::string> pooling; ///< Kinds of pooling in place of the model's own and of its head; none for these.
  bool normalize = false;           ///< Whether that scales vectors to length 1.
  bool embed = false;               ///< Put the weights into the library.
  bool fuse = true;                 ///< Whether operations share kernels.
  bool unify = true;             ///< Whether stacks that are one decoder become one.
  import::ImportOptions importing;  ///< What may be left out of a checkpoint.
  std::string schedules;            ///< File of schedules in place of the analytic model's; empty for none.
  std::string cacheDirectory;       ///< Of compiled kernels; empty for the user's own.
  std::string database;             ///< Of tuned schedules, or a file of winners; empty for none.
  bool shippedWinners = true;       ///< Whether those that ship with tenon are asked behind it.
  unsigned threads = 0;             ///< Kernels compiled at a time; 0 for as many as there are CPUs.
  /// Told what is done, in a word, and how much of it. May be empty; called from one thread at a time.
  std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> progress;
};

struct CompileSummary {
  std::string library;     ///< Path of the library.
  std::string text;        ///< Of what CompileOptions::emit wrote; empty where that is standard output.
  std::string weights;     ///< Path of the weight file; empty where there is none beside the library.
  unsigned kernels = 0;    ///< Kernels of one target.
  unsigned compiled = 0;   ///< Objects that no cache held.
  uint64_t weightBytes = 0;
  std::vector<std::string> notes; ///< What the user should know of the checkpoint and the weights, a line each.
  /// What passes made of what the spec says, a line each: "model.yaml:12:3: note: ...".
  std::vector<std::string> rewritten;
};

/// Does the whole work of `tenon compile`. The error has everything that was wrong with the input, a line each.
llvm::Expected<CompileSummary> compile(const CompileOptions &options);

} // namespace tenon

#endif // TENON_DRIVER_COMPILE_H
