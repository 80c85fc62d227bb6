//===- Compile.cpp - From a model to a library ----------------------------===//

#include "driver/Compile.h"

#include "codegen/HostCode.h"
#include "codegen/KernelCache.h"
#include "codegen/Link.h"
#include "codegen/Manifest.h"
#include "driver/Context.h"
#include "driver/ModelManifest.h"
#include "driver/Targets.h"
#include "driver/TextParts.h"
#include "import/Import.h"
#include "kernels/Kernels.h"
#include "passes/Passes.h"
#include "passes/Weights.h"
#include "schedules/ApplySchedules.h"
#include "schedules/ModuleTargets.h"
#include "schedules/ScheduleFile.h"
#include "spec/ModelBuilder.h"
#include "support/AtomicFile.h"
#include "tenon/Dialect.h"
#include "tune/TunedSchedules.h"
#include "weights/PackedReuse.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/ThreadPool.h"

#include <mutex>

using namespace llvm;
using namespace tenon;

namespace {

/// The attribute of a module that names the model it was made from: its weights and tokenizer.
constexpr char kSourceAttribute[] = "tenon.source";

/// One schedule of one kernel, to be an object.
struct KernelJob {
  kernels::KernelDescription description;
  kernels::Schedule schedule;
  std::string object;
};

/// The source of a model whose parameters are all computed.
struct NoWeights : weights::WeightSource {
  std::optional<weights::TensorView> find(StringRef) const override { return std::nullopt; }
  std::string tensorName(StringRef parameter) const override { return parameter.str(); }
  std::vector<std::string> tensorNames() const override { return {}; }
  std::string path() const override { return ""; }
};

/// A remark or its detail, behind the place that it is about.
std::string noteOf(const mlir::Diagnostic &diagnostic) {
  std::string text = "note: " + diagnostic.str();
  auto place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
  if (!place)
    return text;
  std::string file = place.getFilename().str();
  // Nobody wrote a line of what was read from a checkpoint.
  if (place.getLine() > 0)
    file += ":" + std::to_string(place.getLine()) + ":" + std::to_string(place.getColumn());
  return file + ": " + text;
}

class Compilation {
public:
  explicit Compilation(const CompileOptions &options) : options(options) {}

  Expected<CompileSummary> run() {
    if (Error error = readInput())
      return error;
    if (options.emit == EmitLevel::Model)
      return writeText(print());
    if (Error error = runPipeline(buildTensorPipeline))
      return error;
    if (options.emit == EmitLevel::Tensor)
      return writeText(print());
    if (Error error = runPipeline(buildKernelPipeline))
      return error;
    if (Error error = useTunedSchedules())
      return error;
    if (Error error = overrideSchedules())
      return error;
    if (options.emit == EmitLevel::Kernel)
      return writeText(print());
    manifest.ir = print();
    collectKernels();
    WeightTable weightTable(*module);
    for (auto function : module->getOps<mlir::func::FuncOp>())
      weightBytes[function.getName()] = weightBytesRead(function);
    if (options.emit == EmitLevel::Stmt || options.emit == EmitLevel::Assembly)
      return writeKernels();
    if (Error error = runPipeline(buildHostPipeline))
      return error;
    if (options.emit == EmitLevel::Host)
      return writeText(print());
    return buildLibrary(weightTable);
  }

private:
  void progress(StringRef step, uint64_t done, uint64_t total) {
    std::lock_guard<std::mutex> lock(progressMutex);
    if (options.progress)
      options.progress(step, done, total);
  }

