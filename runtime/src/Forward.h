//===- Forward.h - New tokens through a model that generates ----*- C++ -*-===//

#ifndef TENON_RUNTIME_FORWARD_H
#define TENON_RUNTIME_FORWARD_H

#include "Manifest.h"
#include "Sequence.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
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

// What entry points that the runtime itself calls have, and what they are called with.
const TensorType *findTensor(const std::vector<TensorType> &tensors, std::string_view name);
/// Fails (TENON_ERROR_LIBRARY) unless the entry point has that tensor.
void checkTensor(const Entry &entry, const std::vector<TensorType> &tensors, const char *name, tenon_type type,
                 size_t rank);
/// The last extent of an output, a number; 0 if there is none.
int64_t lastExtent(const Entry &entry, std::string_view output);
/// Gives the dims of a tensor the values that `shape` has in their places.
void bindDims(const TensorType &tensor, std::initializer_list<int64_t> shape, std::vector<int64_t> &dims);

/// Checks that prefill and decode of a manifest are as docs/library.md says.
void checkGenerates(const Manifest &manifest);

/// The extents of an entry point's outputs.
int64_t logitsWidth(const Entry &prefill);
/// Whether the model gives the scores after every token.
bool givesAllLogits(const Entry &prefill);
/// 0 if the model does not give them.
int64_t hiddenWidth(const Entry &prefill);

/// Checks that the tokens are in the vocabulary and fit behind the `past` ones.
void checkTokens(const Model &model, const Entry &prefill, int64_t past, std::span<const int32_t> tokens, size_t row);

/// Runs the rows' new tokens, of which each has one at least, and takes them into the caches. Fails with the caches as
/// they were.
void forward(Session &runner, std::span<const Step> steps, const ForwardOutputs &outputs);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_FORWARD_H
