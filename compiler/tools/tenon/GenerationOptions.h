//===- GenerationOptions.h - Options of models that generate ----*- C++ -*-===//

#ifndef TENON_TOOLS_GENERATIONOPTIONS_H
#define TENON_TOOLS_GENERATIONOPTIONS_H

#include "tenon/tenon.hpp"
#include <CLI/CLI.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace tenon::tools {

/// What the command line says of how answers are chosen: changes of a model's own options.
class GenerationOptions {
public:
  /// Adds the options, as one group. This must outlive the command.
  void addTo(CLI::App &command, const char *group);
  /// Whether the command line has the option.
  bool has(const std::string &name) const { return given.count(name) != 0; }
  /// The model's own options, or the runtime's with --no-model-defaults, with what is given in their place; what goes
  /// with it follows. Throws Failure.
  GenerateOptions resolve(const Model &model) const;

private:
  using Change = std::function<void(GenerateOptions &)>;

  template <typename T>
  CLI::Option *add(CLI::App &command, const std::string &name, T GenerateOptions::*member, const char *description);
  void addLengths(CLI::App &command);
  void addChoice(CLI::App &command);
  void addSearch(CLI::App &command);
  void addLimits(CLI::App &command);
  void settleLengths(GenerateOptions &options) const;
  void settleChoice(GenerateOptions &options) const;
  void readBadWords(const Model &model, GenerateOptions &options) const;

  std::vector<CLI::Option *> added;
  std::set<std::string> given;
  std::vector<Change> changes;
  std::vector<std::string> badWords, badTokens;
  bool noModelDefaults = false;
};

} // namespace tenon::tools

#endif // TENON_TOOLS_GENERATIONOPTIONS_H
