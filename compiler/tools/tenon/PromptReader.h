//===- PromptReader.h - What a model is asked to write about ----*- C++ -*-===//

#ifndef TENON_TOOLS_PROMPTREADER_H
#define TENON_TOOLS_PROMPTREADER_H

#include "LineReader.h"
#include "Prompt.h"

#include <deque>
#include <exception>
#include <optional>

namespace tenon::tools {

/// The prompts of --text, --tokens and --input, in this order.
class PromptReader {
public:
  /// Throws Failure where arguments do not go together or with the model.
  PromptReader(const RunArguments &arguments, const Model &model);

  /// At least one and at most `most` prompts, of standard input no more than are there; none at the end. A prompt that
  /// cannot be read fails when those before it have been taken.
  std::vector<Prompt> next(size_t most);

  bool readsLines() const { return lineInput; }
  /// About how many of how many prompts have been taken; the second is 0 where that cannot be known.
  size_t taken() const { return count; }
  size_t expected() const;
  /// Whether there is one prompt and no more.
  bool isOne() const;

private:
  void checkArguments() const;
  void readSources();
  std::vector<int32_t> answerBeginning() const;
  std::optional<Prompt> one(bool waits);
  Prompt fromLine(const std::string &line, const std::string &place) const;
  Prompt fromText(const std::string &text, const std::string &place) const;
  Prompt fromTokens(std::vector<int32_t> given, const std::string &place) const;
  std::vector<ChatMessage> conversation(const std::string &text) const;
  void checkSource(const Prompt &prompt, const std::string &place) const;

  const RunArguments &arguments;
  const Model &model;
  tenon_model_info info;
  std::vector<tenon_source_info> sources; ///< of the model
  LineReader reader;
  bool lineInput;
  size_t texts = 0, tokens = 0;   ///< how many of the arguments have been taken
  std::vector<int32_t> beginning; ///< of answers about a source
  std::deque<Prompt> named; ///< those of --source, --source-tokens and --input
  size_t namedCount = 0;
  std::exception_ptr failure;
  size_t count = 0;
};

} // namespace tenon::tools

#endif // TENON_TOOLS_PROMPTREADER_H
