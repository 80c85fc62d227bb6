//===- CompileCommand.cpp - tenon compile ---------------------------------===//

#include "Command.h"
#include "ModelArgument.h"
#include "Progress.h"
#include "driver/Compile.h"

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

const std::map<std::string, EmitLevel> kLevels = {{"model", EmitLevel::Model},   {"tensor", EmitLevel::Tensor},
                                                  {"kernel", EmitLevel::Kernel}, {"host", EmitLevel::Host},
                                                  {"llvm", EmitLevel::LLVM},     {"stmt", EmitLevel::Stmt},
                                                  {"asm", EmitLevel::Assembly}};

void report(const CompileSummary &summary, double seconds, bool json) {
  writeNotes(summary.notes);
  for (const std::string &line : summary.rewritten)
    std::fprintf(stderr, "%s\n", printableLines(line).c_str());
  if (!summary.text.empty())
    std::fprintf(stderr, "%s: written\n", summary.text.c_str());
  if (summary.library.empty())
    return;
  if (json) {
    nlohmann::json object{{"library", summary.library},
                          {"kernels", summary.kernels},
                          {"compiled", summary.compiled},
                          {"weight_bytes", summary.weightBytes},
                          {"seconds", seconds}};
    if (!summary.weights.empty())
      object["weights"] = summary.weights;
    std::printf("%s\n", object.dump().c_str());
    return;
  }
  std::fprintf(stderr, "%s: %u kernels (%u objects compiled), %.1f MB of weights, %.2f s\n", summary.library.c_str(),
               summary.kernels, summary.compiled, static_cast<double>(summary.weightBytes) / 1e6, seconds);
}

struct Arguments {
  CompileOptions options;
  std::string level, weights = "f32";
  bool json = false;
};

void compileModel(Arguments &arguments) {
  auto start = std::chrono::steady_clock::now();
  CompileOptions &options = arguments.options;
  if (!arguments.level.empty()) {
    options.emit = kLevels.at(arguments.level);
    if (options.output.empty())
      options.output = "-";
  } else if (options.output.empty()) {
    throw CLI::RequiredError("-o: where to write the library");
  } else if (!llvm::StringRef(options.output).ends_with(".so")) {
    // What else may stand there: the spec or its weights, after a slip.
    throw CLI::ValidationError("-o '" + options.output + "'", "expected the name of a library, NAME.so");
  }
  llvm::Expected<CompileSummary> summary = [&] {
    Progress progress;
    options.progress = [&](llvm::StringRef step, uint64_t done, uint64_t total) {
      progress.update(step.str(), done, total);
    };
    return compile(options);
  }();
  if (!summary)
    throw Failure(llvm::toString(summary.takeError()));
  report(*summary, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), arguments.json);
}

} // namespace

void tools::addCompile(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand(
      "compile", "Compile a model to a native library\nExample: tenon compile model.yaml -o model.so");
  addModelArgument(*command, arguments->options.model, arguments->options.importing, ", or any of its levels (.mlir)");
  command->add_option("-o,--output", arguments->options.output,
                      "Library to write; its weights go beside it as NAME.weights");
  command
      ->add_option("--target", arguments->options.targets,
                   "What to compile for, best first: instruction sets, x86-64-v4 or x86-64-v3 (default: both), each with what "
                   "is known of the CPU, as x86-64-v4+l1=48K+l2=2M+cores=8, or native for all that is known of this one. That "
                   "changes no result, only which schedules are chosen")
      ->delimiter(',');
  command->add_option("--weights", arguments->weights, "How weights are stored: f32")->check(CLI::IsMember({"f32"}));
  command
      ->add_option("--emit", arguments->level,
                   "Stop at a level and write it as text: model, tensor, kernel, host, "
                   "llvm, stmt (Halide's loops) or asm")
      ->check(CLI::IsMember({"model", "tensor", "kernel", "host", "llvm", "stmt", "asm"}));
  CLI::Option *pooling =
      command
          ->add_option("--pooling", arguments->options.pooling,
                       "Embed texts, in place of the model's own pooling or head: mean, cls, max, mean_sqrt, "
                       "weighted_mean, last, or several of them, whose results stand side by side")
          ->delimiter(',');
  command->add_flag("--normalize", arguments->options.normalize, "Scale what --pooling gives to length 1")
      ->needs(pooling);
  command->add_flag("--embed", arguments->options.embed, "Put the weights into the library");
  command->add_flag("!--no-fuse", arguments->options.fuse, "One kernel per operation, to look for errors");
  command->add_flag("!--no-unify", arguments->options.unify,
                    "Leave stacks as they are written: those that are one decoder stay apart, and keys that no query sees are "
                    "made");
  CLI::Option *database = command->add_option(
      "--db", arguments->options.database,
      "Database of tenon tune, or what tenon tune --export wrote: kernels that it knows a faster schedule of for this "
      "machine get that one, before the schedules that ship with tenon");
  command
      ->add_flag(
          "!--no-db", arguments->options.shippedWinners,
          "Only schedules that the compiler chooses by itself: those that ship with tenon for machines like this "
          "one are left out")
      ->excludes(database);
  command->add_option("--schedules", arguments->options.schedules,
                      "File of schedules in the place of the default ones, as tenon inspect --schedules writes them");
  command->add_option("--cache", arguments->options.cacheDirectory,
                      "Directory of compiled kernels (default: $TENON_CACHE_DIR or ~/.cache/tenon)");
  command->add_option("--jobs", arguments->options.threads, "Kernels compiled at a time (default: one per CPU)");
  command->add_flag("--json", arguments->json, "Write a summary to standard output");
  command->callback([arguments] { compileModel(*arguments); });
}
