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

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SCORES_H
