//===- TuneCommand.cpp - tenon tune ---------------------------------------===//

#include "CallsArgument.h"
#include "Command.h"
#include "ModelArgument.h"
#include "Output.h"
#include "Progress.h"
#include "TuningDatabase.h"
#include "kernels/Schedule.h"
#include "spec/Fields.h"
#include "tune/Tuner.h"

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  tune::TuneOptions options;
  std::string database, sizes, other, forgotten;
  double budget = 600;
  bool list = false, exports = false, json = false;
};

/// What Ctrl-C sets; a second one ends the process as ever.
std::atomic<bool> interrupted = false;

void onInterrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);
}

std::string percent(double ratio) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * ratio);
  return text;
}

std::string minutes(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
  return text;
}

nlohmann::json toJson(const tune::TunedKernel &kernel) {
  return {{"kernel", kernel.name},       {"signature", kernel.signature}, {"share", kernel.share},
          {"ratio", kernel.ratio},       {"changed", kernel.isNew},       {"measured", kernel.measured},
          {"searched", kernel.searched}, {"schedule", kernel.schedule},   {"problems", kernel.problems}};
}

void print(const tune::TunedKernel &kernel) {
  std::printf("%-32s %7s %9s %9zu  %s\n", kernel.name.c_str(), percent(kernel.share).c_str(),
              percent(kernel.ratio).c_str(), kernel.measured,
              kernel.isNew       ? "a new schedule"
              : kernel.ratio < 1 ? "as tuned before"
                                 : "the default stays");
  for (const std::string &problem : kernel.problems)
    std::fprintf(stderr, "%s: not used: %s\n", kernel.name.c_str(), printableLines(problem).c_str());
}

void checkParameters(const std::vector<std::string> &names) {
  std::set<llvm::StringRef> known;
  std::vector<kernels::FamilyDefinition> families = kernels::familyDefinitions();
  for (const kernels::FamilyDefinition &family : families)
    for (const kernels::FamilyDefinition::Decision &parameter : family.parameters)
      known.insert(parameter.name);
  llvm::SmallVector<llvm::StringRef> all(known.begin(), known.end());
  for (const std::string &name : names)
    if (!known.count(name)) {
      llvm::StringRef meant = spec::nearest(name, all);
      throw Failure("there is no parameter '" + name + "'" +
                    (meant.empty() ? "" : "; did you mean '" + meant.str() + "'?") +
                    " (parameters: " + spec::commaSeparated(all) + ")");
    }
}

tune::TuneReport runTuner(Arguments &arguments, tune::Database &database) {
  Progress progress;
  tune::TuneOptions &options = arguments.options;
  options.seconds = arguments.budget;
  options.interrupted = [] { return interrupted.load(); };
  options.preparing = [&](llvm::StringRef step, uint64_t done, uint64_t total) {
    progress.update(step.str(), done, total);
  };
  options.progress = [&](const tune::TuneProgress &now) {
    progress.update(now.kernel.str() + ": best " + percent(now.best) + " of the default's time, " +
                        std::to_string(now.measured) + " measured, " + minutes(now.secondsLeft) + " left",
                    now.number, now.total);
  };
  bool isFirst = true;
  options.finished = [&](const tune::TunedKernel &kernel) {
    progress.clear();
    if (arguments.json) {
      std::printf("%s\n", toJson(kernel).dump().c_str());
    } else {
      if (isFirst)
        std::printf("%-32s %7s %9s %9s\n", "kernel", "share", "time", "measured");
      print(kernel);
    }
    isFirst = false;
    flushOutput();
  };
  std::signal(SIGINT, onInterrupt);
  auto report = tune::tuneModel(options, database);
  std::signal(SIGINT, SIG_DFL);
  if (!report)
    throw Failure(llvm::toString(report.takeError()));
  return std::move(*report);
}

void tuneModel(Arguments &arguments) {
  readCalls(arguments.sizes, arguments.options.calls);
  checkTarget(arguments.options.target);
  checkParameters(arguments.options.varied);
  tune::Database database = openDatabase(arguments.database, tune::Access::Write);
  tune::TuneReport report = runTuner(arguments, database);
  const tune::Machine &machine = report.setting.machine;
  if (arguments.json) {
    nlohmann::json object{
        {"cpu", machine.cpu},    {"threads", machine.kind.threads},  {"target", report.setting.target},
        {"sizes", report.calls}, {"weights", report.weights},        {"kernels", report.kernels.size()},
        {"left", report.left},   {"interrupted", interrupted.load()}};
    std::printf("%s\n", object.dump().c_str());
    return;
  }
  std::fprintf(stderr, "%s: %zu kernels tuned for %s, %s, %u threads, at %s\n", arguments.database.c_str(),
               report.kernels.size(), machine.cpu.c_str(), report.setting.target.c_str(), machine.kind.threads,
               report.calls.c_str());
  if (report.left > 0)
    std::fprintf(stderr, "there was no time for %zu kernels: run it again, with more for --budget or one by --only\n",
                 report.left);
}

} // namespace

