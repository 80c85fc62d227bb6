//===- WindowWriter.h - What is said in one window --------------*- C++ -*-===//
//
// As OpenAI's program does it: an answer that repeats itself, or that the model itself finds unlikely, is written again
// at the next temperature.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_AUDIO_WINDOWWRITER_H
#define TENON_RUNTIME_AUDIO_WINDOWWRITER_H

#include "Generate.h"
#include "Session.h"

#include <atomic>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace tenon::runtime {

/// Compared with what is measured of an answer. NaN, of which nothing is more or less, switches one off.
struct AnswerThresholds {
  double compressionRatio = 2.4;    ///< an answer that has more repeats itself
  double meanLogProbability = -1;   ///< one that has less is not to be believed
  double noSpeechProbability = 0.6; ///< in a window that has more nobody speaks, unless the answer is to be believed
};

struct WindowOptions {
  std::vector<int32_t> start; ///< what the answer about each window starts with
  GenerateOptions generate;
  std::vector<double> temperatures = {0}; ///< in the order in which they are tried
  uint32_t bestOf = 1;                    ///< how many are sampled above temperature 0; the likeliest counts
  AnswerThresholds thresholds;
};

struct WindowAnswer {
  std::vector<int32_t> written; ///< the end of text included
  std::vector<int32_t> tokens;  ///< without it
  double temperature = 0;
  double meanLogProbability = 0;
  double compressionRatio = std::numeric_limits<double>::quiet_NaN(); ///< of the text; NaN where there is no tokenizer
  double noSpeechProbability = std::numeric_limits<double>::quiet_NaN(); ///< NaN where the model has no token for it
  tenon_finish finish = TENON_FINISH_STOP_TOKEN;
};

/// A text's bytes for each byte that zlib makes of them.
double compressionRatio(const std::string &text);

/// `text` without the white space around it.
std::string_view trimmed(std::string_view text);

class WindowWriter {
public:
  WindowWriter(Session &session, const std::atomic<bool> &cancelled, const WindowOptions &options);

  /// How many tokens of earlier text an answer may go on from.
  size_t mostContext() const { return contextRoom; }

  /// Writes about the source that the session has. `context`: earlier text that it goes on from, of which the last
  /// mostContext() tokens count.
  WindowAnswer write(std::span<const int32_t> context);

  /// Whether nobody speaks in the window.
  bool isSilence(const WindowAnswer &answer) const;

  double seconds() const { return spent; }

private:
  bool read(std::span<const int32_t> tokens, std::vector<float> &logits);
  double noSpeechProbability();
  void attempt(double temperature, WindowAnswer &answer);
  bool isGood(const WindowAnswer &answer) const;

  Session &session;
  const std::atomic<bool> &cancelled;
  const WindowOptions &options;
  const Manifest &manifest;
  size_t contextRoom = 0;
  uint64_t attempts = 0; ///< of all windows, so that each draws numbers of its own
  double spent = 0;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_AUDIO_WINDOWWRITER_H
