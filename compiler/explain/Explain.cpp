//===- Explain.cpp - What a library does, and how fast --------------------===//

#include "explain/Explain.h"

#include "cost/Cost.h"
#include "cost/Work.h"
#include "driver/ModelLibrary.h"
#include "driver/Targets.h"
#include "explain/KernelReport.h"
#include "explain/KernelUses.h"
#include "explain/ModelPicture.h"
#include "kernels/Kernels.h"
#include "machine/Limits.h"
#include "spec/SpecReader.h"
#include "tune/SignTest.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace llvm;
using namespace tenon;
using namespace tenon::explain;

namespace {

/// A call is made so often, but for slow ones, which are made until this time is over.
constexpr size_t kMostRuns = 25, kLeastRuns = 3;
constexpr double kSecondsOfCall = 1.5;

class Explainer {
public:
  explicit Explainer(const ExplainOptions &options) : options(options) {}

  Expected<json::Object> run(json::Object &manifest) {
    if (Error error = openLibrary())
      return std::move(error);
    manifest = library->manifest();
    if (Error error = openRecording())
      return std::move(error);
    report["name"] = manifest.getString("name").value_or("").str();
    report["compiler"] = manifest.getString("compiler").value_or("").str();
    report["target"] = recording->target();
    setting = {tune::thisMachine(options.threads), recording->target(), tenon::kernels::generatorVersion()};
    report["machine"] = json::Object{{"cpu", setting.machine.cpu}, {"threads", setting.machine.kind.threads}};
    if (Error error = describeModel())
      return std::move(error);
    if (Error error = describeKernels())
      return std::move(error);
    if (Error error = makeCalls())
      return std::move(error);
    if (options.measures)
      if (Error error = measureMachine())
        return std::move(error);
    return std::move(report);
  }

private:
  void progress(StringRef step, uint64_t done, uint64_t total) {
    if (options.progress)
      options.progress(step, done, total);
  }

  Error openLibrary() {
    mlir::DialectRegistry registry;
    cost::registerCostModels(registry);
    context.get()->appendDialectRegistry(registry);
    auto name = targetName(options.target);
    if (!name)
      return name.takeError();
    auto found = libraryOf(options, scratch, options.progress);
    if (!found)
      return found.takeError();
    path = *found;
    tenon_model_options open = {};
    open.target = name->empty() ? nullptr : name->c_str();
    auto opened = ModelLibrary::open(path, open, context);
    if (!opened)
      return opened.takeError();
    library = std::make_unique<ModelLibrary>(std::move(*opened));
    auto known = library->target();
    if (!known)
      return known.takeError();
    target = std::move(*known);
    return Error::success();
  }

  /// With the kernels in the order of the library's table.
  Error openRecording() {
    uses = kernelUses(library->kernels());
    auto table = library->kernelTable();
    if (!table)
      return table.takeError();
    std::vector<size_t> arguments;
    for (KernelOp kernel : *table) {
      kernels.push_back(&uses.find(kernel.getName())->second);
      arguments.push_back(kernel.getNumOperands() + kernel.getNumResults());
    }
    std::string error;
    recording = tune::Recording::open(path, target.name, options.threads, std::move(arguments), options.clock, error);
    return recording ? Error::success() : createStringError(error);
  }

  /// A library that was made of functions has no spec.
  Error describeModel() {
    StringRef text = library->manifest().getString("spec").value_or("");
    if (text.empty())
      return Error::success();
    auto read = spec::readSpec(MemoryBufferRef(text, path + ": spec"));
    if (!read)
      return read.takeError();
    model = std::move(*read);
    json::Object picture = modelPicture(*model, text);
    picture["spec"] = text.str();
    report["model"] = std::move(picture);
    return Error::success();
  }

  Error describeKernels() {
    json::Array list;
    for (const auto &[used, written] : zip(kernels, *library->manifest().getArray("kernels"))) {
      std::string schedule =
          written.getAsObject()->getObject("schedules")->getString(setting.target).value_or("").str();
      auto kernel = describeKernel(*used, model ? &*model : nullptr, schedule, setting, target, options.database);
      if (!kernel)
        return kernel.takeError();
      list.push_back(std::move(*kernel));
    }
    report["kernels"] = std::move(list);
    json::Object loops;
    for (const auto &[entry, counts] : loopCounts(library->kernels())) {
      json::Object layers;
      for (const auto &[kernel, count] : counts)
        layers[kernel.str()] = count;
      loops[entry.str()] = std::move(layers);
    }
    report["loops"] = std::move(loops);
    return Error::success();
  }

  Error makeCalls() {
    std::vector<tune::CallShape> calls = options.calls.empty() ? tune::usualCalls(recording->limits()) : options.calls;
    if (Error error = tune::checkCalls(calls, recording->limits()))
      return error;
    json::Array list;
    for (auto [number, call] : enumerate(calls)) {
      progress("calls", number, calls.size());
      auto made = makeCall(call);
      if (!made)
        return made.takeError();
      list.push_back(std::move(*made));
    }
    report["calls"] = std::move(list);
    return Error::success();
  }