  Error readInput() {
    std::vector<std::string> wanted = options.targets;
    if (wanted.empty()) {
      wanted = kernels::targetNames();
      std::reverse(wanted.begin(), wanted.end());
    }
    auto read = readTargetTexts(wanted);
    if (!read)
      return read.takeError();
    targets = std::move(*read);
    if (!options.schedules.empty()) {
      auto opened = ScheduleFile::open(options.schedules);
      if (!opened)
        return opened.takeError();
      schedules = std::move(*opened);
    }
    manifest.name = sys::path::stem(options.output).str();
    std::string source = options.model;
    if (sys::path::extension(options.model) == ".mlir") {
      auto parsed = context.parse(options.model);
      if (!parsed)
        return parsed.takeError();
      module = std::move(*parsed);
      module->walk([&](KernelOp kernel) { hasSchedules |= !kernel.getSchedules().empty(); });
      if (options.targets.empty())
        if (Error error = takeTargets(*module))
          return error;
      auto attribute = (*module)->getAttrOfType<mlir::StringAttr>(kSourceAttribute);
      if (!attribute)
        return Error::success();
      source = attribute.str();
    }
    bool pools = !options.pooling.empty();
    import::ImportOptions importing = options.importing;
    importing.withoutHead |= pools;
    auto opened = import::openModel(source, importing);
    if (!opened)
      return opened.takeError();
    imported = std::move(*opened);
    if (pools && module)
      return createStringError("--pooling does not go with '%s': its operations are chosen", options.model.c_str());
    if (pools)
      if (Error error = import::poolInstead(imported.model, options.pooling, options.normalize))
        return error;
    if (Error error = checkTextParts(imported))
      return error;
    describeModel(imported, manifest);
    if (module)
      return Error::success();
    if (imported.model.file.empty())
      imported.model.file = source;
    module = buildModel(imported.model, context.get());
    SmallString<128> absolute(source);
    sys::fs::make_absolute(absolute);
    (*module)->setAttr(kSourceAttribute, mlir::StringAttr::get(context.get(), absolute));
    if (mlir::failed(mlir::verify(*module)))
      return context.takeError("the spec makes no valid model IR");
    return Error::success();
  }

  /// What IR says of the CPUs that it is for.
  Error takeTargets(mlir::ModuleOp module) {
    for (kernels::TargetModel &target : targets) {
      auto known = targetOf(module, target.name);
      if (!known)
        return known.takeError();
      target = std::move(*known);
    }
    return Error::success();
  }

  Error runPipeline(function_ref<void(mlir::OpPassManager &, const PipelineOptions &)> build) {
    PipelineOptions pipelineOptions;
    for (const kernels::TargetModel &target : targets)
      pipelineOptions.targets.push_back(kernels::textOf(target));
    pipelineOptions.fuse = options.fuse;
    pipelineOptions.unify = options.unify;
    // What a pass remarks on is for the user, in the same words.
    mlir::ScopedDiagnosticHandler remarks(context.get(), [&](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Remark)
        return mlir::failure();
      rewritten.push_back(noteOf(diagnostic));
      for (mlir::Diagnostic &detail : diagnostic.getNotes())
        rewritten.push_back(noteOf(detail));
      return mlir::success();
    });
    mlir::PassManager manager(context.get());
    build(manager, pipelineOptions);
    if (mlir::failed(manager.run(*module)))
      return context.takeError("a pass did not succeed");
    return Error::success();
  }

  Error overrideSchedules() {
    if (!schedules)
      return Error::success();
    if (Error error = applySchedules(*module, *schedules))
      return error;
    return schedules->finish();
  }

  /// Winners in the place of what the analytic model chose.
  Error useTunedSchedules() {
    // Kernel IR has decided: over it goes only what the user asks for.
    auto notes = tune::applyWinners(*module, options.shippedWinners && !hasSchedules, options.database,
                                    tune::thisMachine(/*threads=*/0));
    if (!notes)
      return notes.takeError();
    tuningNotes = std::move(*notes);
    return Error::success();
  }

  std::string print() {
    std::string text;
    raw_string_ostream(text) << *module;
    return text;
  }

  Expected<CompileSummary> writeText(StringRef text) {
    CompileSummary summary;
    summary.notes = imported.notes;
    summary.rewritten = rewritten;
    if (options.output != "-") {
      summary.text = options.output;
      if (Error error = writeFileAtomically(options.output, text))
        return error;
      return summary;
    }
    outs() << text;
    outs().flush();
    if (std::error_code code = outs().error()) {
      outs().clear_error();
      return createStringError("standard output: " + code.message());
    }
    return summary;
  }

  /// The kernels of each name, once.
  void collectKernels() {
    module->walk([&](KernelOp kernel) {
      if (jobs.count(kernel.getName().str()))
        return;
      for (auto attribute : kernel.getSchedules().getAsRange<ScheduleAttr>()) {
        KernelJob job;
        job.description = kernel.describe();
        job.schedule = attribute.describe();
        jobs[kernel.getName().str()].push_back(std::move(job));
      }
    });
  }

