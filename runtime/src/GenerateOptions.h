//===- GenerateOptions.h - How an answer is to be written -------*- C++ -*-===//

#ifndef TENON_RUNTIME_GENERATEOPTIONS_H
#define TENON_RUNTIME_GENERATEOPTIONS_H

#include "AnswerRules.h"
#include "Sampler.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon::runtime {

class Model;

enum class EarlyStopping { WhenUnlikely, WhenEnough, WhenCertain };

/// As in tenon_generate_options, checked.
struct GenerateOptions {
  AnswerBounds bounds;
  Repeats repeats;
  SamplingOptions sampling;
  uint32_t sequences = 1;
  uint32_t beams = 0;
  double lengthPenalty = 1;
  EarlyStopping earlyStopping = EarlyStopping::WhenUnlikely;
  bool scores = false;
  /// Whether the probabilities of beams and scores are among what may be said, so that what may not has none of them.
  bool renormalize = false;
  std::vector<int32_t> stopTokens; ///< the model's own included, unless they are to be ignored
  std::vector<std::string> stopStrings;
  std::vector<std::vector<int32_t>> badWords;
  ScoreFilter filter; ///< or none
  std::optional<size_t> startTokens = std::nullopt; ///< how many answers start with; none: as many as the model's own
  size_t context = 0; ///< how many tokens stand in front of what answers start with, and are not part of them
  /// Returns whether to cancel.
  std::function<bool(const tenon_generation_event &)> callback;
};

/// Checks what a caller gave.
GenerateOptions convertOptions(const Model &model, const tenon_generate_options &given);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_GENERATEOPTIONS_H
