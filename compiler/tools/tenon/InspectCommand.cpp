//===- InspectCommand.cpp - tenon inspect ---------------------------------===//

#include "Command.h"
#include "MemoryPlan.h"
#include "ModelArgument.h"
#include "Progress.h"
#include "SpaceReport.h"
#include "import/Import.h"
#include "import/WeightSummary.h"
#include "kernels/Kernels.h"
#include "runtime/src/Failure.h"
#include "runtime/src/Library.h"
#include "runtime/src/Session.h"
#include "schedules/ScheduleReader.h"
#include "schedules/ScheduleSource.h"
#include "schedules/ScheduleWriter.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <optional>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string model;
  import::ImportOptions options;
  bool json = false, space = false, memory = false, schedules = false;
  std::optional<int64_t> length;
  std::vector<std::string> sizes;
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

/// What schedules took for granted of CPUs.
void printTargets(const nlohmann::json &targets) {
  std::printf("targets:\n");
  for (const auto &[name, figures] : targets.items()) {
    std::printf("  %-11s", name.c_str());
    for (const kernels::CpuFigure &figure : kernels::cpuFigures())
      if (auto found = figures.find(figure.name); found != figures.end())
        std::printf(" %s=%s", figure.name, kernels::figureText(found->get<int64_t>(), figure).c_str());
    std::printf("\n");
  }
}

/// The manifest and the kernels that would run, without the weights.
std::pair<nlohmann::json, std::string> readLibrary(const std::string &path) {
  try {
    runtime::Library library(path, runtime::sessionHooks());
    const tenon_library &table = library.table();
    return {nlohmann::json::parse(table.manifest, table.manifest + table.manifest_size), library.target("").name};
  } catch (const runtime::Failure &failure) {
    throw Failure(failure.message);
  }
}

/// The kernels of a manifest with their schedules.
std::vector<KernelSchedules> schedulesOf(const nlohmann::json &manifest) {
  std::vector<KernelSchedules> kernels;
  for (const auto &kernel : manifest["kernels"]) {
    KernelSchedules &read = kernels.emplace_back();
    read.key = kernel["name"].get<std::string>();
    read.signature = signatureOf(kernel["description"].get<std::string>());
    for (const auto &[target, text] : kernel["schedules"].items()) {
      std::string cases = text.get<std::string>();
      llvm::Expected<kernels::Schedule> schedule = readScheduleText(cases, target, read.key);
      if (!schedule)
        throw Failure(llvm::toString(schedule.takeError()));
      read.schedules.push_back(std::move(*schedule));
    }
  }
  return kernels;
}

void inspectLibrary(const Arguments &arguments) {
  auto [manifest, target] = readLibrary(arguments.model);
  if (arguments.schedules) {
    std::printf("%s", writeSchedules(schedulesOf(manifest)).c_str());
    return;
  }
  if (arguments.memory) {
    CallSizes sizes = readSizes(arguments.sizes, manifest);
    if (arguments.json)
      std::printf("%s\n", memoryPlans(manifest, sizes).dump().c_str());
    else
      printMemoryPlans(manifest, sizes);
    return;
  }
  if (arguments.json) {
    std::printf("%s\n", manifest.dump().c_str());
    return;
  }
  std::printf("%s, compiled by tenon %s, running its kernels for %s\n", manifest["name"].get<std::string>().c_str(),
              manifest["compiler"].get<std::string>().c_str(), target.c_str());
  for (const auto &entry : manifest["entries"]) {
    std::printf("entry point %s\n", entry["name"].get<std::string>().c_str());
    printTensors("inputs", entry["inputs"]);
    if (entry.contains("states"))
      printTensors("states", entry["states"]);
    printTensors("outputs", entry["outputs"]);
  }
  if (manifest.contains("targets"))
    printTargets(manifest["targets"]);
  std::printf("kernels:\n");
  for (const auto &kernel : manifest["kernels"]) {
    std::printf("  %s\n", kernel["name"].get<std::string>().c_str());
    for (const auto &[target, schedule] : kernel["schedules"].items())
      std::printf("    %-10s %s\n", target.c_str(), schedule.get<std::string>().c_str());
  }
  if (manifest.contains("weights"))
    std::printf("weights: %s, %.1f MB\n", manifest["weights"]["file"].get<std::string>().c_str(),
                manifest["weights"]["bytes"].get<double>() / 1e6);
  std::printf("spec:\n%s", manifest["spec"].get<std::string>().c_str());
}