  Expected<CompileSummary> writeKernels() {
    std::string text;
    auto kind = options.emit == EmitLevel::Stmt ? kernels::Output::LoweredLoops : kernels::Output::Assembly;
    for (auto &[name, schedules] : jobs)
      for (KernelJob &job : schedules) {
        std::string output, error;
        if (!kernels::compileKernel(job.description, job.schedule, name, kind, output, error))
          return createStringError("kernel '%s' for %s: %s", name.c_str(), job.schedule.target.c_str(), error.c_str());
        text += "// " + name + " for " + job.schedule.target + "\n" + output + "\n";
      }
    return writeText(text);
  }

  /// Compiles what the cache does not hold, several kernels at a time.
  Error compileKernels(KernelCache &cache, ThreadPoolInterface &pool) {
    std::mutex mutex;
    std::string errors;
    unsigned total = 0, done = 0;
    for (auto &[name, schedules] : jobs)
      total += schedules.size();
    for (auto &[name, schedules] : jobs)
      for (KernelJob &job : schedules)
        pool.async([&, &name = name] {
          Expected<std::string> object = cache.object(job.description, job.schedule);
          std::lock_guard<std::mutex> lock(mutex);
          if (object)
            job.object = *object;
          else
            errors += "kernel '" + name + "' for " + job.schedule.target + ": " + toString(object.takeError()) + "\n";
          progress("kernels", ++done, total);
        });
    pool.wait();
    if (!errors.empty())
      return createStringError(StringRef(errors).rtrim().str());
    return Error::success();
  }

  /// Tensors of other shapes may come of sizes that the configuration leaves out.
  Error withAssumedSizes(Error error) {
    if (imported.assumed.empty())
      return error;
    return createStringError(toString(std::move(error)) + "\n  config.json leaves out " + join(imported.assumed, ", ") +
                             ": these are the defaults of its model type");
  }

  Error packWeights(const WeightTable &table, CompileSummary &summary) {
    if (table.tensors.empty())
      return Error::success();
    bool needsSource = any_of(table.tensors, [](const auto &tensor) { return !tensor.parts.empty(); });
    if (needsSource && !imported.source)
      return createStringError("%s: the model has parameters, but names no weights", options.model.c_str());
    SmallString<128> path(options.output);
    sys::path::replace_extension(path, "weights");
    const weights::WeightSource &source = imported.source ? *imported.source : noWeights;
    summary.weights = path.str();
    manifest.weightsFile = sys::path::filename(path).str();
    // What the file would hold is known from what it was made of, and found in a fraction of the time that writing
    // takes.
    std::optional<std::string> inputs = weights::packedInputs(table.tensors, source);
    if (inputs && !options.embed) {
      if (auto reused = weights::reusePackedWeights(path, *inputs, summary.notes)) {
        manifest.weights = *reused;
        summary.weightBytes = reused->fileBytes;
        return Error::success();
      }
    }
    if (needsSource)
      if (Error error = weights::checkWeights(table.tensors, source, summary.notes))
        return withAssumedSizes(std::move(error));
    auto layout = weights::placeTensors(table.tensors);
    if (!layout)
      return layout.takeError();
    auto created = AtomicFile::create(path);
    if (!created)
      return created.takeError();
    weightFile = std::move(*created);
    auto file = weights::writePackedWeights(
        *weightFile, table.tensors, *layout, source,
        [&](uint64_t done, uint64_t total) { progress("weights", done, total); },
        weights::reuseMetadata(inputs.value_or(""), summary.notes));
    if (!file)
      return file.takeError();
    manifest.weights = *file;
    summary.weightBytes = file->fileBytes;
    return Error::success();
  }

  Expected<CompileSummary> buildLibrary(const WeightTable &weightTable) {
    CompileSummary summary;
    if (options.emit == EmitLevel::Library)
      if (Error error = packWeights(weightTable, summary))
        return error;
    summary.notes.insert(summary.notes.begin(), imported.notes.begin(), imported.notes.end());
    summary.notes.insert(summary.notes.end(), tuningNotes.begin(), tuningNotes.end());
    summary.rewritten = rewritten;
    if (Error error = describeLibrary())
      return error;
    LibraryContents contents;
    contents.manifest = writeManifest(manifest);
    contents.tokenizer = imported.tokenizer;
    contents.targetTokenizer = imported.targetTokenizer;
    if (options.embed && weightFile)
      contents.weightsPath = weightFile->temporaryPath().str();
    for (const EntryPoint &entry : manifest.entries)
      contents.entries.push_back(entry.name);
    contents.targets = targetKernels();
    if (Error error = runPipeline(buildLLVMPipeline))
      return error;
    bool isText = options.emit == EmitLevel::LLVM;
    auto code = emitHostCode(*module, contents, isText ? HostOutput::LLVM : HostOutput::Object);
    if (!code)
      return code.takeError();
    if (isText)
      return writeText(*code);
    if (Error error = link(*code, summary))
      return error;
    return summary;
  }

