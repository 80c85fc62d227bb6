//===- Transcribe.cpp - tenon run on sounds -------------------------------===//

#include "Transcribe.h"
#include "Command.h"
#include "Generate.h"
#include "Output.h"
#include "tenon/audio.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

/// "01:02.50"
std::string clockTime(double seconds) {
  char text[32];
  auto hundredths = static_cast<long long>(std::llround(seconds * 100));
  std::snprintf(text, sizeof text, "%02lld:%02lld.%02lld", hundredths / 6000, hundredths / 100 % 60, hundredths % 100);
  return text;
}

class Transcription {
public:
  Transcription(const RunArguments &arguments, const Model &model)
      : arguments(arguments), session(heard(model), arguments.threads), generation(arguments.generation.resolve(model)),
        hasTokenizer(model.info().has_tokenizer != 0) {}

  void run() {
    checkArguments();
    TranscribeOptions options = transcribeOptions();
    for (const std::string &path : arguments.audio) {
      Session *pointer = &session;
      CancelOnInterrupt cancel({&pointer, 1});
      first = true;
      transcripts.push_back(transcribeFile(session, path, options));
      seconds += transcripts.back().soundSeconds;
      finishRow(path);
    }
    writeOutputs();
    if (arguments.json)
      printJson();
    else
      printTimes();
  }

private:
  /// Fails on models that hear no sound.
  static const Model &heard(const Model &model) {
    audioFormat(model);
    return model;
  }

  void checkArguments() const {
    if (!arguments.texts.empty() || !arguments.tokens.empty() || !arguments.inputs.empty())
      throw Failure("--audio does not go with --text, --tokens or --input");
    if (arguments.chat)
      throw Failure("--audio does not go with --chat");
    if (!arguments.prefix.empty())
      throw Failure("--audio does not go with --prefix: --prefix-tokens says what answers start with");
    if (arguments.generation.has("--n-best") && generation.sequences != 1)
      throw Failure("--audio does not go with --n-best");
    if (generation.maxTokens < 1)
      throw Failure("--max-tokens 0: expected at least 1 with --audio");
    for (const std::string &output : arguments.outputs)
      if (splitAssignment("--output", output).first != "tokens")
        throw Failure("--output '" + splitAssignment("--output", output).first + "': --audio gives tokens");
  }

  TranscribeOptions transcribeOptions() {
    TranscribeOptions options;
    const SpeechArguments &speech = arguments.speech;
    options.timestamps = speech.timestamps;
    options.conditionOnPreviousText = !speech.independentWindows;
    options.initialPrompt = speech.initialPrompt;
    options.temperatureIncrementOnFallback = std::isnan(speech.temperatureIncrement) ? 0 : speech.temperatureIncrement;
    options.compressionRatioThreshold = speech.compressionRatioThreshold;
    options.logprobThreshold = speech.logprobThreshold;
    options.noSpeechThreshold = speech.noSpeechThreshold;
    options.bestOf = speech.bestOf;
    options.generate = generation;
    options.generate.sequences = 1;
    if (arguments.generation.has("--max-tokens"))
      options.maxTokens = generation.maxTokens;
    if (!arguments.prefixTokens.empty())
      options.startTokens = parseTokens(arguments.prefixTokens);
    if (!arguments.json)
      options.onSegment = [this](const tenon_segment &segment) {
        printSegment(segment);
        return true;
      };
    return options;
  }

  void printSegment(const tenon_segment &segment) {
    if (arguments.speech.timestamps)
      std::printf("[%s -> %s] ", clockTime(segment.begin).c_str(), clockTime(segment.end).c_str());
    else if (!first)
      std::fputc(' ', stdout);
    first = false;
    if (hasTokenizer)
      std::fwrite(segment.text, 1, segment.text_bytes, stdout);
    else
      for (size_t index = 0; index < segment.token_count; ++index)
        std::printf(index == 0 ? "%d" : ",%d", segment.tokens[index]);
    if (arguments.speech.timestamps)
      std::fputc('\n', stdout);
    flushOutput();
  }

  void finishRow(const std::string &path) const {
    if (!arguments.json && !arguments.speech.timestamps)
      std::fputc('\n', stdout);
    flushOutput();
    if (transcripts.back().segments.empty())
      std::fprintf(stderr, "%s: no speech was found\n", path.c_str());
  }

  void writeOutputs() const {
    std::vector<std::vector<int32_t>> rows;
    for (const Transcript &transcript : transcripts)
      rows.push_back(transcript.tokens);
    for (const std::string &output : arguments.outputs)
      writeNpy(splitAssignment("--output", output).second, tokenArray(rows));
  }

  static nlohmann::json segmentJson(const Segment &segment) {
    nlohmann::json object{
        {"begin", segment.begin}, {"end", segment.end}, {"text", segment.text}, {"tokens", segment.tokens}};
    for (auto [key, value] : {std::pair("temperature", segment.temperature),
                              {"avg_logprob", segment.avgLogprob},
                              {"compression_ratio", segment.compressionRatio},
                              {"no_speech_prob", segment.noSpeechProb}})
      if (!std::isnan(value))
        object[key] = value;
    return object;
  }

  void printJson() const {
    nlohmann::json rows = nlohmann::json::array();
    double features = 0, encoding = 0, decoding = 0;
    for (const Transcript &transcript : transcripts) {
      nlohmann::json segments = nlohmann::json::array();
      for (const Segment &segment : transcript.segments)
        segments.push_back(segmentJson(segment));
      rows.push_back({{"tokens", transcript.tokens},
                      {"text", transcript.text},
                      {"segments", std::move(segments)},
                      {"finish", tenon_finish_name(transcript.finish)}});
      features += transcript.featureSeconds;
      encoding += transcript.encodeSeconds;
      decoding += transcript.decodeSeconds;
    }
    nlohmann::json object{{"rows", std::move(rows)},
                          {"timing",
                           {{"audio_seconds", seconds},
                            {"feature_seconds", features},
                            {"encode_seconds", encoding},
                            {"decode_seconds", decoding}}}};
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  void printTimes() const {
    double features = 0, encoding = 0, decoding = 0;
    size_t tokens = 0;
    for (const Transcript &transcript : transcripts) {
      features += transcript.featureSeconds;
      encoding += transcript.encodeSeconds;
      decoding += transcript.decodeSeconds;
      tokens += transcript.tokens.size();
    }
    std::fprintf(stderr, "%.1f s of sound: spectrograms %.3f s, encoder %.3f s, %zu tokens written in %.3f s\n",
                 seconds, features, encoding, tokens, decoding);
  }

  const RunArguments &arguments;
  Session session;
  GenerateOptions generation;
  bool hasTokenizer;
  std::vector<Transcript> transcripts;
  double seconds = 0;
  bool first = true;
};

} // namespace

void tools::transcribe(const RunArguments &arguments, const Model &model) { Transcription(arguments, model).run(); }