void tools::addTune(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  tune::TuneOptions &options = arguments->options;
  CLI::App *command = app.add_subcommand(
      "tune", "Search for faster schedules of a model's kernels on this machine, and keep them in a database that\n"
              "tenon compile --db takes them from. docs/tuning.md tells how.\n"
              "Example: tenon tune minilm.so --db tune.db --budget 10m\n"
              "         tenon compile all-MiniLM-L6-v2 -o minilm.so --db tune.db\n"
              "         tenon tune --list --db tune.db");
  addModelArgument(*command, options.model, options.importing, ", or library (.so)");
  CLI::Option *model = command->get_option("MODEL")->required(false);
  command->add_option("--db", arguments->database, "Database to keep what is learnt in; made where it is missing")
      ->required();
  command
      ->add_option(
          "--budget", arguments->budget,
          "Time for all, as 90s, 10m or 1h (default: 10m); kernels get of it what they have of the model's time")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->check(CLI::Range(1e-3, 1e7).description(""));
  command->add_option("--only", options.only, "One kernel, by its name in tenon inspect");
  command
      ->add_option("--vary", options.varied,
                   "Parameters of docs/schedules.md to search, with commas between; the others stay as the compiler "
                   "chooses them (default: all)")
      ->delimiter(',');
  command->add_option(
      "--sizes", arguments->sizes,
      "Calls of the model to be fast at, SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT] with commas between, as "
      "8x128 or 1x1+128:4 (default: short and long, one sequence and eight)");
  command->add_option(
      "--target", options.target,
      "Instruction set: x86-64-v4 or x86-64-v3 (default: this CPU's best); of a model also as tenon compile has it");
  command->add_option("--threads", options.threads, "Threads to measure with (default: as many as CPUs may be used)")
      ->check(CLI::Range(1, 1024));
  auto weights = [&](const char *name, bool cold, const char *meaning) {
    return command->add_flag_callback(
        name, [&options, cold] { options.coldWeights = cold; }, meaning);
  };
  CLI::Option *cold = weights("--cold", true,
                              "Measure with weights that are in no cache, as after other work (default: where a "
                              "model has more of them than the last cache holds)");
  weights("--warm", false,
          "Measure with weights where the calls of the kernel before left them (default: where a model has fewer)")
      ->excludes(cold);
  command
      ->add_option(
          "--candidates", options.candidates,
          "Schedules to measure for each kernel, at most (default: 16); with 0, what won before is measured again")
      ->check(CLI::Range(0, 100000));
  command->add_option("--seed", options.seed, "Of what is drawn by chance (default: 1)");
  command->add_option("--cache", options.cacheDirectory, "Directory of compiled kernels");
  CLI::Option *list = command->add_flag("--list", arguments->list, "Show what the database has, in place of tuning");
  CLI::Option *merge = command->add_option(
      "--merge", arguments->other, "Take over what another database has, or the text of --export, in place of tuning");
  CLI::Option *forget =
      command->add_option("--forget", arguments->forgotten,
                          "Forget what is known of a kernel, by name or signature, or of all, in place of tuning");
  CLI::Option *exports =
      command->add_flag("--export", arguments->exports,
                        "Write its winners to standard output as text, which --merge reads, in place of tuning");
  for (CLI::Option *option : {list, exports, merge, forget})
    option->excludes(model);
  list->excludes(exports)->excludes(merge)->excludes(forget);
  exports->excludes(merge)->excludes(forget);
  merge->excludes(forget);
  command->add_flag("--json", arguments->json,
                    "A JSON object for each kernel, and one for the whole, on standard output");
  command->callback([arguments, model] {
    if (arguments->list)
      listDatabase(arguments->database, arguments->json);
    else if (arguments->exports)
      exportWinners(arguments->database);
    else if (!arguments->other.empty())
      mergeDatabase(arguments->database, arguments->other);
    else if (!arguments->forgotten.empty())
      forgetKernels(arguments->database, arguments->forgotten);
    else if (model->count() == 0)
      throw CLI::RequiredError("MODEL");
    else
      tuneModel(*arguments);
  });
}
