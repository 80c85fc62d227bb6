//===- Scores.h - Over all words of a vocabulary ----------------*- C++ -*-===//
//
// Loops over tens of thousands of scores, which come once per token, with the widest vectors that the CPU has.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_SCORES_H
#define TENON_RUNTIME_SCORES_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tenon::runtime {

/// The highest score's id, of equal ones the lowest; -1 if one is not a number or the highest is not finite.
int32_t highest(std::span<const float> scores);

/// log(sum(exp(scores))), in float64; -infinity where all scores are.
double logSumExp(std::span<const float> scores);

/// The first index from `from` on whose score is more than `least`; the number of scores if there is none.
size_t nextAbove(std::span<const float> scores, size_t from, float least);

struct ScoredToken {
  int32_t token;
  float score;
};

/// The `count` best of the tokens by float(score - less) + more, of equal ones those with the lowest ids; best first.
void bestTokens(std::span<const float> scores, double less, float more, size_t count, std::vector<ScoredToken> &best);

/// The loops of the above, as CPUs of one kind run them.
struct ScoreLoops {
  struct Peak {
    float value;  ///< -infinity without any
    bool numbers; ///< whether all are
  };
  Peak (*peak)(const float *scores, size_t count);
  size_t (*nextAbove)(const float *scores, size_t count, size_t from, float least);
  /// Of the differences to `largest`, none of which is more than 0.
  double (*sumOfExponentials)(const float *scores, size_t count, double largest);
};

/// The best for CPUs of an x86-64 level (Cpu.h).
const ScoreLoops &scoreLoops(uint32_t level);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SCORES_H
