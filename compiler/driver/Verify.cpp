//===- Verify.cpp - Compiled kernels against the reference ----------------===//

#include "driver/Verify.h"

#include "codegen/KernelCache.h"
#include "codegen/KernelCall.h"
#include "codegen/KernelLink.h"
#include "driver/CaseCoverage.h"
#include "driver/ModelLibrary.h"
#include "driver/PackedParameters.h"
#include "driver/VerifyInputs.h"
#include "passes/Passes.h"
#include "reference/Reference.h"
#include "tenon/Dialect.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

#include <cmath>

using namespace llvm;
using namespace tenon;
using reference::convert;
using DoubleTensor = reference::Tensor<double>;
using reference::FloatTensor;

bool VerifyReport::passes() const {
  auto pass = [](const KernelError &error) { return error.passes(); };
  return all_of(operations, pass) && all_of(kernels, pass);
}

namespace {

/// Runs one module of kernel IR and compares each of its kernels.
class Comparison {
public:
  Comparison(const KernelLibrary &library, StringRef target, StringMap<tenon_kernel_fn> functions,
             const PackedParameters &parameters)
      : library(library), functions(std::move(functions)), parameters(parameters), coverage(target) {}

  /// `label` names the row of the report that a kernel belongs to.
  Error run(mlir::ModuleOp module, CompilerContext &context, function_ref<std::string(KernelOp)> label) {
    for (auto function : module.getOps<mlir::func::FuncOp>()) {
      if (function.isExternal())
        continue;
      if (Error error = runBatch(function, std::nullopt, context, label))
        return error;
      // Cases of schedules that are for other sizes.
      while (std::optional<BatchShape> shape = coverage.next(function))
        if (Error error = runBatch(function, shape, context, label))
          return error;
    }
    return Error::success();
  }

  std::vector<KernelError> takeErrors() {
    std::vector<KernelError> list;
    for (auto &[name, error] : errors) {
      list.push_back(error);
      list.back().name = name;
      CaseCoverage::Counts counts = coverage.countsOf(name);
      list.back().cases = counts.cases;
      list.back().casesRun = counts.run;
    }
    return list;
  }

private:
  Error runBatch(mlir::func::FuncOp function, std::optional<BatchShape> shape, CompilerContext &context,
                 function_ref<std::string(KernelOp)> label) {
    InputMaker maker(function, shape);
    std::vector<std::vector<bool>> packed;
    for (auto starts : function.getOps<RowStartsOp>())
      packed.push_back(maker.packedRows(starts));
    reference::Options<double> options;
    options.parameters = [&](StringRef name) -> mlir::FailureOr<FloatTensor> {
      if (auto tensor = parameters.find(name))
        return *tensor;
      return mlir::failure();
    };
    std::string problem;
    options.onKernel = [&](KernelOp kernel, ArrayRef<DoubleTensor> inputs, ArrayRef<DoubleTensor>) {
      if (!problem.empty())
        return;
      Error error = cover(kernel, inputs, maker.batch());
      if (!error)
        error = compare(kernel, inputs, packed, errors[label(kernel)]);
      if (error)
        problem = "kernel '" + kernel.getName().str() + "': " + toString(std::move(error));
    };
    SmallVector<DoubleTensor> inputs = maker.inputs();
    auto results = reference::evaluate<double>(function, inputs, options);
    if (mlir::failed(results))
      return context.takeError("the reference did not evaluate the function");
    return problem.empty() ? Error::success() : createStringError(problem);
  }

  Error cover(KernelOp kernel, ArrayRef<DoubleTensor> inputs, int64_t sequences) {
    std::vector<std::vector<int64_t>> shapes;
    for (const DoubleTensor &input : inputs)
      shapes.emplace_back(input.shape().begin(), input.shape().end());
    return coverage.add(kernel, shapes, sequences);
  }

  Error compare(KernelOp kernel, ArrayRef<DoubleTensor> exactInputs, ArrayRef<std::vector<bool>> packed,
                KernelError &error) {
    SmallVector<FloatTensor> inputs;
    SmallVector<DoubleTensor> rounded;
    for (const DoubleTensor &input : exactInputs) {
      inputs.push_back(convert<float>(input));
      rounded.push_back(convert<double>(inputs.back()));
    }
    auto exact = reference::evaluateKernel<double>(kernel, rounded);
    SmallVector<reference::Tensors<float>> plain;
    for (PlainEvaluation evaluation : plainEvaluations()) {
      SmallVector<FloatTensor> own = movedInputs(inputs, evaluation.draw);
      RoundingScope rounding(evaluation.rounding);
      auto evaluated = reference::evaluateKernel<float>(kernel, own);
      if (mlir::failed(exact) || mlir::failed(evaluated))
        return createStringError("the reference did not evaluate it");
      plain.push_back(std::move(*evaluated));
    }
    const KernelError before = error;
    if (Error failed = addRun(kernel, inputs, *exact, plain, packed, error))
      return failed;
    if (!error.passesAsWhole() && error.element <= 1) {
      auto typical = meanOfDraws(kernel, inputs, packed);
      if (!typical)
        return typical.takeError();
      error.compiled = std::max(typical->compiled, before.compiled);
      error.plain = std::max(typical->plain, before.plain);
    }
    ++error.runs;
    return Error::success();
  }

