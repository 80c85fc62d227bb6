//===- Recording.cpp - What a model gives its kernels ---------------------===//

#include "tune/Recording.h"
#include "tune/KernelInputs.h"
#include "tune/KernelWatcher.h"

#include "runtime/src/Encode.h"
#include "runtime/src/Failure.h"
#include "runtime/src/Forward.h"
#include "runtime/src/Session.h"
#include "runtime/src/Source.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <new>
#include <tuple>

using namespace tenon;
using namespace tenon::tune;
using runtime::Failure;

Clock tune::steadyClock() {
  return [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
}

namespace {

/// Layers whose weights one run reads in turn: enough that no cache holds them all.
constexpr size_t kMostVariants = 64;

/// Rows of a source where nobody says how many.
constexpr int64_t kUsualSource = 128;

/// Runs `action` and keeps what it throws.
template <typename Action> bool guarded(Action action, std::string &error) {
  try {
    action();
    return true;
  } catch (const Failure &failure) {
    error = failure.message;
  } catch (const std::bad_alloc &) {
    error = "there is no memory for what the model's kernels are called with";
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  return false;
}

class LoadedCandidates : public CandidateLibrary {
public:
  explicit LoadedCandidates(const std::string &path) : library(path, runtime::sessionHooks()) {}
  tenon_kernel_fn kernel(size_t index) const override { return library.table().targets[0].kernels[index]; }

private:
  runtime::Library library;
};

/// Keeps what kernels are called with, on its way to them.
class Recorder : public KernelWatcher {
public:
  Recorder(const tenon_kernel_fn *kernels, const std::vector<size_t> &arguments, ModelMemory memory, size_t number,
           std::vector<RecordedCall> &recorded)
      : kernels(kernels), arguments(arguments), memory(std::move(memory)), number(number), recorded(recorded) {}

private:
  int32_t call(size_t kernel, void **vector) override {
    keep(kernel, vector);
    return kernels[kernel](vector);
  }

  void keep(size_t kernel, void **vector) {
    KernelShapes sizes = shapesOf(vector, arguments[kernel]);
    auto [known, isNew] = places.try_emplace({kernel, sizes.shapes}, recorded.size());
    if (isNew) {
      auto inputs = std::make_shared<KernelInputs>(vector, arguments[kernel], memory);
      recorded.push_back({kernel, number, 1, 1, sizes.shapes, sizes.numbers, std::move(inputs)});
      return;
    }
    RecordedCall &call = recorded[known->second];
    ++call.count;
    if (call.variants < kMostVariants) {
      call.inputs->addVariant(vector);
      ++call.variants;
    }
  }

  const tenon_kernel_fn *kernels;
  const std::vector<size_t> &arguments;
  ModelMemory memory;
  size_t number;
  std::vector<RecordedCall> &recorded;
  std::map<std::pair<size_t, std::vector<std::vector<int64_t>>>, size_t> places;
};

/// Times kernels where they are called.
class Profiler : public KernelWatcher {
public:
  Profiler(const tenon_kernel_fn *kernels, const std::vector<size_t> &arguments, const Clock &clock, Profile &profile)
      : kernels(kernels), arguments(arguments), clock(clock), profile(profile) {}

  void enter(const runtime::Entry &entry, const std::vector<int64_t> &dims) override {
    Profile::Entry &ran = profile.entries.emplace_back();
    ran.name = entry.name;
    for (size_t index = 0; index < dims.size(); ++index)
      ran.sizes.emplace_back(entry.dims[index], dims[index]);
  }

private:
  int32_t call(size_t kernel, void **vector) override {
    KernelShapes sizes = shapesOf(vector, arguments[kernel]);
    auto [known, isNew] = places.try_emplace({kernel, profile.entries.size(), sizes.shapes}, profile.kernels.size());
    if (isNew)
      profile.kernels.push_back({kernel, profile.entries.size() - 1, 0, 0, sizes.shapes, sizes.numbers});
    ProfiledKernel &timed = profile.kernels[known->second];
    double start = clock();
    int32_t status = kernels[kernel](vector);
    timed.seconds += clock() - start;
    ++timed.count;
    return status;
  }

  const tenon_kernel_fn *kernels;
  const std::vector<size_t> &arguments;
  const Clock &clock;
  Profile &profile;
  std::map<std::tuple<size_t, size_t, std::vector<std::vector<int64_t>>>, size_t> places;
};

class RuntimeRecording : public Recording {
public:
  RuntimeRecording(const std::string &path, const std::string &target, unsigned threads, std::vector<size_t> arguments,
                   Clock clock)
      : model(std::make_shared<const runtime::Model>(path, runtime::WeightLoading(), target, 0)),
        session(model, threads), arguments(std::move(arguments)), clock(std::move(clock)) {
    if (this->arguments.size() > KernelWatcher::kMostKernels)
      runtime::fail(TENON_ERROR_OUT_OF_RANGE, path, ": the library has ", this->arguments.size(), " kernels, at most ",
                    KernelWatcher::kMostKernels, " can be tuned");
    if (!main())
      runtime::fail(TENON_ERROR_LIBRARY, path,
                    ": the library has no entry point encode or prefill, which a model that "
                    "can be tuned has");
  }

  CallLimits limits() const override {
    CallLimits limits;
    limits.generates = model->findEntry("prefill") != nullptr;
    limits.hasSource = model->manifest().givenSources > 0;
    limits.positions = main()->limits.positions;
    if (limits.hasSource)
      limits.sourcePositions = runtime::sourceShape(*model, 0).positions;
    return limits;
  }

  std::string target() const override { return model->target().name; }
  tenon_kernel_fn kernel(size_t index) const override { return model->target().kernels[index]; }

  bool record(const CallShape &shape, size_t number, std::vector<RecordedCall> &recorded, std::string &error) override {
    ModelMemory memory{model->weights(), model->weightBytes(),
                       [this](const uint8_t *begin, size_t bytes) { return readableBytes(begin, bytes); }};
    Recorder recorder(model->target().kernels, arguments, std::move(memory), number, recorded);
    return watch(shape, recorder, error);
  }

  bool profile(const CallShape &shape, Profile &profile, std::string &error) override {
    profile = {};
    Profiler profiler(model->target().kernels, arguments, clock, profile);
    bool done = watch(shape, profiler, error);
    profile.seconds = clock() - started;
    return done;
  }

  double time(const RecordedCall &call, tenon_kernel_fn kernel, unsigned runs, bool cold) override {
    double seconds = std::numeric_limits<double>::quiet_NaN();
    void *context = &session;
    std::vector<void **> vectors = call.inputs->argumentVectors(&context);
    onThreads([&] {
      double start = clock(), evicting = 0;
      for (unsigned run = 0; run < runs; ++run)
        for (size_t variant = 0; variant < vectors.size(); ++variant) {
          if (cold)
            evicting += evict(*call.inputs, variant);
          if (kernel(vectors[variant]))
            return;
        }
      seconds = clock() - start - evicting;
    });
    return seconds;
  }

  bool givesSameBits(const RecordedCall &call, tenon_kernel_fn kernel) override {
    call.inputs->restore();
    void *context = &session;
    std::vector<void **> vectors = call.inputs->argumentVectors(&context);
    int32_t status = 1;
    onThreads([&] { status = kernel(vectors[0]); });
    bool same = status == 0 && call.inputs->matchesFirst();
    call.inputs->restore();
    return same;
  }

private:
  /// How long it takes.
  double evict(const KernelInputs &inputs, size_t variant) {
    double start = clock();
    inputs.evictWeights(variant);
    return clock() - start;
  }

  /// Makes a call of the model with `watcher` before its kernels.
  bool watch(const CallShape &shape, KernelWatcher &watcher, std::string &error) {
    watching = &watcher;
    bool done = guarded([&] { limits().generates ? generate(shape) : encode(shape); }, error);
    session.useKernels(nullptr);
    if (watcher.ranOutOfMemory)
      error = "there is no memory for what the model's kernels are called with";
    return done;
  }

  /// From here on, in a call of the model, kernels are what it is about.
  void beginToWatch() {
    session.useKernels(KernelWatcher::table(), [this](const runtime::Entry &entry, const std::vector<int64_t> &dims) {
      watching->enter(entry, dims);
    });
    started = clock();
  }

  /// With all of the session's threads awake, as within a call of the model.
  void onThreads(const std::function<void()> &action) {
    std::string error;
    guarded([&] { session.spread(1, [&](size_t) { action(); }); }, error);
  }

  size_t readableBytes(const uint8_t *begin, size_t bytes) const {
    if (limits().generates)
      for (const std::shared_ptr<runtime::PagePool> &pool : model->pools())
        bytes = pool->readableBytes(begin, bytes);
    return bytes;
  }

  const runtime::Entry *main() const {
    for (const char *name : {"prefill", "encode"})
      if (const runtime::Entry *entry = model->findEntry(name))
        return entry;
    return nullptr;
  }

  /// No kernel's work depends on which tokens there are.
  static std::vector<int32_t> someTokens(int64_t count, int64_t vocab) {
    std::vector<int32_t> tokens(static_cast<size_t>(count));
    for (size_t index = 0; index < tokens.size(); ++index)
      tokens[index] = static_cast<int32_t>((index * 7919 + 1) % static_cast<size_t>(std::max<int64_t>(vocab, 1)));
    return tokens;
  }

  void encode(const CallShape &shape) {
    std::vector<int32_t> tokens = someTokens(shape.tokens, main()->limits.vocab);
    std::vector<runtime::TokenRow> rows(static_cast<size_t>(shape.sequences),
                                        {tokens.data(), static_cast<int32_t>(shape.tokens)});
    int64_t width = runtime::embeddingWidth(*model);
    int64_t hidden = main()->width(runtime::Role::Hidden);
    std::vector<float> output(static_cast<size_t>(shape.sequences * (width > 0 ? width : shape.tokens * hidden)));
    beginToWatch();
    runtime::encodeRows(session, rows, width > 0 ? nullptr : output.data(), width > 0 ? output.data() : nullptr);
  }

  void generate(const CallShape &shape) {
    std::vector<std::shared_ptr<runtime::PagePool>> pools;
    for (size_t pool : model->manifest().ownPools)
      pools.push_back(model->pools()[pool]);
    std::vector<runtime::Sequence> sequences(static_cast<size_t>(shape.sequences), runtime::Sequence(pools));
    if (limits().hasSource) {
      if (shape.tokens == 0)
        beginToWatch();
      readSources(shape, sequences);
    }
    if (shape.past > 0)
      forward(sequences, shape.past);
    if (shape.tokens == 0)
      return;
    beginToWatch();
    forward(sequences, shape.tokens);
  }

  void forward(std::vector<runtime::Sequence> &sequences, int64_t count) {
    std::vector<int32_t> tokens = someTokens(count, main()->limits.vocab);
    std::vector<runtime::Step> steps;
    for (runtime::Sequence &sequence : sequences) {
      runtime::checkTokens(*model, *main(), sequence, tokens, steps.size());
      steps.push_back({&sequence, tokens});
    }
    std::vector<float> logits(sequences.size() * static_cast<size_t>(runtime::logitsWidth(*main())));
    runtime::ForwardOutputs outputs;
    outputs.logits = logits.empty() ? nullptr : logits.data();
    runtime::forward(session, steps, outputs);
  }

  void readSources(const CallShape &shape, std::vector<runtime::Sequence> &sequences) {
    std::vector<runtime::Sequence *> pointers;
    for (runtime::Sequence &sequence : sequences)
      pointers.push_back(&sequence);
    size_t given = model->manifest().givenSources;
    std::vector<std::vector<int32_t>> tokens(given);
    std::vector<std::vector<float>> floats(given);
    std::vector<runtime::SourceInput> each;
    for (size_t index = 0; index < given; ++index) {
      runtime::SourceShape source = runtime::sourceShape(*model, index);
      int64_t most = source.positions > 0 ? source.positions : kUsualSource;
      int64_t usual = source.features > 0 ? most : std::min(most, kUsualSource);
      int64_t rows = std::max(shape.source.value_or(usual), source.fewest);
      runtime::SourceInput input;
      if (source.vocab > 0) {
        tokens[index] = someTokens(rows, source.vocab);
        input.tokens = tokens[index];
      } else {
        int64_t width = source.features > 0 ? source.features : source.width;
        input.rows = rows;
        floats[index].assign(static_cast<size_t>(rows * width), 0.5F);
        (source.features > 0 ? input.features : input.hidden) = floats[index].data();
      }
      each.push_back(input);
    }
    std::vector<runtime::SourceInput> inputs;
    for (size_t sequence = 0; sequence < sequences.size(); ++sequence)
      inputs.insert(inputs.end(), each.begin(), each.end());
    runtime::setSources(session, pointers, inputs);
  }

  std::shared_ptr<const runtime::Model> model;
  runtime::Session session;
  std::vector<size_t> arguments;
  Clock clock;
  KernelWatcher *watching = nullptr; ///< During a call.
  double started = 0;                ///< By the clock.
};

} // namespace

std::shared_ptr<CandidateLibrary> CandidateLibrary::open(const std::string &path, std::string &error) {
  std::shared_ptr<CandidateLibrary> library;
  guarded([&] { library = std::make_shared<LoadedCandidates>(path); }, error);
  return library;
}

std::unique_ptr<Recording> Recording::open(const std::string &library, const std::string &target, unsigned threads,
                                           std::vector<size_t> arguments, Clock clock, std::string &error) {
  std::unique_ptr<Recording> recording;
  guarded(
      [&] {
        recording =
            std::make_unique<RuntimeRecording>(library, target, threads, std::move(arguments), std::move(clock));
      },
      error);
  return recording;
}
