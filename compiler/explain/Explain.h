//===- Explain.h - What a library does, and how fast ------------*- C++ -*-===//

#ifndef TENON_EXPLAIN_EXPLAIN_H
#define TENON_EXPLAIN_EXPLAIN_H

#include "driver/LibraryOptions.h"
#include "tune/Calls.h"
#include "tune/Database.h"
#include "tune/Recording.h"

#include "llvm/Support/JSON.h"

namespace tenon::explain {

struct ExplainOptions : LibraryOptions {
  unsigned threads = 0;               ///< Of the session; 0 for as many as sessions have by themselves.
  std::vector<tune::CallShape> calls; ///< Empty for tune::usualCalls.
  bool measures = true;               ///< Without it nothing is timed; sizes are learnt all the same.
  tune::Database *database = nullptr; ///< May be null.
  tune::Clock clock = tune::steadyClock();
  std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> progress; ///< May be empty.
};

/// What docs/explain.md describes: the model, its kernels, and what calls of it do with them. `manifest` becomes that
/// of the library.
llvm::Expected<llvm::json::Object> explain(const ExplainOptions &options, llvm::json::Object &manifest);

} // namespace tenon::explain

#endif // TENON_EXPLAIN_EXPLAIN_H
