//===- Forward.h - New tokens through a model that generates ----*- C++ -*-===//

#ifndef TENON_RUNTIME_FORWARD_H
#define TENON_RUNTIME_FORWARD_H

#include "Manifest.h"
#include "Sequence.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace tenon::runtime {

class Session;

/// New tokens of one row.
struct Step {
  Sequence *sequence;
  std::span<const int32_t> tokens;
};

/// What to compute, each a row after the other; nullptr for what is not wanted.
struct ForwardOutputs {
  float *logits = nullptr;    ///< [rows, vocab], after each row's last token
  float *allLogits = nullptr; ///< [rows, longest step, vocab]
  float *hidden = nullptr;    ///< [rows, longest step, width]
};

/// Gives the dims of a tensor the values that `shape` has in their places.
void bindDims(const TensorType &tensor, std::initializer_list<int64_t> shape, std::vector<int64_t> &dims);
/// Appends the states of an entry point and gives their pools' dims the numbers of pages.
void bindStates(const Model &model, const Entry &entry, std::vector<void *> &arguments, std::vector<int64_t> &dims);

/// Page tables as the rows of a matrix, whose dims are bound: 0 where there is no page.
std::vector<int32_t> pageMatrix(const TensorType &input, std::span<const std::span<const int32_t>> tables,
                                std::vector<int64_t> &dims);

/// The entry point prefill of a model that gives scores; fails (TENON_ERROR_INVALID_ARGUMENT) where it has no head.
const Entry &scoringPrefill(const Model &model);
/// The extent of an entry point's logits; 0 if it has none.
int64_t logitsWidth(const Entry &prefill);
/// Whether the model gives the scores after every token.
bool givesAllLogits(const Entry &prefill);
/// 0 if the model does not give them.
int64_t hiddenWidth(const Entry &prefill);

/// How many tokens a sequence may have: as many as the model has positions, less those that its source takes.
int64_t mostTokens(const Entry &prefill, const Sequence &sequence);
/// Checks that the tokens are in the vocabulary and fit behind those of the sequence.
void checkTokens(const Model &model, const Entry &prefill, const Sequence &sequence, std::span<const int32_t> tokens,
                 size_t row);

/// Runs the rows' new tokens, of which each has one at least, and takes them into the caches. Fails with the caches as
/// they were.
void forward(Session &runner, std::span<const Step> steps, const ForwardOutputs &outputs);
/// The same by an entry point of the caller's choice, whatever the sequences are about.
void forward(Session &runner, const Entry &entry, std::span<const Step> steps, const ForwardOutputs &outputs);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_FORWARD_H
