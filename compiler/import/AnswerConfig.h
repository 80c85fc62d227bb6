//===- AnswerConfig.h - Where a checkpoint speaks of answers ----*- C++ -*-===//

#ifndef TENON_IMPORT_ANSWERCONFIG_H
#define TENON_IMPORT_ANSWERCONFIG_H

#include "import/Import.h"
#include "import/StrictJson.h"

namespace tenon::import {

/// generation_config.json; where there is none, config.json and, of what that does not say, its part about the decoder.
/// That is where transformers looks.
class AnswerConfig {
public:
  AnswerConfig(Config &config, std::optional<Config> generation);

  /// The place of `key`.
  Config &at(llvm::StringRef key) { return generation ? *generation : inConfig(key); }
  /// The same, with config.json behind generation_config.json.
  Config &anywhere(llvm::StringRef key) {
    return generation && generation->has(key) ? *generation : inConfig(key);
  }
  bool has(llvm::StringRef key) { return at(key).has(key); }
  llvm::Error takeError() const;

private:
  Config &inConfig(llvm::StringRef key) { return inner && !config.has(key) && inner->has(key) ? *inner : config; }

  Config &config;
  std::optional<Config> inner, generation;
};

/// How answers are to be chosen: spec::Generation. What cannot be done is noted.
void readGeneration(AnswerConfig &config, ImportedModel &imported);

} // namespace tenon::import

#endif // TENON_IMPORT_ANSWERCONFIG_H
