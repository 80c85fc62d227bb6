//===- ExplainCommand.cpp - tenon explain ---------------------------------===//

#include "CallsArgument.h"
#include "Command.h"
#include "MemoryPlan.h"
#include "ModelArgument.h"
#include "Progress.h"
#include "TuningDatabase.h"
#include "explain/Explain.h"
#include "explain/Page.h"
#include "support/AtomicFile.h"
#include "llvm/Support/FileSystem.h"

#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  explain::ExplainOptions options;
  std::string output, database, sizes;
  bool json = false, withoutTimes = false;
};

nlohmann::json read(llvm::json::Object object) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(object));
  return nlohmann::json::parse(text);
}

/// Adds to each call's entry points what they need of memory.
void addMemory(nlohmann::json &report, const nlohmann::json &manifest) {
  for (nlohmann::json &call : report["calls"])
    for (nlohmann::json &entry : call["entries"]) {
      CallSizes sizes = entry["sizes"].get<CallSizes>();
      for (nlohmann::json &plan : memoryPlans(manifest, sizes))
        if (plan["name"] == entry["name"])
          entry["memory"] = plan;
    }
}

nlohmann::json collect(Arguments &arguments, tune::Database *database) {
  Progress progress;
  explain::ExplainOptions &options = arguments.options;
  options.measures = !arguments.withoutTimes;
  options.database = database;
  options.progress = [&](llvm::StringRef step, uint64_t done, uint64_t total) {
    progress.update(step.str(), done, total);
  };
  llvm::json::Object manifest;
  auto explained = explain::explain(options, manifest);
  if (!explained)
    throw Failure(llvm::toString(explained.takeError()));
  nlohmann::json report = read(std::move(*explained));
  addMemory(report, read(std::move(manifest)));
  return report;
}

/// Before anything is measured, so that nobody waits for what cannot be written.
std::unique_ptr<AtomicFile> createPage(const Arguments &arguments) {
  if (llvm::sys::fs::equivalent(arguments.output, arguments.options.model))
    throw Failure(arguments.output + ": it is the library that the page is about: expected another file for -o");
  auto file = AtomicFile::create(arguments.output);
  if (!file)
    throw Failure(llvm::toString(file.takeError()));
  return std::move(*file);
}

void explainModel(Arguments &arguments) {
  readCalls(arguments.sizes, arguments.options.calls);
  checkTarget(arguments.options.target);
  std::optional<tune::Database> database;
  if (!arguments.database.empty())
    database.emplace(openDatabase(arguments.database, tune::Access::Read));
  std::unique_ptr<AtomicFile> file = arguments.output.empty() ? nullptr : createPage(arguments);
  nlohmann::json report = collect(arguments, database ? &*database : nullptr);
  if (arguments.json)
    std::printf("%s\n", report.dump().c_str());
  if (!file)
    return;
  std::string page = explain::writePage(report["name"].get<std::string>(), report.dump());
  llvm::Error error = file->append(llvm::StringRef(page));
  if (!error)
    error = file->commit();
  if (error)
    throw Failure(llvm::toString(std::move(error)));
}

} // namespace

void tools::addExplain(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  explain::ExplainOptions &options = arguments->options;
  CLI::App *command = app.add_subcommand(
      "explain", "Write a page that shows a library's model, kernels and memory, and where the time of its calls goes:\n"
                 "one HTML file, which needs no network. docs/explain.md tells what it shows.\n"
                 "Example: tenon explain minilm.so -o report.html\n"
                 "         tenon explain smollm2.so --db tune.db --sizes 1x128,1x1+128 -o report.html");
  addModelArgument(*command, options.model, options.importing, ", or library (.so)");
  CLI::Option *output = command->add_option("-o,--output", arguments->output, "The page to write");
  command->add_flag("--json", arguments->json, "What the page shows as one JSON object on standard output");
  command->add_option("--db", arguments->database,
                      "Database of tenon tune: what it knows of the kernels on this machine");
  command->add_option(
      "--sizes", arguments->sizes,
      "Calls of the model to show, SEQUENCESx[SOURCE/]TOKENS[+PAST] with commas between, as 8x128 or 1x1+128 "
      "(default: short and long, one sequence and eight)");
  command->add_option("--target", options.target, "Instruction set: x86-64-v4 or x86-64-v3 (default: this CPU's best); of a model also as tenon compile has it");
  command->add_option("--threads", options.threads, "Threads to measure with (default: as many as CPUs may be used)")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--no-measure", arguments->withoutTimes,
                    "Time nothing: sizes, FLOPs, bytes and memory alone, in a moment");
  command->add_option("--cache", options.cacheDirectory, "Directory of compiled kernels");
  command->callback([arguments, output] {
    if (!*output && !arguments->json)
      throw CLI::RequiredError("-o or --json");
    explainModel(*arguments);
  });
}
