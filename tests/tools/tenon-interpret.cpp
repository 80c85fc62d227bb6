//===- tenon-interpret.cpp - Runs IR in the reference interpreter ---------===//
//
// For tests that a pass keeps the meaning of what it changes:
//
//   tenon-opt a.mlir --tenon-fuse-kernels | tenon-interpret a.mlir --compare - --dims 3,7 --lengths 7,0,5
//
//===----------------------------------------------------------------------===//

#include "RandomInputs.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/InterleavedRange.h"
#include "llvm/Support/SourceMgr.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;
namespace cl = llvm::cl;

static cl::opt<std::string> inputFile(cl::Positional, cl::desc("FILE.mlir"), cl::Required);
static cl::opt<std::string> otherFile("compare", cl::desc("Compare with the functions of the same names in this file"));
static cl::opt<std::string> onlyFunction("function", cl::desc("Run only this function (default: all)"));
static cl::list<int64_t> dims("dims", cl::CommaSeparated,
                              cl::desc("Sizes of each tensor's first dynamic dimension, second, ..."));
static cl::list<int32_t> lengths("lengths", cl::CommaSeparated,
                                 cl::desc("Values of the first argument that is a vector of integers (default: the "
                                          "second of dims)"));
static cl::list<std::string> sizes("sizes", cl::CommaSeparated,
                                   cl::desc("NAME=SIZE of dimensions that tenon.dims names, in place of --dims"));
static cl::list<int32_t> past("past", cl::CommaSeparated, cl::desc("Values of the argument past (default: zeros)"));
static cl::opt<int32_t> maxId("max-id", cl::desc("Ids are below it where the function states no limit"), cl::init(8));
static cl::opt<double> tolerance("tolerance", cl::desc("Largest difference, relative for numbers above 1"),
                                 cl::init(1e-9));
static cl::opt<bool> printValues("values", cl::desc("Print every element"));

namespace {

using Results = SmallVector<std::pair<std::string, Tensors<double>>>;

/// Zeroes the rows of a padded batch past each sequence's length, whose values nobody relies on.
Tensor<double> maskPadding(const Tensor<double> &tensor, ArrayRef<int32_t> counts) {
  if (tensor.isInteger() || tensor.rank() < 3 || tensor.dim(0) != static_cast<int64_t>(counts.size()))
    return tensor;
  std::vector<double> values = tensor.values().vec();
  int64_t time = tensor.dim(1), rowSize = countElements(tensor.shape().drop_front(2));
  // Where convolutions leave every so-many-th row, a sequence has that many fewer.
  int64_t stride = dims.size() > 1 && time > 0 ? llvm::divideCeil(dims[1], time) : 1;
  for (auto [b, count] : llvm::enumerate(counts))
    for (int64_t i = std::min<int64_t>(llvm::divideCeil(count, stride), time) * rowSize; i < time * rowSize; ++i)
      values[static_cast<int64_t>(b) * time * rowSize + i] = 0;
  return Tensor<double>(tensor.shape(), std::move(values));
}

FailureOr<InputShape> readShape(ModuleOp module) {
  InputShape shape{dims, lengths, maxId, {}, past};
  for (const std::string &entry : sizes) {
    auto [name, size] = StringRef(entry).split('=');
    if (size.getAsInteger(10, shape.sizes[name]))
      return module.emitError() << "'" << entry << "' is not NAME=SIZE";
  }
  return shape;
}

FailureOr<Results> runFunctions(ModuleOp module) {
  FailureOr<InputShape> shape = readShape(module);
  if (failed(shape))
    return failure();
  RandomParameters parameters;
  if (failed(parameters.collect(module)))
    return failure();
  Options<double> options;
  options.parameters = parameters;
  Results results;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || (!onlyFunction.empty() && function.getSymName() != onlyFunction))
      continue;
    FailureOr<Tensors<double>> inputs = makeInputs(function, *shape);
    if (failed(inputs))
      return failure();
    FailureOr<Tensors<double>> outputs = evaluate<double>(function, *inputs, options);
    if (failed(outputs))
      return failure();
    for (auto [i, output] : llvm::enumerate(*outputs))
      if (!function.getResultAttr(i, "tenon.state"))
        output = maskPadding(output, lengths);
    results.emplace_back(function.getSymName().str(), *outputs);
  }
  if (results.empty())
    return module.emitError() << "has no function to run";
  return results;
}