  /// With as many threads as the calls had, and what the target's vectors allow.
  Error measureMachine() {
    progress("the machine's limits", 0, 0);
    std::string error;
    auto limits = machine::measureLimits(setting.machine.kind.threads, error);
    if (!limits)
      return createStringError(error);
    const machine::Arithmetic &arithmetic =
        limits->arithmetic(target.vectorBytes);
    auto giga = [](double value) { return value * 1e9; };
    report["limits"] = json::Object{{"arithmetic", json::Object{{"registers", giga(arithmetic.registers)},
                                                                {"firstCache", giga(arithmetic.firstCache)},
                                                                {"secondCache", giga(arithmetic.secondCache)}}},
                                    {"read", json::Object{{"firstCache", giga(limits->read.firstCache)},
                                                          {"secondCache", giga(limits->read.secondCache)},
                                                          {"lastCache", giga(limits->read.lastCache)},
                                                          {"memory", giga(std::max(limits->read.memory, limits->read.memoryHugePages))}}}};
    return Error::success();
  }

  Expected<tune::Profile> profile(const tune::CallShape &call) {
    tune::Profile profile;
    std::string error;
    if (!recording->profile(call, profile, error))
      return createStringError("%s: call %s: %s", options.model.c_str(), call.text().c_str(), error.c_str());
    return profile;
  }

  /// Of many runs, the first of which warms up and says what is called.
  Expected<json::Object> makeCall(const tune::CallShape &call) {
    auto first = profile(call);
    if (!first)
      return first.takeError();
    std::vector<double> seconds;
    std::vector<std::vector<double>> ofKernels(first->kernels.size());
    double start = options.clock();
    while (options.measures && seconds.size() < kMostRuns &&
           (seconds.size() < kLeastRuns || options.clock() - start < kSecondsOfCall)) {
      auto again = profile(call);
      if (!again)
        return again.takeError();
      if (again->kernels.size() != first->kernels.size())
        return createStringError("%s: call %s does not run the same kernels each time", options.model.c_str(),
                                 call.text().c_str());
      seconds.push_back(again->seconds);
      for (auto [samples, kernel] : zip(ofKernels, again->kernels))
        samples.push_back(kernel.seconds);
    }
    json::Object object{{"call", call.text()}, {"entries", entriesOf(*first)}};
    if (options.measures) {
      object["seconds"] = tune::median(seconds);
      object["samples"] = json::Array(seconds);
    }
    json::Array kernels;
    for (auto [kernel, samples] : zip(first->kernels, ofKernels)) {
      auto described = kernelOfCall(kernel, samples);
      if (!described)
        return described.takeError();
      kernels.push_back(std::move(*described));
    }
    object["kernels"] = std::move(kernels);
    return std::move(object);
  }

  static json::Array entriesOf(const tune::Profile &profile) {
    json::Array entries;
    for (const tune::Profile::Entry &entry : profile.entries) {
      json::Object sizes;
      for (const auto &[name, size] : entry.sizes)
        sizes[name] = size;
      entries.push_back(json::Object{{"name", entry.name}, {"sizes", std::move(sizes)}});
    }
    return entries;
  }

  Expected<json::Object> kernelOfCall(const tune::ProfiledKernel &profiled, const std::vector<double> &samples) {
    const KernelUses &used = *kernels[profiled.kernel];
    FailureOr<cost::Work> work = cost::workOf(used.kernel, {profiled.shapes, profiled.numbers});
    if (failed(work))
      return context.takeError("the work of a kernel is not known");
    uint64_t parameters = 0;
    for (auto [isParameter, bytes] : zip(used.isParameter, work->argumentBytes))
      parameters += isParameter ? bytes : 0;
    json::Object object{{"kernel", static_cast<int64_t>(profiled.kernel)},
                        {"entry", static_cast<int64_t>(profiled.entry)},
                        {"count", profiled.count},
                        {"flops", static_cast<int64_t>(work->flops())},
                        {"bytes", static_cast<int64_t>(work->bytes())},
                        {"parameter_bytes", static_cast<int64_t>(parameters)}};
    if (!samples.empty()) {
      std::vector<double> each;
      for (double sample : samples)
        each.push_back(sample / profiled.count);
      object["seconds"] = tune::median(each);
      object["least_seconds"] = *std::min_element(each.begin(), each.end());
      object["most_seconds"] = *std::max_element(each.begin(), each.end());
    }
    return std::move(object);
  }

  const ExplainOptions &options;
  std::optional<ScratchDirectory> scratch = ScratchDirectory::create();
  CompilerContext context;
  std::string path;
  std::unique_ptr<ModelLibrary> library;
  tenon::kernels::TargetModel target; ///< That runs here.
  std::optional<spec::Model> model;
  KernelUsesByName uses;
  std::vector<const KernelUses *> kernels; ///< In the order of the library's table.
  std::unique_ptr<tune::Recording> recording;
  tune::Setting setting;
  json::Object report;
};

} // namespace

Expected<json::Object> explain::explain(const ExplainOptions &options, json::Object &manifest) {
  return Explainer(options).run(manifest);
}