void inspectModel(const Arguments &arguments) {
  import::ImportedModel imported = openModel(arguments.model, arguments.options);
  std::string spec = spec::writeSpec(imported.model);
  if (arguments.json) {
    auto types = nlohmann::json::object();
    for (const import::StoredParameters &stored : import::storedParameters(imported))
      types[weights::storageName(stored.type).str()] = {
          {"tensors", stored.parameters}, {"numbers", stored.numbers}, {"bytes", stored.bytes}};
    std::printf("%s\n", nlohmann::json{{"spec", spec}, {"stored", types}}.dump().c_str());
    return;
  }
  std::printf("%s", spec.c_str());
  // A comment, so that the whole output is a spec.
  if (std::string summary = import::weightSummary(imported); !summary.empty())
    std::printf("# %s\n", summary.c_str());
}

/// A library has the spec that it was made of.
spec::Model readSpecOf(const std::string &path) {
  std::string text = readLibrary(path).first.value("spec", "");
  if (text.empty())
    throw Failure(path +
                  ": it was compiled from functions, not from a model: it has no spec, whose knobs could be shown");
  llvm::Expected<spec::Model> model = spec::readSpec(llvm::MemoryBufferRef(text, path + ": spec"));
  if (!model)
    throw Failure(llvm::toString(model.takeError()));
  return std::move(*model);
}

void inspectSpace(const Arguments &arguments) {
  bool isLibrary = llvm::StringRef(arguments.model).ends_with(".so");
  spec::Model model = isLibrary ? readSpecOf(arguments.model) : openModel(arguments.model, arguments.options).model;
  llvm::Expected<space::Survey> survey = [&] {
    Progress progress;
    return space::survey(model, arguments.length,
                         [&](uint64_t done, uint64_t total) { progress.update("steps", done, total); });
  }();
  if (!survey)
    throw Failure(llvm::toString(survey.takeError()));
  if (arguments.json)
    printSpaceJson(model, *survey);
  else
    printSpace(model, *survey);
}

} // namespace

void tools::addInspect(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("inspect", "Show what is in a library or a checkpoint\n"
                                                    "Example: tenon inspect minilm.so\n"
                                                    "         tenon inspect --space model.yaml");
  addModelArgument(*command, arguments->model, arguments->options, ", or library (.so)");
  CLI::Option *json = command->add_flag("--json", arguments->json, "One JSON object on standard output");
  CLI::Option *space = command->add_flag(
      "--space", arguments->space,
      "Show where the model lies between an encoder-decoder and a decoder alone: what it has chosen of what they "
      "differ in, and what each choice made otherwise changes in parameters, FLOPs, cache and kernels");
  command
      ->add_option("--length", arguments->length,
                   "Tokens of source and answer at which --space counts (default: 128, or what positions allow)")
      ->check(CLI::Range(int64_t(1), space::maximumLength))
      ->needs(space);
  CLI::Option *memory =
      command->add_flag("--memory", arguments->memory,
                        "Show which buffers a call of each entry point of a library takes, and their bytes")
          ->excludes(space);
  command
      ->add_flag("--schedules", arguments->schedules,
                 "Write the schedules of a library's kernels, in the form that tenon compile --schedules reads")
      ->excludes(space)
      ->excludes(memory)
      ->excludes(json);
  command
      ->add_option("--at", arguments->sizes,
                   "Sizes of the call that --memory is about, NAME=NUMBER: dimensions of the inputs, as batch=4,length=128 "
                   "(default: 1 each)")
      ->delimiter(',')
      ->needs(memory);
  command->callback([arguments] {
    if (arguments->space)
      inspectSpace(*arguments);
    else if (llvm::StringRef(arguments->model).ends_with(".so"))
      inspectLibrary(*arguments);
    else if (arguments->memory || arguments->schedules)
      throw Failure(std::string(arguments->memory ? "--memory" : "--schedules") +
                    " is about a library: expected NAME.so, found '" + arguments->model + "'");
    else
      inspectModel(*arguments);
  });
}
