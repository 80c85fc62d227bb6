//===- Space.h - Where a model lies between the poles -----------*- C++ -*-===//
//
// An encoder-decoder and a decoder alone differ in a handful of choices (docs/space.md). A survey says which a model
// has, and what it would cost with one of them made otherwise.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SPACE_SPACE_H
#define TENON_SPACE_SPACE_H

#include "space/Figures.h"
#include "space/Knob.h"
#include "llvm/Support/Error.h"

namespace tenon::space {

/// A model with one knob turned.
struct Step {
  size_t knob = 0; ///< Its index in the survey.
  std::string value;
  std::optional<Figures> figures;
  std::string spec;  ///< Of the model, without weights: they are another model's.
  /// Why there is no such model: what the reader of specs, a verifier or a pass says, or why it takes more.
  std::string error;
};

struct Survey {
  int64_t length = 0; ///< Tokens of source and answer each at which work is counted.
  std::vector<Knob> knobs;
  Figures here;
  std::vector<Step> steps;
};

/// The most tokens at which work is counted, key by key.
inline constexpr int64_t maximumLength = 4096;

/// Surveys what lies around `model`, at `length` tokens or as many of 128 as positions allow. Only the spec is asked,
/// no weight. `progress` is told how many of the models are done; it may be empty.
llvm::Expected<Survey> survey(const spec::Model &model, std::optional<int64_t> length,
                              const std::function<void(uint64_t done, uint64_t total)> &progress = {});

} // namespace tenon::space

#endif // TENON_SPACE_SPACE_H
