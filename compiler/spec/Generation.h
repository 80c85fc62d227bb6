//===- Generation.h - How answers are chosen --------------------*- C++ -*-===//

#ifndef TENON_SPEC_GENERATION_H
#define TENON_SPEC_GENERATION_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::spec {

/// How the model's authors want its answers to be chosen where nobody says otherwise. What is not there is as in
/// TENON_GENERATE_DEFAULTS.
struct Generation {
  /// By the names of generationNumbers: numbers as tenon_generate_options has them.
  std::map<std::string, double, std::less<>> numbers;
  std::vector<std::vector<int64_t>> badWords; ///< Sequences of tokens that are never written.
  std::vector<std::string> stop;              ///< Texts that end an answer.

  double numberOr(std::string_view name, double usual) const {
    auto found = numbers.find(name);
    return found == numbers.end() ? usual : found->second;
  }
  bool isEmpty() const { return numbers.empty() && badWords.empty() && stop.empty(); }
};

/// One number of Generation. The spec, the manifest and tenon_generate_options have it by the same name.
struct GenerationNumber {
  std::string_view name;
  bool isWhole;
  double least, most;
  const std::string_view *words = nullptr; ///< How the spec spells values from 0 on; null for digits.
};

inline constexpr std::string_view earlyStoppingWords[] = {"false", "true", "never"};
inline constexpr std::string_view flagWords[] = {"false", "true"};

/// Factors of scores, so that what they make is finite.
inline constexpr double leastFactor = 1e-30, mostFactor = 1e30;

inline constexpr GenerationNumber generationNumbers[] = {
    {"max_tokens", true, 0, INT32_MAX},
    {"max_length", true, 1, INT32_MAX},
    {"min_tokens", true, 0, INT32_MAX},
    {"min_length", true, 0, INT32_MAX},
    {"temperature", false, 0, mostFactor},
    {"top_k", true, 0, INT32_MAX},
    {"top_p", false, 0x1p-1022, 1},
    {"min_p", false, 0, 1},
    {"repetition_penalty", false, leastFactor, mostFactor},
    {"source_repetition_penalty", false, leastFactor, mostFactor},
    {"no_repeat_ngram", true, 0, INT32_MAX},
    {"source_no_repeat_ngram", true, 0, INT32_MAX},
    {"sequences", true, 1, 4096},
    {"beams", true, 0, 4096},
    {"length_penalty", false, -mostFactor, mostFactor},
    {"early_stopping", true, 0, 2, earlyStoppingWords},
    {"renormalize", true, 0, 1, flagWords},
};

} // namespace tenon::spec

#endif // TENON_SPEC_GENERATION_H
