//===- RunInput.h - What tenon run reads and writes -------------*- C++ -*-===//

#ifndef TENON_TOOLS_RUNINPUT_H
#define TENON_TOOLS_RUNINPUT_H

#include "GenerationOptions.h"
#include "Npy.h"
#include "tenon/tenon.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tools {

inline constexpr const char *kGenerationGroup = "Models that generate";

inline constexpr const char *kSpeechGroup = "Models of speech, with --audio";

/// As in tenon::TranscribeOptions, with its defaults; NaN for what is switched off.
struct SpeechArguments {
  bool timestamps = false, independentWindows = false;
  std::string initialPrompt;
  double temperatureIncrement = 0.2;
  double compressionRatioThreshold = 2.4, logprobThreshold = -1, noSpeechThreshold = 0.6;
  uint32_t bestOf = 1;
};

struct RunArguments {
  std::string library, entry = "encode", system;
  std::string prefix, prefixTokens; ///< what answers about sources begin with
  std::optional<std::string> prompt, promptText;
  std::vector<std::string> texts, tokens, inputs, outputs, audio;
  std::vector<std::string> sourceTexts, sourceTokens; ///< "NAME=…", of models that write about several sources
  uint32_t threads = 0;
  bool json = false, hugePages = false, checkWeights = false, chat = false;
  GenerationOptions generation;
  SpeechArguments speech;
};

/// "NAME=VALUE" in two; `form` is what is expected. Throws Failure.
std::pair<std::string, std::string> splitName(const std::string &option, const std::string &text, const char *form);

/// "NAME=FILE.npy" in two. Throws Failure.
std::pair<std::string, std::string> splitAssignment(const std::string &option, const std::string &text);

/// "1,2,3"; an empty list is a row without tokens. Throws Failure, which names the option.
std::vector<int32_t> parseTokens(const std::string &text, const std::string &option = "--tokens");

struct InputText {
  std::string text;
  std::string place; ///< "--text 0", "line 3"
  bool isLine;
};

/// Texts of the command line; "-" stands for the lines of standard input.
std::vector<InputText> readTexts(const std::vector<std::string> &given);

/// Lines of a job that were given up.
class LostLines {
public:
  /// Tells of the first ones on standard error.
  void add(const std::string &why);
  /// Throws Failure with their number, where there are any.
  void report(size_t all) const;

private:
  size_t count = 0;
};

NpyArray floatArray(std::vector<int64_t> shape, std::vector<float> values);

/// Rows of tokens, padded with zeros.
NpyArray tokenArray(const std::vector<std::vector<int32_t>> &rows);

} // namespace tenon::tools

#endif // TENON_TOOLS_RUNINPUT_H
