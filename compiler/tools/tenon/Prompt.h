//===- Prompt.h - What one answer is about and begins with ------*- C++ -*-===//

#ifndef TENON_TOOLS_PROMPT_H
#define TENON_TOOLS_PROMPT_H

#include "RunInput.h"

namespace tenon::tools {

struct Prompt {
  std::vector<Source> sources; ///< of models that write about some, one of each
  std::vector<int32_t> tokens; ///< what the answer continues
  bool asText = false;         ///< whether the answer is wanted as text
  bool isLine = false;         ///< of standard input
  bool isBlank = false;        ///< an empty line, of which an empty line is made
  std::string place;           ///< "line 3", for messages
  std::string lost;            ///< why there is no answer; an empty line stands for it
};

/// Of its sources, tokens or rows; without any, of its tokens.
int64_t lengthOf(const Prompt &prompt, std::span<const tenon_source_info> sources);

/// A source for each sequence of an array of features or hidden states, as `kind` says, [rows, columns] or
/// [batch, rows, columns]. Features may be [columns, rows] too; where both are possible, rows come first.
/// Throws Failure.
std::vector<Source> readSourceArray(const std::string &kind, const std::string &path, const tenon_source_info &info);

/// The last hidden states of the encoder for the only source of a prompt: rows of info.width.
std::vector<float> hiddenStates(Session &session, const Prompt &prompt, const tenon_source_info &info);

/// Batches of prompts of like length, so that little is padding; indices ascend in each, and so do the first ones of
/// the batches. Blank prompts are in none.
std::vector<std::vector<size_t>> batchesOf(std::span<const Prompt *const> prompts,
                                           std::span<const tenon_source_info> sources);

} // namespace tenon::tools

#endif // TENON_TOOLS_PROMPT_H
