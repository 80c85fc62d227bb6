//===- Scores.cpp - Over all words of a vocabulary ------------------------===//

#include "Scores.h"

#include "Cpu.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace tenon::runtime {
namespace {

constexpr float lowest = -std::numeric_limits<float>::infinity();

// As wide as the widest registers; the compiler makes several of one where they are narrower. Functions take them by
// reference, since how they are passed depends on the CPU.
using Floats = float __attribute__((vector_size(64)));
using Masks = int32_t __attribute__((vector_size(64)));
using HalfFloats = float __attribute__((vector_size(32)));
using Doubles = double __attribute__((vector_size(64)));
using Longs = int64_t __attribute__((vector_size(64)));
constexpr size_t floatLanes = 16, doubleLanes = 8;

using Peak = ScoreLoops::Peak;

#define TENON_INLINE [[gnu::always_inline]] inline

TENON_INLINE Peak peakOf(const float *scores, size_t count) {
  Floats first = Floats{} + lowest, second = first;
  Masks odd{};
  size_t index = 0;
  for (; index + 2 * floatLanes <= count; index += 2 * floatLanes) {
    Floats left, right;
    std::memcpy(&left, scores + index, sizeof left);
    std::memcpy(&right, scores + index + floatLanes, sizeof right);
    odd |= (left != left) | (right != right);
    first = left > first ? left : first;
    second = right > second ? right : second;
  }
  Peak peak{lowest, true};
  for (size_t lane = 0; lane < floatLanes; ++lane) {
    peak.value = std::max({peak.value, first[lane], second[lane]});
    peak.numbers = peak.numbers && odd[lane] == 0;
  }
  for (; index < count; ++index) {
    peak.numbers = peak.numbers && !std::isnan(scores[index]);
    peak.value = scores[index] > peak.value ? scores[index] : peak.value;
  }
  return peak;
}

TENON_INLINE size_t nextAboveOf(const float *scores, size_t count, size_t from, float least) {
  for (; from + 2 * floatLanes <= count; from += 2 * floatLanes) {
    Floats left, right;
    std::memcpy(&left, scores + from, sizeof left);
    std::memcpy(&right, scores + from + floatLanes, sizeof right);
    if (Masks above = (left > least) | (right > least); __builtin_reduce_or(above) != 0)
      break;
  }
  while (from < count && !(scores[from] > least))
    ++from;
  return from;
}

/// Adds exp(x) to `sum` for x <= 0, to 1e-14 of it: 2^n times the Taylor series of exp on [-log(2)/2, log(2)/2].
TENON_INLINE void addExponentials(Doubles &sum, const Doubles &x) {
  constexpr double least = -708; // exp of which is about the smallest normal number
  constexpr double rounder = 0x1.8p52;
  Doubles bounded = x > least ? x : Doubles{} + least;
  Doubles shifted = bounded * 0x1.71547652b82fep0 + rounder;
  Doubles whole = shifted - rounder;
  Doubles rest = bounded - whole * 0x1.62e42fefa38p-1;
  rest = rest - whole * 0x1.ef35793c7673p-45;
  Doubles series = rest * (1.0 / 39916800) + 1.0 / 3628800;
  for (double term : {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0})
    series = series * rest + term;
  Longs bits, power;
  std::memcpy(&bits, &series, sizeof bits);
  std::memcpy(&power, &shifted, sizeof power);
  bits += power << 52;
  std::memcpy(&series, &bits, sizeof series);
  sum += series;
}

TENON_INLINE double sumOfExponentialsOf(const float *scores, size_t count, double largest) {
  Doubles sum{};
  HalfFloats part;
  size_t index = 0;
  for (; index + doubleLanes <= count; index += doubleLanes) {
    std::memcpy(&part, scores + index, sizeof part);
    Doubles x = __builtin_convertvector(part, Doubles) - largest;
    addExponentials(sum, x);
  }
  if (index < count) {
    part = HalfFloats{} + lowest;
    std::memcpy(&part, scores + index, (count - index) * sizeof(float));
    Doubles x = __builtin_convertvector(part, Doubles) - largest;
    addExponentials(sum, x);
  }
  double total = 0;
  for (size_t lane = 0; lane < doubleLanes; ++lane)
    total += sum[lane];
  return total;
}

#define TENON_LOOPS(name, target)                                                                                      \
  target Peak name##Peak(const float *scores, size_t count) { return peakOf(scores, count); }                          \
  target size_t name##NextAbove(const float *scores, size_t count, size_t from, float least) {                         \
    return nextAboveOf(scores, count, from, least);                                                                    \
  }                                                                                                                    \
  target double name##SumOfExponentials(const float *scores, size_t count, double largest) {                           \
    return sumOfExponentialsOf(scores, count, largest);                                                                \
  }                                                                                                                    \
  constexpr ScoreLoops name = {name##Peak, name##NextAbove, name##SumOfExponentials};

TENON_LOOPS(baseline, )
#if defined(__x86_64__)
TENON_LOOPS(level3, __attribute__((target("arch=x86-64-v3"))))
TENON_LOOPS(level4, __attribute__((target("arch=x86-64-v4"))))
#endif

const ScoreLoops &loops() {
  static const ScoreLoops &chosen = scoreLoops(cpuLevel());
  return chosen;
}

} // namespace

const ScoreLoops &scoreLoops(uint32_t level) {
#if defined(__x86_64__)
  return level >= 4 ? level4 : level == 3 ? level3 : baseline;
#else
  return baseline;
#endif
}

int32_t highest(std::span<const float> scores) {
  Peak peak = loops().peak(scores.data(), scores.size());
  if (!peak.numbers || !std::isfinite(peak.value))
    return -1;
  return int32_t(nextAbove(scores, 0, std::nextafter(peak.value, lowest)));
}

double logSumExp(std::span<const float> scores) {
  float largest = loops().peak(scores.data(), scores.size()).value;
  if (largest == lowest)
    return lowest;
  return double(largest) + std::log(loops().sumOfExponentials(scores.data(), scores.size(), largest));
}

size_t nextAbove(std::span<const float> scores, size_t from, float least) {
  return loops().nextAbove(scores.data(), scores.size(), from, least);
}

void bestTokens(std::span<const float> scores, double less, float more, size_t count, std::vector<ScoredToken> &best) {
  auto changed = [=](float score) { return float(double(score) - less) + more; };
  auto isBetter = [](const ScoredToken &left, const ScoredToken &right) { return left.score > right.score; };
  best.clear();
  size_t first = std::min(count, scores.size());
  for (size_t id = 0; id < first; ++id)
    best.push_back({int32_t(id), changed(scores[id])});
  std::sort(best.begin(), best.end(), [](const ScoredToken &left, const ScoredToken &right) {
    return left.score != right.score ? left.score > right.score : left.token < right.token;
  });
  if (best.empty())
    return;
  // What is no higher than a score that was not good enough is not good enough either, as rounding keeps the order.
  float tooLow = lowest;
  for (size_t id = first; (id = nextAbove(scores, id, tooLow)) < scores.size(); ++id) {
    ScoredToken token{int32_t(id), changed(scores[id])};
    if (!(token.score > best.back().score)) {
      tooLow = scores[id];
      continue;
    }
    best.pop_back();
    best.insert(std::upper_bound(best.begin(), best.end(), token, isBetter), token);
  }
}

} // namespace tenon::runtime
