//===- Prompt.h - What one answer is about and begins with ------*- C++ -*-===//

#ifndef TENON_TOOLS_PROMPT_H
#define TENON_TOOLS_PROMPT_H

#include "RunInput.h"

namespace tenon::tools {

struct Prompt {
  Source source;               ///< of models that write about one
  std::vector<int32_t> tokens; ///< what the answer continues
  bool asText = false;         ///< whether the answer is wanted as text
  bool isLine = false;         ///< of standard input
  bool isBlank = false;        ///< an empty line, of which an empty line is made
  std::string place;           ///< "line 3", for messages
  std::string lost;            ///< why there is no answer; an empty line stands for it
};

/// Whether --input names sources and not the inputs of an entry point.
bool givesSources(const RunArguments &arguments, const tenon_model_info &info);

/// Of its source, tokens or rows; without one, of its tokens.
int64_t lengthOf(const Prompt &prompt, const tenon_model_info &info);

/// A prompt for each sequence of an array of --input features= or hidden=, [rows, columns] or [batch, rows, columns].
/// Features may be [columns, rows] too; where both are possible, rows come first.
/// Throws Failure.
std::vector<Prompt> readSourceArrays(const std::string &input, const tenon_model_info &info);

/// The last hidden states of the encoder for a prompt's source: rows of info.source_width.
std::vector<float> hiddenStates(const Model &model, Session &session, const Prompt &prompt);

/// Batches of prompts of like length, so that little is padding; indices ascend in each, and so do the first ones of
/// the batches. Blank prompts are in none.
std::vector<std::vector<size_t>> batchesOf(std::span<const Prompt *const> prompts, const tenon_model_info &info);

} // namespace tenon::tools

#endif // TENON_TOOLS_PROMPT_H