double element(const Tensor<double> &tensor, int64_t index) {
  return tensor.isInteger() ? tensor.ints()[index] : tensor.values()[index];
}

void print(const Results &results) {
  for (const auto &[name, tensors] : results)
    for (auto [i, tensor] : llvm::enumerate(tensors)) {
      double sum = 0, squares = 0;
      for (int64_t at = 0; at < tensor.size(); ++at) {
        sum += element(tensor, at);
        squares += element(tensor, at) * element(tensor, at);
      }
      llvm::outs() << "@" << name << " result " << i << " " << llvm::interleaved_array(tensor.shape()) << " sum "
                   << llvm::format("%.12g", sum) << " norm " << llvm::format("%.12g", std::sqrt(squares)) << "\n";
      for (int64_t at = 0; printValues && at < tensor.size(); ++at)
        llvm::outs() << llvm::format("%.12g", element(tensor, at))
                     << ((at + 1) % std::max<int64_t>(tensor.columns(), 1) == 0 ? "\n" : " ");
    }
}

/// The largest relative difference of two tensors, or a message where they are not equal within the tolerance.
std::optional<std::string> compare(const Tensor<double> &a, const Tensor<double> &b, double &largest) {
  if (a.shape() != b.shape() || a.isInteger() != b.isInteger())
    return "has shape " + llvm::interleaved_array(a.shape()).str() + " and " + llvm::interleaved_array(b.shape()).str();
  for (int64_t i = 0; i < a.size(); ++i) {
    double x = element(a, i), y = element(b, i);
    if (x == y || (std::isnan(x) && std::isnan(y)))
      continue;
    double difference = std::fabs(x - y) / std::max(1.0, std::fabs(x));
    largest = std::max(largest, difference);
    if (!(difference <= tolerance)) {
      std::string message;
      llvm::raw_string_ostream(message) << "differs at element " << i << " of " << llvm::interleaved_array(a.shape())
                                        << ": " << llvm::format("%.12g", x) << " and " << llvm::format("%.12g", y);
      return message;
    }
  }
  return std::nullopt;
}

int compareAll(const Results &first, const Results &second) {
  double largest = 0;
  for (const auto &[name, tensors] : first) {
    auto other = llvm::find_if(second, [&](const auto &entry) { return entry.first == name; });
    if (other == second.end() || other->second.size() != tensors.size()) {
      llvm::errs() << "error: @" << name << " of " << tensors.size() << " results has no counterpart\n";
      return 1;
    }
    for (auto [i, tensor] : llvm::enumerate(tensors))
      if (std::optional<std::string> message = compare(tensor, other->second[i], largest)) {
        llvm::errs() << "error: result " << i << " of @" << name << " " << *message << "\n";
        return 1;
      }
  }
  llvm::outs() << "equal: " << first.size() << " functions, largest difference " << llvm::format("%.3g", largest)
               << "\n";
  return 0;
}

FailureOr<Results> runFile(StringRef path, MLIRContext &context) {
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, ParserConfig(&context));
  return module ? runFunctions(*module) : FailureOr<Results>(failure());
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "Runs functions of tensor or kernel IR on pseudo-random inputs\n");
  DialectRegistry registry;
  registry.insert<TenonDialect, func::FuncDialect, affine::AffineDialect>();
  registerReferenceModels(registry);
  MLIRContext context(registry);
  FailureOr<Results> results = runFile(inputFile, context);
  if (failed(results))
    return 1;
  if (otherFile.empty()) {
    print(*results);
    return 0;
  }
  FailureOr<Results> others = runFile(otherFile, context);
  return failed(others) ? 1 : compareAll(*results, *others);
}
