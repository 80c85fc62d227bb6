//===- Tuner.cpp - The schedules of a model's kernels ---------------------===//

#include "tune/Tuner.h"

#include "driver/ModelLibrary.h"
#include "driver/Targets.h"
#include "kernels/CallSizes.h"
#include "machine/ThisCpu.h"
#include "schedules/ScheduleReader.h"
#include "schedules/ScheduleSource.h"
#include "spec/Fields.h"
#include "tenon/Dialect.h"
#include "tune/CostModel.h"
#include "tune/KernelTuner.h"
#include "tune/MachineBench.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

namespace {

/// Of a kernel's time: after it nothing new is compiled, and those that are best meet the incumbent.
constexpr double kSearchPart = 0.75;

/// A budget that the figures of the machine are a small part of.
constexpr double kLeastSecondsOfModel = 100;

/// A schedule that was measured to be slower than this is not measured again.
constexpr double kSlower = 1.03;

/// A kernel of the library's table.
struct KernelWork {
  std::string name;
  kernels::KernelDescription description;
  std::vector<RecordedCall> recorded;
  std::vector<BenchCall> calls;
  std::vector<CostedCall> costed; ///< The same for the cost model.
  double seconds = 0;             ///< In all calls of the model, weighted.
};

class ModelTuner {
public:
  ModelTuner(const TuneOptions &options, Database &database) : options(options), database(database) {}

  Expected<TuneReport> run() {
    end = options.clock() + options.seconds;
    if (Error error = openLibrary())
      return std::move(error);
    if (Error error = selectKernels())
      return std::move(error);
    if (Error error = record())
      return std::move(error);
    measureMachine();
    auto made = Workshop::create(context.get());
    if (!made)
      return made.takeError();
    workshop = std::move(*made);
    report.weights = kWeightStates[cold].str();
    report.setting = {thisMachine(options.threads), recording->target(), kernels::generatorVersion()};
    auto begun = database.beginRun(report.setting, report.calls, report.weights, options.seed);
    if (!begun)
      return begun.takeError();
    runId = *begun;
    if (Error error = tuneAll())
      return std::move(error);
    return std::move(report);
  }

private:
  void prepare(StringRef step, uint64_t done, uint64_t total) {
    if (options.preparing)
      options.preparing(step, done, total);
  }

  bool interrupted() const { return options.interrupted && options.interrupted(); }

  /// The library, made where the model is none, and its kernels.
  Error openLibrary() {
    auto name = targetName(options.target);
    if (!name)
      return name.takeError();
    wantedTarget = std::move(*name);
    auto library = libraryOf(options, scratch, options.preparing);
    if (!library)
      return library.takeError();
    path = *library;
    return readKernels();
  }

  /// Of the manifest, in the order of the table.
  Error readKernels() {
    tenon_model_options open = {};
    open.target = wantedTarget.empty() ? nullptr : wantedTarget.c_str();
    auto library = ModelLibrary::open(path, open, context);
    if (!library)
      return library.takeError();
    auto known = library->target();
    if (!known)
      return known.takeError();
    target = std::move(*known);
    cold = options.coldWeights.value_or(comeFromMemory(library->info().weight_bytes, machine::cachesOfThisCpu()));
    auto table = library->kernelTable();
    if (!table)
      return table.takeError();
    std::vector<size_t> arguments;
    for (KernelOp kernel : *table) {
      work.push_back({kernel.getName().str(), kernel.describe(), {}, {}, {}, 0});
      arguments.push_back(kernel.getNumOperands() + kernel.getNumResults());
    }
    std::string error;
    recording = Recording::open(path, wantedTarget, options.threads, std::move(arguments), options.clock, error);
    return recording ? Error::success() : createStringError(error);
  }

  /// What the cost model goes by. It takes some seconds, so that a short search goes without.
  void measureMachine() {
    if (options.seconds < kLeastSecondsOfModel)
      return;
    prepare("machine", 0, 1);
    std::string error;
    limits = machine::measureLimits(thisMachine(options.threads).kind.threads, error);
  }

  Error selectKernels() {
    for (const KernelWork &kernel : work)
      if (options.only.empty() || kernel.name == options.only)
        return Error::success();
    SmallVector<StringRef> names(map_range(work, [](const KernelWork &kernel) { return StringRef(kernel.name); }));
    StringRef meant = spec::nearest(options.only, names);
    return createStringError("%s: there is no kernel '%s'%s (kernels: %s)", options.model.c_str(), options.only.c_str(),
                             meant.empty() ? "" : ("; did you mean '" + meant + "'?").str().c_str(),
                             spec::commaSeparated(names).c_str());
  }

