//===- VerifyCommand.cpp - tenon verify -----------------------------------===//

#include "Command.h"
#include "ModelArgument.h"
#include "Progress.h"
#include "driver/Verify.h"

#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  VerifyOptions options;
  bool kernelsOnly = false;
  bool json = false;
};

nlohmann::json toJson(const std::vector<KernelError> &errors) {
  auto list = nlohmann::json::array();
  for (const KernelError &error : errors)
    list.push_back({{"name", error.name},
                    {"runs", error.runs},
                    {"cases", error.cases},
                    {"cases_run", error.casesRun},
                    {"compiled", error.compiled},
                    {"float32", error.plain},
                    {"allowed", error.allowed()},
                    {"element", error.element},
                    {"passes", error.passes()}});
  return list;
}

/// Of a schedule that has several.
std::string cases(const KernelError &error) {
  return error.cases > 1 ? "  " + std::to_string(error.casesRun) + " of " + std::to_string(error.cases) + " cases" : "";
}

/// What is wrong with a kernel, if anything is.
std::string verdict(const KernelError &error) {
  if (error.passes())
    return cases(error);
  if (error.element <= 1)
    return "  too large";
  char text[96];
  std::snprintf(text, sizeof(text), "  too large: an element is off by %.3g times what it may be", error.element);
  return text;
}

void print(const char *title, const std::vector<KernelError> &errors) {
  std::printf("%-28s %5s %12s %12s %7s\n", title, "runs", "compiled", "float32", "ratio");
  for (const KernelError &error : errors)
    std::printf("%-28s %5u %12.3e %12.3e %7.2f%s\n", error.name.c_str(), error.runs, error.compiled, error.plain,
                error.plain > 0 ? error.compiled / error.plain : (error.compiled > 0 ? INFINITY : 1.0),
                verdict(error).c_str());
}

void verifyModel(Arguments &arguments) {
  llvm::Expected<VerifyReport> report = [&] {
    Progress progress;
    arguments.options.operations = !arguments.kernelsOnly;
    arguments.options.progress = [&](llvm::StringRef step, uint64_t done, uint64_t total) {
      progress.update(step.str(), done, total);
    };
    return verify(arguments.options);
  }();
  if (!report)
    throw Failure(llvm::toString(report.takeError()));
  if (arguments.json) {
    nlohmann::json object{{"target", report->target},
                          {"operations", toJson(report->operations)},
                          {"kernels", toJson(report->kernels)},
                          {"passes", report->passes()}};
    std::printf("%s\n", object.dump().c_str());
  } else {
    std::printf("largest difference from the float64 reference, %s\n\n", report->target.c_str());
    if (!report->operations.empty()) {
      print("operation", report->operations);
      std::printf("\n");
    }
    print("kernel", report->kernels);
  }
  if (!report->passes())
    throw Failure("a compiled kernel is off by more than twice what plain float32 evaluation is");
}

} // namespace

void tools::addVerify(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand(
      "verify", "Compare compiled kernels with the float64 reference, at sizes of each case of their schedules. A "
                "kernel may be off by\n"
                "twice what plain float32 is, as a whole and in each element.\nExample: tenon verify minilm.so");
  addModelArgument(*command, arguments->options.model, arguments->options.importing, ", or library (.so)");
  command->add_option("--cache", arguments->options.cacheDirectory, "Directory of compiled kernels");
  command->add_flag("--kernels-only", arguments->kernelsOnly,
                    "The library's kernels, not each of their operations as a kernel by itself");
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments] { verifyModel(*arguments); });
}
