//===- Sampler.cpp - Which token comes next -------------------------------===//
//
// In the order and with the rules for ties of Hugging Face's logits processors. Sums are over float64 in the order of
// the ids, so that they do not depend on the machine.
//
//===----------------------------------------------------------------------===//

#include "Sampler.h"

#include "Philox.h"
#include "Scores.h"

#include <algorithm>
#include <cmath>

namespace tenon::runtime {

void RepetitionPenalty::apply(std::span<float> scores, std::span<const int32_t> history) {
  if (!any())
    return;
  auto factor = float(penalty);
  for (int32_t id : history) {
    // A source's tokens may be of a larger vocabulary.
    if (size_t(id) >= scores.size())
      continue;
    float &score = scores[size_t(id)];
    if (!seen[size_t(id)])
      score = score < 0 ? score * factor : score / factor;
    seen[size_t(id)] = true;
  }
  for (int32_t id : history)
    if (size_t(id) < scores.size())
      seen[size_t(id)] = false;
}

/// Those as good as the k-th best stay.
void Sampler::keepTopK() {
  auto k = size_t(options.topK);
  if (k == 0 || k >= candidates.size())
    return;
  std::vector<Candidate> ordered = candidates;
  std::nth_element(ordered.begin(), ordered.begin() + ptrdiff_t(k - 1), ordered.end(),
                   [](const Candidate &left, const Candidate &right) { return left.score > right.score; });
  double least = ordered[k - 1].score;
  std::erase_if(candidates, [least](const Candidate &candidate) { return candidate.score < least; });
}

/// The unlikeliest go as long as all that go have a probability of at most 1 - p.
void Sampler::keepTopP() {
  if (options.topP >= 1)
    return;
  std::vector<Candidate> ordered = candidates;
  std::sort(ordered.begin(), ordered.end(), [](const Candidate &left, const Candidate &right) {
    return left.score != right.score ? left.score < right.score : left.id < right.id;
  });
  double largest = ordered.back().score, sum = 0, passed = 0;
  for (const Candidate &candidate : ordered)
    sum += std::exp(candidate.score - largest);
  size_t gone = 0;
  for (; gone + 1 < ordered.size(); ++gone) {
    passed += std::exp(ordered[gone].score - largest);
    if (passed / sum > 1 - options.topP)
      break;
  }
  candidates.assign(ordered.begin() + ptrdiff_t(gone), ordered.end());
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate &left, const Candidate &right) { return left.id < right.id; });
}

void Sampler::keepMinP() {
  if (options.minP <= 0)
    return;
  double largest = -INFINITY;
  for (const Candidate &candidate : candidates)
    largest = std::max(largest, candidate.score);
  double least = options.minP;
  std::erase_if(candidates, [=](const Candidate &candidate) { return std::exp(candidate.score - largest) < least; });
}

int32_t Sampler::draw(double number) const {
  double largest = -INFINITY, sum = 0, passed = 0;
  for (const Candidate &candidate : candidates)
    largest = std::max(largest, candidate.score);
  for (const Candidate &candidate : candidates)
    sum += std::exp(candidate.score - largest);
  int32_t last = candidates.front().id;
  for (const Candidate &candidate : candidates) {
    double probability = std::exp(candidate.score - largest);
    if (probability == 0)
      continue;
    last = candidate.id;
    passed += probability;
    if (number * sum < passed)
      break;
  }
  return last;
}

int32_t Sampler::pick(std::span<const float> scores, uint64_t stream, uint64_t index) {
  int32_t best = highest(scores);
  if (options.temperature == 0 || best < 0)
    return best;
  candidates.clear();
  candidates.reserve(scores.size());
  for (size_t id = 0; id < scores.size(); ++id)
    candidates.push_back({int32_t(id), double(scores[id]) / options.temperature});
  keepTopK();
  keepTopP();
  keepMinP();
  return draw(uniform(options.seed, stream, index));
}

} // namespace tenon::runtime
