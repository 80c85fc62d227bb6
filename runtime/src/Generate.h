//===- Generate.h - What comes after a prompt -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_GENERATE_H
#define TENON_RUNTIME_GENERATE_H

#include "GenerateOptions.h"
#include "GenerationResults.h"
#include "Sequence.h"
#include "text/Tokenizer.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tenon::runtime {

class Session;

/// One prompt: the sequence that it continues, and what may cancel it.
struct Prompt {
  Sequence *sequence;
  std::span<const int32_t> tokens;
  const std::atomic<bool> *cancelled;
};

class Model;

/// The tokens that a prompt means: those given, else the model's start, where the sequence is empty and it has one.
std::span<const int32_t> promptTokens(const Model &model, const Sequence &sequence, std::span<const int32_t> given);

/// What is known where the next token of an answer is to be chosen.
AnswerSoFar answerSoFar(const Sequence &sequence, std::span<const int32_t> written, size_t context);

struct GenerationTimes {
  double prefillSeconds = 0;
  double decodeSeconds = 0;
};

/// Writes what comes after each prompt, into one element of `results` each, on the threads of `runner`. The prompts'
/// sequences are then what tenon_generate says; after a failure they are as before.
GenerationTimes generate(Session &runner, std::span<const Prompt> prompts, const GenerateOptions &options,
                         std::span<GenerationResults> results);

/// Takes the prompts in, in pieces of a few hundred tokens; `logits` are those after each prompt's last token. Stops
/// early, returning false, when one is cancelled.
bool prefillPrompts(Session &runner, std::span<const Prompt> prompts, std::span<float> logits);

/// Beam search as Hugging Face's transformers does it. The sequences have taken the prompts in, after which the model
/// said `logits`, [prompts, vocab]; they become the best beams'. The beams of all prompts go through the model
/// together.
void searchBeams(Session &runner, std::span<const Prompt> prompts, std::vector<float> logits,
                 const GenerateOptions &options, std::span<GenerationResults> results);

/// Calls task(row) for rows of `vocab` scores, on the session's threads where that pays.
void forEachRow(Session &runner, size_t rows, size_t vocab, const std::function<void(size_t)> &task);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_GENERATE_H
