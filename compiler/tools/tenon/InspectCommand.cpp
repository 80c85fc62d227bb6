//===- InspectCommand.cpp - tenon inspect ---------------------------------===//

#include "Command.h"
#include "Manifest.h"
#include "import/Import.h"
#include "spec/SpecWriter.h"
#include "tenon/tenon.hpp"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string model;
  bool json = false;
};

void printTensors(const char *title, const nlohmann::json &tensors) {
  std::printf("  %s:\n", title);
  for (const auto &tensor : tensors) {
    std::string shape;
    for (const auto &size : tensor["shape"])
      shape += (shape.empty() ? "" : " x ") + (size.is_string() ? size.get<std::string>() : size.dump());
    std::printf("    %-12s %s [%s]\n", tensor["name"].get<std::string>().c_str(),
                tensor["type"].get<std::string>().c_str(), shape.c_str());
  }
}

void inspectLibrary(const Arguments &arguments) {
  Model model(arguments.model);
  auto manifest = readManifest(model);
  if (arguments.json) {
    std::printf("%s\n", manifest.dump().c_str());
    return;
  }
  std::printf("%s, compiled by tenon %s, running its kernels for %s\n", model.info().name,
              manifest["compiler"].get<std::string>().c_str(), model.info().target);
  for (const auto &entry : manifest["entries"]) {
    std::printf("entry point %s\n", entry["name"].get<std::string>().c_str());
    printTensors("inputs", entry["inputs"]);
    printTensors("outputs", entry["outputs"]);
  }
  std::printf("kernels:\n");
  for (const auto &kernel : manifest["kernels"]) {
    std::printf("  %s\n", kernel["name"].get<std::string>().c_str());
    for (const auto &[target, schedule] : kernel["schedules"].items())
      std::printf("    %-10s %s\n", target.c_str(), schedule.get<std::string>().c_str());
  }
  if (manifest.contains("weights"))
    std::printf("weights: %s, %.1f MB\n", manifest["weights"]["file"].get<std::string>().c_str(),
                manifest["weights"]["bytes"].get<double>() / 1e6);
  std::printf("spec:\n%s", model.info().spec);
}

void inspectModel(const Arguments &arguments) {
  auto imported = import::openModel(arguments.model);
  if (!imported)
    throw Failure(llvm::toString(imported.takeError()));
  std::string spec = spec::writeSpec(imported->model);
  if (arguments.json)
    std::printf("%s\n", nlohmann::json{{"spec", spec}}.dump().c_str());
  else
    std::printf("%s", spec.c_str());
}

} // namespace

void tools::addInspect(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("inspect", "Show what is in a library or a checkpoint\n"
                                                    "Example: tenon inspect minilm.so");
  command->add_option("MODEL", arguments->model, "Library, spec or checkpoint directory")->required();
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments] {
    if (llvm::StringRef(arguments->model).ends_with(".so"))
      inspectLibrary(*arguments);
    else
      inspectModel(*arguments);
  });
}
