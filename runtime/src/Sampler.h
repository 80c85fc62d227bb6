//===- Sampler.h - Which token comes next -----------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_SAMPLER_H
#define TENON_RUNTIME_SAMPLER_H

#include <cstdint>
#include <span>
#include <vector>

namespace tenon::runtime {

/// As in tenon_generate_options.
struct SamplingOptions {
  double temperature = 0;
  int32_t topK = 0;
  double topP = 1;
  double minP = 0;
  double repetitionPenalty = 1;
  double sourceRepetitionPenalty = 1;
  uint64_t seed = 0;
};

/// Divides positive scores of tokens that have occurred by the penalty and multiplies negative ones with it, once for
/// each such token.
class RepetitionPenalty {
public:
  RepetitionPenalty(double penalty, size_t vocab) : penalty(penalty), seen(penalty != 1 ? vocab : 0) {}
  bool any() const { return penalty != 1; }
  void apply(std::span<float> scores, std::span<const int32_t> history);

private:
  double penalty;
  std::vector<bool> seen;
};

/// Both penalties: that of tokens of prompt and answer, and the one that favours the source's.
class Penalties {
public:
  Penalties(const SamplingOptions &options, size_t vocab)
      : ofSource(1 / options.sourceRepetitionPenalty, vocab), ofAnswer(options.repetitionPenalty, vocab) {}
  bool any() const { return ofSource.any() || ofAnswer.any(); }
  void apply(std::span<float> scores, std::span<const int32_t> source, std::span<const int32_t> history) {
    ofSource.apply(scores, source);
    ofAnswer.apply(scores, history);
  }

private:
  RepetitionPenalty ofSource, ofAnswer;
};

/// Picks tokens for one sequence at a time; keeps nothing between two picks but memory.
class Sampler {
public:
  explicit Sampler(const SamplingOptions &options) : options(options) {}

  /// The `index`-th number of the stream decides. -1 if the scores are not numbers.
  int32_t pick(std::span<const float> scores, uint64_t stream, uint64_t index);

private:
  struct Candidate {
    int32_t id;
    double score;
  };

  void keepTopK();
  void keepTopP();
  void keepMinP();
  int32_t draw(double number) const;

  SamplingOptions options;
  std::vector<Candidate> candidates;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_SAMPLER_H
