//===- ImportCommand.cpp - tenon import -----------------------------------===//

#include "Command.h"
#include "import/Import.h"

#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string model, directory;
  bool json = false;
};

void importModel(const Arguments &arguments) {
  auto imported = import::openModel(arguments.model);
  if (!imported)
    throw Failure(llvm::toString(imported.takeError()));
  for (const std::string &note : imported->notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  if (llvm::Error error = import::exportModel(*imported, arguments.directory))
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
  command->add_option("MODEL", arguments->model, "Checkpoint directory or spec")->required();
  command->add_option("-o,--output", arguments->directory, "Directory to write")->required();
  command->add_flag("--json", arguments->json, "Write a summary to standard output");
  command->callback([arguments] { importModel(*arguments); });
}