  /// Runs the model's calls and finds out what each kernel does in them.
  Error record() {
    std::vector<CallShape> calls = options.calls.empty() ? usualCalls(recording->limits()) : options.calls;
    if (Error error = checkCalls(calls, recording->limits()))
      return error;
    for (auto [number, call] : enumerate(calls)) {
      prepare("calls", number, calls.size());
      report.calls += (number ? "," : "") + call.text() + (call.weight == 1 ? "" : ":" + weightText(call.weight));
      std::string error;
      std::vector<RecordedCall> recorded;
      if (!recording->record(call, number, recorded, error))
        return createStringError("%s: call %s: %s", options.model.c_str(), call.text().c_str(), error.c_str());
      for (RecordedCall &each : recorded)
        if (Error failed = addCall(call, std::move(each)))
          return failed;
    }
    return Error::success();
  }

  static std::string weightText(double weight) {
    char text[32];
    std::snprintf(text, sizeof(text), "%g", weight);
    return text;
  }

  Error addCall(const CallShape &call, RecordedCall recorded) {
    KernelWork &kernel = work[recorded.kernel];
    std::string error;
    auto sizes = kernels::callSizes(kernel.description, recorded.shapes, error);
    if (!sizes)
      return createStringError("kernel '%s': %s", kernel.name.c_str(), error.c_str());
    // One run stands for as many calls as there are variants.
    double each = call.weight * recorded.count / recorded.variants;
    auto timeOnce = [&] { return recording->time(recorded, recording->kernel(recorded.kernel), 1, cold); };
    timeOnce();
    double once = timeOnce();
    kernel.seconds += std::isnan(once) ? 0 : once * each;
    kernel.calls.push_back({call.text(), sizes->at("rows"), each});
    auto sequences = sizes->find("sequences");
    kernel.costed.push_back({sizes->at("rows"), sequences == sizes->end() ? call.sequences : sequences->second,
                             static_cast<double>(call.past + std::max(call.tokens, call.source.value_or(0))),
                             cold ? INFINITY : recorded.variants});
    kernel.recorded.push_back(std::move(recorded));
    return Error::success();
  }

  /// What takes longest comes first, and has the greatest part of the time.
  Error tuneAll() {
    std::vector<KernelWork *> order;
    double whole = 0, left = 0;
    for (KernelWork &kernel : work) {
      whole += kernel.seconds;
      bool isWanted = options.only.empty() || kernel.name == options.only;
      if (!isWanted || kernel.recorded.empty())
        continue;
      order.push_back(&kernel);
      left += kernel.seconds;
    }
    llvm::sort(order, [](const KernelWork *a, const KernelWork *b) {
      return std::pair(a->seconds, b->name) > std::pair(b->seconds, a->name);
    });
    if (order.empty())
      return createStringError("%s: no kernel runs in the calls %s", options.model.c_str(), report.calls.c_str());
    for (auto [index, kernel] : enumerate(order)) {
      double now = options.clock();
      if (interrupted() || now >= end) {
        report.left = order.size() - index;
        break;
      }
      double part = left > 0 ? kernel->seconds / left : 1;
      if (Error error = tuneOne(*kernel, index, order.size(), (end - now) * part, whole))
        return error;
      left -= kernel->seconds;
      kernel->recorded.clear();
    }
    return Error::success();
  }

  /// What another version of the compiler kept may be none any more.
  static std::optional<kernels::Schedule> scheduleOf(const std::string &text, const std::string &target) {
    return expectedToOptional(readScheduleText(text, target, "schedule"));
  }

  static double predictedRatio(const KernelWork &kernel, const KernelTask &task, const SearchSpace &space,
                               const Point &point) {
    if (!task.predicted)
      return 1;
    double own = 0, chosen = 0;
    for (size_t call = 0; call < kernel.calls.size(); ++call) {
      own += kernel.calls[call].weight * task.predicted(space.nestsAt(point), call);
      chosen += kernel.calls[call].weight * task.predicted(space.nestsAt(space.chosen()), call);
    }
    return chosen > 0 ? own / chosen : 1;
  }

