//===- GenerationDefaults.h - How a model wants to be asked -----*- C++ -*-===//

#ifndef TENON_RUNTIME_GENERATIONDEFAULTS_H
#define TENON_RUNTIME_GENERATIONDEFAULTS_H

#include "Json.h"
#include "tenon/tenon.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::runtime {

/// The options of a model whose caller gives none: those that its manifest has under "generation", else
/// TENON_GENERATE_DEFAULTS.
class GenerationDefaults {
public:
  GenerationDefaults() = default;
  /// A Failure of TENON_ERROR_LIBRARY names what is wrong with it.
  explicit GenerationDefaults(const JsonValue &generation);
  // Others point into it; where it is moved to, they go on to.
  GenerationDefaults(const GenerationDefaults &) = delete;
  GenerationDefaults(GenerationDefaults &&) = default;
  GenerationDefaults &operator=(GenerationDefaults &&) = default;

  const tenon_generate_options &options() const { return given; }

private:
  void readBadWords(const JsonValue &words);
  void readStopStrings(const JsonValue &strings);

  tenon_generate_options given = TENON_GENERATE_DEFAULTS;
  std::vector<std::vector<int32_t>> badWords;
  std::vector<std::string> stopStrings;
  std::vector<tenon_token_list> badWordLists;
  std::vector<const char *> stopPointers;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_GENERATIONDEFAULTS_H
