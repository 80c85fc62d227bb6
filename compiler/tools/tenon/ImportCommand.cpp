//===- ImportCommand.cpp - tenon import -----------------------------------===//

#include "Command.h"
#include "ModelArgument.h"

#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string model, directory;
  import::ImportOptions options;
  bool json = false;
};

void importModel(const Arguments &arguments) {
  import::ImportedModel imported = openModel(arguments.model, arguments.options);
  if (llvm::Error error = import::exportModel(imported, arguments.directory))
    throw Failure(llvm::toString(std::move(error)));
  if (arguments.json)
    std::printf("%s\n", nlohmann::json{{"directory", arguments.directory}}.dump().c_str());
  else
    std::fprintf(stderr, "%s: model.yaml and what it names\n", arguments.directory.c_str());
}

} // namespace

void tools::addImport(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("import", "Write a checkpoint as a spec with its weights, to read and edit\n"
                                                   "Example: tenon import all-MiniLM-L6-v2 -o minilm");
  addModelArgument(*command, arguments->model, arguments->options);
  command->add_option("-o,--output", arguments->directory, "Directory to write")->required();
  command->add_flag("--json", arguments->json, "Write a summary to standard output");
  command->callback([arguments] { importModel(*arguments); });
}