  /// Calls the kernel, and adds how far off its results and those of plain evaluations are.
  Error addRun(KernelOp kernel, ArrayRef<FloatTensor> inputs, ArrayRef<DoubleTensor> exact,
               ArrayRef<reference::Tensors<float>> plain, ArrayRef<std::vector<bool>> packed, KernelError &error) {
    SmallVector<std::vector<float>> outputs;
    if (Error failed = call(kernel, inputs, exact, outputs))
      return failed;
    for (auto [index, expected] : enumerate(exact)) {
      // Two batches may have equally many packed rows: what is padding in one of them is not looked at.
      auto isUsed = [&, rows = static_cast<size_t>(expected.rows())](int64_t row) {
        return all_of(packed, [&](const std::vector<bool> &each) { return each.size() != rows || each[row]; });
      };
      ResultValues values{expected.values(), {}, outputs[index], expected.columns()};
      for (const reference::Tensors<float> &each : plain)
        values.plain.push_back(each[index].values());
      addResult(values, isUsed, error);
    }
    return Error::success();
  }

  /// The largest errors on inputs like these, each moved by a unit in the last place: their means over many draws.
  Expected<KernelError> meanOfDraws(KernelOp kernel, ArrayRef<FloatTensor> inputs,
                                    ArrayRef<std::vector<bool>> packed) {
    constexpr unsigned kDraws = 16;
    std::vector<KernelError> draws(kDraws);
    for (auto [number, error] : enumerate(draws)) {
      SmallVector<FloatTensor> own = movedInputs(inputs, number + 1);
      SmallVector<DoubleTensor> rounded;
      for (const FloatTensor &input : own)
        rounded.push_back(convert<double>(input));
      auto exact = reference::evaluateKernel<double>(kernel, rounded);
      auto plain = reference::evaluateKernel<float>(kernel, own);
      if (mlir::failed(exact) || mlir::failed(plain))
        return createStringError("the reference did not evaluate it");
      if (Error failed = addRun(kernel, own, *exact, *plain, packed, error))
        return failed;
    }
    return tenon::meanOfDraws(draws);
  }

  static SmallVector<FloatTensor> movedInputs(ArrayRef<FloatTensor> inputs, unsigned draw) {
    SmallVector<FloatTensor> result(inputs);
    for (FloatTensor &input : result)
      if (!input.isInteger())
        input = FloatTensor(input.shape(), moved(input.values(), draw));
    return result;
  }

  Error call(KernelOp kernel, ArrayRef<FloatTensor> inputs, ArrayRef<DoubleTensor> shapes,
             SmallVectorImpl<std::vector<float>> &outputs) {
    SmallVector<KernelBuffer> buffers;
    for (const FloatTensor &input : inputs) {
      const void *data = input.isInteger() ? static_cast<const void *>(input.ints().data()) : input.values().data();
      buffers.push_back({const_cast<void *>(data), input.shape(), !input.isInteger()});
    }
    outputs.resize(shapes.size());
    for (auto [index, shape] : enumerate(shapes)) {
      outputs[index].resize(shape.size());
      // What is updated in place is its own input.
      if (mlir::Value updated = kernel.getUpdatedInput(index)) {
        size_t input = find(kernel.getInputs(), updated) - kernel.getInputs().begin();
        copy(inputs[input].values(), outputs[index].begin());
        buffers[input].data = outputs[index].data();
      }
      buffers.push_back({outputs[index].data(), shape.shape(), true});
    }
    auto found = functions.find(kernel.getName());
    if (found == functions.end())
      return createStringError("the library has no such kernel");
    return library.call(found->second, buffers);
  }

  const KernelLibrary &library;
  StringMap<tenon_kernel_fn> functions;
  const PackedParameters &parameters;
  CaseCoverage coverage;
  MapVector<std::string, KernelError, std::map<std::string, unsigned>> errors;
};

class Verification {
public:
  explicit Verification(const VerifyOptions &options) : options(options) {}

