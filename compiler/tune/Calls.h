//===- Calls.h - The calls of a model that it is tuned for ------*- C++ -*-===//

#ifndef TENON_TUNE_CALLS_H
#define TENON_TUNE_CALLS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::tune {

/// A call of a model, and how often it is made beside the others. Rows of its kernels follow from it.
struct CallShape {
  int64_t sequences = 1;
  /// Rows of the source that each sequence is about; nothing where the model is to have its usual ones, or none.
  std::optional<int64_t> source;
  int64_t tokens = 1; ///< New ones of each sequence; 0 where the source is read.
  int64_t past = 0;   ///< Tokens that are cached before them.
  double weight = 1;

  /// "8x128", "1x1+128", "16x30/1+15", without the weight.
  std::string text() const;
  bool operator==(const CallShape &) const = default;
};

inline constexpr int64_t kMostSequences = 65536, kMostTokens = int64_t(1) << 20;

/// Reads SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT],...
llvm::Expected<std::vector<CallShape>> parseCalls(llvm::StringRef text);

/// What is known of a model that calls are made of.
struct CallLimits {
  bool generates = false, hasSource = false;
  int64_t positions = 0;       ///< 0 for no limit.
  int64_t sourcePositions = 0; ///< The same of what it reads.
};

/// Those that a model is tuned for where nobody says: short and long, one sequence and several, whatever fits.
std::vector<CallShape> usualCalls(const CallLimits &limits);

/// Whether a model can be called so.
llvm::Error checkCalls(llvm::ArrayRef<CallShape> calls, const CallLimits &limits);

} // namespace tenon::tune

#endif // TENON_TUNE_CALLS_H