  /// Fills in the manifest from host IR.
  Error describeLibrary() {
    manifest.targets = targets;
    manifest.entries = entryPoints(*module);
    for (EntryPoint &entry : manifest.entries)
      entry.weightBytes = weightBytes.lookup(entry.name);
    if (manifest.entries.empty())
      return createStringError("%s: there is no model and no function over tensors to make an entry point of",
                               options.model.c_str());
    auto holder = module->lookupSymbol<mlir::ModuleOp>(kKernelModule);
    for (mlir::func::FuncOp function : kernelFunctions(*module)) {
      auto body = holder ? holder.lookupSymbol<mlir::func::FuncOp>(function.getName()) : mlir::func::FuncOp();
      auto kernels = body ? llvm::to_vector(body.getOps<KernelOp>()) : SmallVector<KernelOp>();
      if (kernels.size() != 1)
        return createStringError("%s: kernel '%s' has %zu bodies in module '%s', expected one", options.model.c_str(),
                                 function.getName().str().c_str(), kernels.size(), kKernelModule);
      manifest.kernels.push_back(kernels.front());
      order.push_back(kernels.front().getName().str());
    }
    return Error::success();
  }

  std::vector<TargetKernels> targetKernels() {
    std::vector<TargetKernels> tables;
    for (const auto &[index, target] : enumerate(targets)) {
      TargetKernels table;
      table.name = target.name;
      table.level = target.level;
      for (const std::string &name : order) {
        const KernelJob &job = jobs[name][index];
        table.symbols.push_back(KernelCache::symbol(job.description, job.schedule));
      }
      tables.push_back(std::move(table));
    }
    return tables;
  }

  Error link(StringRef hostObject, CompileSummary &summary) {
    auto cache = KernelCache::open(options.cacheDirectory);
    if (!cache)
      return cache.takeError();
    DefaultThreadPool pool(hardware_concurrency(options.threads));
    if (Error error = compileKernels(*cache, pool))
      return error;
    auto runtime = cache->runtimeObject();
    if (!runtime)
      return runtime.takeError();
    std::vector<std::string> objects{*runtime};
    StringSet<> linked;
    for (const std::string &name : order)
      for (const KernelJob &job : jobs[name])
        if (linked.insert(job.object).second)
          objects.push_back(job.object);
    progress("link", 0, 1);
    auto library = AtomicFile::create(options.output, AtomicFile::Mode::Executable);
    if (!library)
      return library.takeError();
    if (Error error = linkLibrary(hostObject, objects, **library))
      return error;
    // The last steps, together: whatever went wrong before, an older library still has its weights.
    if (options.embed)
      summary.weights.clear();
    else if (weightFile)
      if (Error error = weightFile->commit())
        return error;
    if (Error error = (*library)->commit())
      return error;
    progress("link", 1, 1);
    summary.library = options.output;
    summary.kernels = order.size();
    summary.compiled = cache->misses();
    if (std::string note = cache->note(); !note.empty())
      summary.notes.push_back(std::move(note));
    return Error::success();
  }

  const CompileOptions &options;
  std::vector<std::string> rewritten; ///< As in the summary.
  std::vector<std::string> tuningNotes; ///< How many kernels are tuned.
  bool hasSchedules = false;            ///< Whether the input's kernels have some.
  CompilerContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  import::ImportedModel imported;
  std::unique_ptr<ScheduleFile> schedules; ///< Those that the user gives.
  NoWeights noWeights;
  std::unique_ptr<AtomicFile> weightFile; // Committed with the library.
  std::vector<kernels::TargetModel> targets; ///< Best first.
  std::map<std::string, std::vector<KernelJob>> jobs; // by kernel, in the order of `targets`
  StringMap<int64_t> weightBytes;                     // by entry point
  std::vector<std::string> order;                     // names in the order of the kernel table
  ManifestInput manifest;
  std::mutex progressMutex;
};

} // namespace

Expected<CompileSummary> tenon::compile(const CompileOptions &options) { return Compilation(options).run(); }