  /// What earlier runs know of a kernel: who won here, what to begin with, what is slower.
  Error askDatabase(const KernelWork &kernel, const std::string &signature, const SearchSpace &space,
                    KernelTask &task) {
    auto winners = database.winners(signature);
    if (!winners)
      return winners.takeError();
    for (const Winner &winner : *winners) {
      auto schedule = scheduleOf(winner.schedule, task.target);
      if (!schedule || winner.setting.target != task.target || kernels::faultOf(*schedule, task.space))
        continue;
      if (winner.setting == report.setting)
        task.incumbent = kernels::completed(*schedule, task.space);
      else
        for (const kernels::ScheduleCase &each : schedule->cases)
          if (auto point = space.pointOf(each.nests))
            task.starts.push_back(*point);
    }
    std::string pacer = kernels::chosenSchedule(task.target, task.space).text();
    auto ratios = database.ratios(signature, report.setting, report.weights, pacer);
    if (!ratios)
      return ratios.takeError();
    for (const Database::Ratio &each : *ratios) {
      auto schedule = scheduleOf(each.schedule, task.target);
      auto point = schedule ? space.pointOf(schedule->cases.back().nests) : std::nullopt;
      if (!point)
        continue;
      ranking.learn(space, *point, each.ratio, predictedRatio(kernel, task, space, *point));
      (each.ratio > kSlower ? task.measured : task.starts).push_back(*point);
    }
    return Error::success();
  }

  Error tuneOne(KernelWork &kernel, size_t number, size_t total, double seconds, double whole) {
    std::string error;
    auto space = kernels::scheduleSpace(kernel.description, target, error);
    if (!space)
      return createStringError("kernel '%s': %s", kernel.name.c_str(), error.c_str());
    std::string description = kernel.description.text();
    KernelIdentity identity{signatureOf(description), description, kernel.name};
    KernelTask task{kernel.name,        target.name,           *space,         {}, {}, {},
                    options.candidates, options.seed + number, options.varied, {}};
    std::optional<CostModel> model;
    if (limits) {
      model.emplace(kernel.description, target, *limits);
      task.predicted = [&](const std::vector<kernels::NestSchedule> &nests, size_t call) {
        return model->seconds(nests, kernel.costed[call]);
      };
    }
    if (Error failed = askDatabase(kernel, identity.signature, SearchSpace(*space), task))
      return failed;
    double begin = options.clock();
    KernelWatch watch;
    watch.stop = [&] { return interrupted() || options.clock() >= end; };
    watch.searchEnds = [&] { return watch.stop() || options.clock() >= begin + kSearchPart * seconds; };
    watch.keep = [&](const std::vector<Sample> &samples) { return database.keepSamples(runId, identity, samples); };
    watch.progress = [&](size_t measured, double best) {
      if (options.progress)
        options.progress({kernel.name, number, total, measured, best, std::max(0.0, end - options.clock())});
    };
    watch.progress(0, 1);
    MachineBench bench(*workshop, *recording, kernel.description, target, kernel.recorded, kernel.calls, cold);
    auto outcome = tuneKernel(task, bench, ranking, watch);
    if (!outcome)
      return createStringError("kernel '%s': %s", kernel.name.c_str(), toString(outcome.takeError()).c_str());
    std::string text = outcome->schedule.text();
    // What was cut short has decided nothing.
    if (!watch.stop() || outcome->isNew)
      if (Error failed = database.keepWinner({identity, report.setting, text, outcome->ratio, report.calls,
                                              report.weights, signatureOf(*space), /*tunedAt=*/0}))
        return failed;
    report.kernels.push_back({kernel.name, identity.signature, whole > 0 ? kernel.seconds / whole : 0, outcome->ratio,
                              outcome->isNew, outcome->measured, outcome->searched, text, outcome->problems});
    if (options.finished)
      options.finished(report.kernels.back());
    return Error::success();
  }

  const TuneOptions &options;
  Database &database;
  double end = 0;    ///< By the clock.
  bool cold = false; ///< Whether kernels find their weights in no cache.
  CompilerContext context;
  std::optional<ScratchDirectory> scratch = ScratchDirectory::create();
  std::string path, runId;
  std::string wantedTarget;     ///< That was asked for; empty for the best.
  kernels::TargetModel target;  ///< As the library was compiled for it.
  std::vector<KernelWork> work; ///< In the order of the library's table.
  std::unique_ptr<Recording> recording;
  std::unique_ptr<Workshop> workshop;
  std::optional<machine::Limits> limits;
  Ranking ranking;
  TuneReport report;
};

} // namespace

bool tune::comeFromMemory(uint64_t weightBytes, const machine::Caches &caches) {
  return caches.last > 0 && weightBytes > caches.last;
}

Expected<TuneReport> tune::tuneModel(const TuneOptions &options, Database &database) {
  return ModelTuner(options, database).run();
}
