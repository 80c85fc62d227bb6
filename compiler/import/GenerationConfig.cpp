//===- GenerationConfig.cpp - How answers are to be chosen ----------------===//
//
// The keys of transformers' GenerationConfig. Those of tokens are in AnswerTokens.cpp; those that are in no table here
// say what `generate` returns, how it caches and compiles, or how an assistant drafts, and do not change an answer.
//
//===----------------------------------------------------------------------===//

#include "import/AnswerConfig.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

namespace {

/// A number that the spec has too, and the value of it that is as good as none.
struct TakenKey {
  StringRef theirs, ours;
  double usual;
};

constexpr double always = NAN; // which equals no value

constexpr TakenKey takenKeys[] = {
    {"max_new_tokens", "max_tokens", always},
    {"max_length", "max_length", always},
    {"min_new_tokens", "min_tokens", always},
    {"min_length", "min_length", 0},
    {"top_k", "top_k", always},
    {"top_p", "top_p", 1},
    {"min_p", "min_p", 0},
    {"repetition_penalty", "repetition_penalty", 1},
    {"encoder_repetition_penalty", "source_repetition_penalty", 1},
    {"no_repeat_ngram_size", "no_repeat_ngram", 0},
    {"encoder_no_repeat_ngram_size", "source_no_repeat_ngram", 0},
    {"num_return_sequences", "sequences", 1},
    {"num_beams", "beams", 1},
    {"length_penalty", "length_penalty", 1},
};

/// A key that changes answers in a way that is not supported, and the value that does not.
struct RefusedKey {
  StringRef key, usual;
};

constexpr RefusedKey refusedKeys[] = {
    {"typical_p", "1"},
    {"top_h", ""},
    {"epsilon_cutoff", "0"},
    {"eta_cutoff", "0"},
    {"guidance_scale", "1"},
    {"sequence_bias", ""},
    {"exponential_decay_length_penalty", ""},
    {"remove_invalid_values", "false"},
    {"token_healing", "false"},
    {"watermarking_config", ""},
    {"max_time", ""},
    {"num_beam_groups", "1"},
    {"diversity_penalty", "0"},
    {"constraints", ""},
    {"force_words_ids", ""},
    {"penalty_alpha", "0"},
    {"dola_layers", ""},
    {"low_memory", "false"},
};

class GenerationReader {
public:
  GenerationReader(AnswerConfig &config, ImportedModel &imported)
      : config(config), generation(imported.model.generation), notes(imported.notes) {}

  void run();

private:
  void readNumber(const TakenKey &key);
  void readLengths();
  void readChoice();
  void readEarlyStopping();
  void readStopStrings();
  void note(StringRef key, const llvm::Twine &text) {
    notes.push_back((config.at(key).place(key) + " (" + config.at(key).text(key) + ") " + text).str());
  }

  AnswerConfig &config;
  spec::Generation &generation;
  std::vector<std::string> &notes;
};

void GenerationReader::readNumber(const TakenKey &key) {
  Config &place = config.at(key.theirs);
  double value = place.numberOr(key.theirs, key.usual);
  const spec::GenerationNumber *number =
      llvm::find_if(spec::generationNumbers, [&](const auto &each) { return StringRef(each.name) == key.ours; });
  if (!place.has(key.theirs) || value == key.usual)
    return;
  if (number->isWhole && value != std::floor(value))
    place.fail(key.theirs, "expected a whole number, found " + place.text(key.theirs));
  // Lengths beyond all that can be are no limit.
  generation.numbers.emplace(number->name, number->most == INT32_MAX ? std::min(value, number->most) : value);
}

/// Of two bounds, that of new tokens counts.
void GenerationReader::readLengths() {
  if (generation.numbers.count("max_tokens"))
    generation.numbers.erase("max_length");
  if (generation.numbers.count("min_tokens"))
    generation.numbers.erase("min_length");
  // More than can be written is the same as all of it.
  if (auto least = generation.numbers.find("min_tokens"); least != generation.numbers.end())
    least->second = std::min(least->second, generation.numberOr("max_tokens", INT32_MAX));
}

void GenerationReader::readChoice() {
  bool samples = config.at("do_sample").booleanOr("do_sample", false);
  double beams = generation.numberOr("beams", 1), sequences = generation.numberOr("sequences", 1);
  if (beams < 1)
    config.at("num_beams").fail("num_beams", "expected an integer above 0");
  else if (beams > 1 ? sequences > beams : sequences > 1 && !samples)
    config.at("num_return_sequences")
        .fail("num_return_sequences", "expected at most 'num_beams', or 'do_sample': true and no beams");
  if (!samples)
    return;
  // What transformers takes where nothing is said.
  generation.numbers.emplace("top_k", 50);
  double temperature = config.at("temperature").numberOr("temperature", 1);
  if (beams > 1)
    note("do_sample", "is not taken over: a beam search that samples is not supported, 'num_beams' is taken alone");
  else if (temperature == 0)
    note("temperature", "means the likeliest token; 'do_sample' is not taken over");
  else
    generation.numbers.emplace("temperature", temperature);
}

void GenerationReader::readEarlyStopping() {
  static constexpr StringRef key = "early_stopping";
  Config &place = config.at(key);
  int value = llvm::StringSwitch<int>(place.has(key) ? place.text(key) : "false")
                  .Case("false", 0)
                  .Case("true", 1)
                  .Case("\"never\"", 2)
                  .Default(-1);
  if (value < 0)
    place.fail(key, "expected true, false or \"never\", found " + place.text(key));
  if (value > 0)
    generation.numbers.emplace("early_stopping", value);
}

void GenerationReader::readStopStrings() {
  static constexpr StringRef key = "stop_strings";
  Config &place = config.at(key);
  if (place.has(key))
    generation.stop = StringRef(place.text(key)).starts_with("\"") ? std::vector{place.string(key)} : place.strings(key);
}

void GenerationReader::run() {
  for (const TakenKey &key : takenKeys)
    readNumber(key);
  readLengths();
  readChoice();
  readEarlyStopping();
  readStopStrings();
  if (config.at("renormalize_logits").booleanOr("renormalize_logits", false))
    generation.numbers.emplace("renormalize", 1);
  for (const RefusedKey &refused : refusedKeys)
    if (config.has(refused.key) && config.at(refused.key).text(refused.key) != refused.usual)
      note(refused.key, "is not supported: answers are written without it");
}

} // namespace

AnswerConfig::AnswerConfig(Config &config, std::optional<Config> generation)
    : config(config), generation(std::move(generation)) {
  for (StringRef key : {"decoder", "generator", "text_config"})
    if (!inner)
      inner = config.section(key);
}

llvm::Error AnswerConfig::takeError() const {
  if (generation && generation->failed())
    return generation->takeError();
  return config.takeError();
}

void tenon::import::readGeneration(AnswerConfig &config, ImportedModel &imported) {
  GenerationReader(config, imported).run();
}