  Expected<VerifyReport> run() {
    reference::registerReferenceModels(registry);
    context.get()->appendDialectRegistry(registry);
    if (Error error = makeLibrary())
      return error;
    tenon_model_options checked = {};
    checked.check_weights = 1;
    auto opened = ModelLibrary::open(path, checked, context);
    if (!opened)
      return opened.takeError();
    report.target = opened->info().target;
    mlir::ModuleOp module = opened->kernels();
    auto library = KernelLibrary::open(path);
    if (!library)
      return library.takeError();
    WeightTable table(module);
    auto layout = weights::placeTensors(table.tensors);
    if (!layout)
      return layout.takeError();
    ArrayRef<uint8_t> data(opened->info().weights, opened->info().weight_bytes);
    if (data.size() != layout->dataBytes)
      return createStringError("%s: the weights are not those of the kernel IR", path.c_str());
    PackedParameters parameters(table, *layout, data);
    if (options.operations)
      if (Error error = compareOperations(module, parameters))
        return error;
    if (Error error = compareKernels(module, *library, opened->manifest(), parameters))
      return error;
    return std::move(report);
  }

private:
  void progress(StringRef step, uint64_t done, uint64_t total) {
    if (options.progress)
      options.progress(step, done, total);
  }

  Error makeLibrary() {
    auto library = libraryOf(options, scratch, options.progress);
    if (!library)
      return library.takeError();
    path = *library;
    return Error::success();
  }

  Error compareKernels(mlir::ModuleOp module, const KernelLibrary &library, const json::Object &manifest,
                       const PackedParameters &parameters) {
    const tenon_kernel_fn *kernels = library.kernels(report.target);
    StringMap<tenon_kernel_fn> functions;
    for (const auto &[index, kernel] : enumerate(*manifest.getArray("kernels")))
      functions[kernel.getAsObject()->getString("name").value_or("")] = kernels[index];
    Comparison comparison(library, report.target, std::move(functions), parameters);
    if (Error error = comparison.run(module, context, [](KernelOp kernel) { return kernel.getName().str(); }))
      return error;
    report.kernels = comparison.takeErrors();
    return Error::success();
  }

  /// Every operation as a kernel of its own, in a library made for this.
  Error compareOperations(mlir::ModuleOp module, const PackedParameters &parameters) {
    mlir::OwningOpRef<mlir::ModuleOp> split = module.clone();
    mlir::PassManager manager(context.get());
    manager.nest<mlir::func::FuncOp>().addPass(createInlineKernels());
    FuseKernelsOptions fusion;
    fusion.fuse = false;
    manager.nest<mlir::func::FuncOp>().addPass(createFuseKernels(fusion));
    AssignSchedulesOptions schedules;
    schedules.targets = {report.target};
    manager.addPass(createAssignSchedules(schedules));
    if (mlir::failed(manager.run(*split)))
      return context.takeError("the kernels could not be taken apart");
    std::vector<std::string> names;
    std::string operationsPath = scratch->file("operations.so");
    if (Error error = linkKernels(*split, operationsPath, names))
      return error;
    auto library = KernelLibrary::open(operationsPath);
    if (!library)
      return library.takeError();
    StringMap<tenon_kernel_fn> functions;
    for (const auto &[index, name] : enumerate(names))
      functions[name] = library->kernels(report.target)[index];
    Comparison comparison(*library, report.target, std::move(functions), parameters);
    auto label = [](KernelOp kernel) { return kernel.getBody().front().front().getName().stripDialect().str(); };
    if (Error error = comparison.run(*split, context, label))
      return error;
    report.operations = comparison.takeErrors();
    return Error::success();
  }

  /// Links the kernels of a module, for one target, into a library without drivers.
  Error linkKernels(mlir::ModuleOp module, StringRef output, std::vector<std::string> &names) {
    auto cache = KernelCache::open(options.cacheDirectory);
    if (!cache)
      return cache.takeError();
    std::vector<LinkedKernel> kernels;
    StringSet<> seen;
    module.walk([&](KernelOp kernel) {
      if (!seen.insert(kernel.getName()).second)
        return;
      kernels.push_back({kernel.describe(), mlir::cast<ScheduleAttr>(kernel.getSchedules()[0]).describe()});
      names.push_back(kernel.getName().str());
    });
    return tenon::linkKernels(kernels, *kernels::findTarget(report.target), *cache, context.get(), output,
                              [&](size_t done) { progress("kernels", done, kernels.size()); });
  }

  const VerifyOptions &options;
  std::string path;
  mlir::DialectRegistry registry;
  CompilerContext context;
  std::optional<ScratchDirectory> scratch = ScratchDirectory::create();
  VerifyReport report;
};

} // namespace

Expected<VerifyReport> tenon::verify(const VerifyOptions &options) { return Verification(options).run(); }
