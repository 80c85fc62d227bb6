//===- Figures.h - What a point of the space costs --------------*- C++ -*-===//

#ifndef TENON_SPACE_FIGURES_H
#define TENON_SPACE_FIGURES_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenon::space {

/// What so many tokens (or rows of features) take.
struct TokenFigures {
  int64_t tokens = 1;
  uint64_t flops = 0;      ///< Of all of them: two for each multiplication whose product is added up.
  uint64_t cacheBytes = 0; ///< Of one.

  double flopsPerToken() const { return static_cast<double>(flops) / static_cast<double>(tokens); }
};

struct Figures {
  uint64_t parameters = 0; ///< Numbers that are stored: those that are shared once.
  unsigned kernels = 0;    ///< Of one target.
  /// Reading the source, before the answer begins: by the stacks that are read as a whole and what is kept of them;
  /// where there are none, a decoder reads it as its prompt.
  TokenFigures source;
  /// The last token of an answer of so many, scores included. Nothing where no stack writes.
  std::optional<TokenFigures> target;
  std::vector<std::string> notes; ///< What passes remarked on: that stacks have become one.
};

} // namespace tenon::space

#endif // TENON_SPACE_FIGURES_H
