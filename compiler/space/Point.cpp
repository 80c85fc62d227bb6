//===- Point.cpp ----------------------------------------------------------===//

#include "space/Point.h"
#include "cost/Cost.h"
#include "passes/ModelPipeline.h"
#include "spec/ModelBuilder.h"
#include "spec/Stacks.h"
#include "support/CachePage.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::space;

//===----------------------------------------------------------------------===//
// Down to kernels
//===----------------------------------------------------------------------===//

static uint64_t countParameters(ModuleOp module) {
  uint64_t count = 0;
  module.walk([&](ParameterOp parameter) {
    uint64_t numbers = std::max<int64_t>(1, parameter.getLayers().value_or(1));
    for (int64_t extent : parameter.getShape())
      numbers *= extent;
    count += numbers;
  });
  return count;
}

llvm::Error Point::lower() {
  module = buildModel(*model, context->get());
  if (failed(verify(*module)))
    return context->takeError("the spec makes no valid model IR");
  ScopedDiagnosticHandler remarks(context->get(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Remark)
      return failure();
    notes.push_back(diagnostic.str());
    return success();
  });
  auto run = [&](function_ref<void(OpPassManager &, const PipelineOptions &)> build) {
    PassManager manager(context->get());
    // No target: how kernels are computed is not asked.
    build(manager, PipelineOptions());
    return succeeded(manager.run(*module)) ? llvm::Error::success() : context->takeError("a pass did not succeed");
  };
  if (llvm::Error error = run(buildModelPipeline))
    return error;
  parameters = countParameters(*module);
  if (llvm::Error error = run(buildTensorPipeline))
    return error;
  return run(buildKernelPipeline);
}

llvm::Expected<Point> Point::compile(const spec::Model &model, CompilerContext &context) {
  Point point(model, context);
  if (llvm::Error error = point.lower())
    return std::move(error);
  point.sortFunctions();
  return point;
}

//===----------------------------------------------------------------------===//
// What the entry points are
//===----------------------------------------------------------------------===//

static std::optional<EntryRole> argumentRole(func::FuncOp function, unsigned number) {
  auto role = function.getArgAttrOfType<StringAttr>(number, "tenon.role");
  return role ? symbolizeEntryRole(role.getValue()) : std::nullopt;
}

/// The first argument of a role, or null.
static BlockArgument argumentOf(func::FuncOp function, EntryRole role) {
  for (BlockArgument argument : function.getArguments())
    if (argumentRole(function, argument.getArgNumber()) == role)
      return argument;
  return {};
}

static std::optional<EntryRole> resultRole(func::FuncOp function, unsigned number) {
  auto role = function.getResultAttrOfType<StringAttr>(number, "tenon.role");
  return role ? symbolizeEntryRole(role.getValue()) : std::nullopt;
}

static std::optional<unsigned> resultOf(func::FuncOp function, EntryRole role) {
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    if (resultRole(function, i) == role)
      return i;
  return std::nullopt;
}

/// "" where the model has one stack.
static StringRef stackOf(func::FuncOp function, unsigned argument) {
  auto stack = function.getArgAttrOfType<StringAttr>(argument, "tenon.stack");
  return stack ? stack.getValue() : StringRef();
}

static StringRef stackOfResult(func::FuncOp function, unsigned result) {
  auto stack = function.getResultAttrOfType<StringAttr>(result, "tenon.stack");
  return stack ? stack.getValue() : StringRef();
}

static bool isState(func::FuncOp function, unsigned argument) {
  return static_cast<bool>(function.getArgAttr(argument, "tenon.state"));
}

static bool keepsStates(func::FuncOp function) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (isState(function, i))
      return true;
  return false;
}

void Point::sortFunctions() {
  for (Function function : module->getOps<Function>()) {
    bool grows = static_cast<bool>(argumentOf(function, EntryRole::Past));
    BlockArgument tokens = argumentOf(function, EntryRole::Tokens);
    bool one = tokens && cast<RankedTensorType>(tokens.getType()).getShape().back() == 1;
    bool gives = resultOf(function, EntryRole::Hidden).has_value();
    (!grows   ? (keepsStates(function) ? starts : encoders)
     : !gives ? prefixes
     : one    ? decodes
              : prefills)
        .push_back(function);
  }
}

std::optional<int64_t> Point::longest() {
  std::optional<int64_t> least;
  for (Function function : module->getOps<Function>()) {
    auto limits = function->getAttrOfType<DictionaryAttr>("tenon.limits");
    auto positions = limits ? limits.getAs<IntegerAttr>("positions") : IntegerAttr();
    if (!positions || positions.getInt() == 0)
      continue;
    bool both = argumentOf(function, EntryRole::Past) && (readsPrompt() || function->hasAttr("tenon.behind"));
    int64_t rows = both ? positions.getInt() / 2 : positions.getInt();
    least = std::min(least.value_or(rows), rows);
  }
  return least;
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Whether a caller wants a result: states, and scores of the last row, or all that there is in their place.
static bool isWanted(func::FuncOp function, unsigned result) {
  bool scores = resultOf(function, EntryRole::Logits).has_value();
  bool grows = static_cast<bool>(argumentOf(function, EntryRole::Past));
  std::optional<EntryRole> role = resultRole(function, result);
  if (!role)
    return true;
  switch (*role) {
  case EntryRole::Logits:
    return grows;
  case EntryRole::AllLogits:
    return !grows;
  case EntryRole::Hidden:
    return !scores;
  default:
    return true;
  }
}

llvm::Expected<uint64_t> Point::flops(Function function, int64_t length, int64_t past,
                                      function_ref<bool(unsigned result)> wanted) {
  cost::EntryCall call([&](EntryRole role, StringRef stack) -> int64_t {
    switch (role) {
    case EntryRole::Past:
      return past;
    case EntryRole::SourceLengths:
      return hiddenRows.lookup(stack);
    case EntryRole::PromptLengths:
      return 0;
    default:
      return length;
    }
  });
  FailureOr<uint64_t> count = cost::multiplyAdds(function, call, wanted);
  if (failed(count))
    return context->takeError("an operation's size is not known");
  return *count * 2;
}

/// How many rows of hidden states a stack has for an input of the length: convolutions leave some out.
llvm::Error Point::measureHiddenRows(int64_t length) {
  for (Function function : encoders) {
    unsigned result = *resultOf(function, EntryRole::Hidden);
    cost::EntryCall call([&](EntryRole, StringRef) { return length; });
    Operation *end = function.getBody().front().getTerminator();
    FailureOr<int64_t> rows = call.size(end->getOperand(result), 1);
    if (failed(rows))
      return context->takeError("an output's size is not known");
    hiddenRows[stackOfResult(function, result)] = *rows;
  }
  return llvm::Error::success();
}

llvm::Expected<uint64_t> Point::sourceFlops(int64_t length) {
  uint64_t sum = 0;
  auto add = [&](Function function) -> llvm::Error {
    // What is read before the answer begins has no scores.
    bool grows = static_cast<bool>(argumentOf(function, EntryRole::Past));
    auto count = flops(function, length, /*past=*/0, [&](unsigned result) {
      return grows ? !resultRole(function, result) : isWanted(function, result);
    });
    if (!count)
      return count.takeError();
    sum += *count;
    return llvm::Error::success();
  };
  // Whose last hidden states are kept are encoded before; where nothing is kept, those that no other stack reads.
  llvm::StringSet<> encoded;
  for (Function function : starts)
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (argumentRole(function, i) == EntryRole::Rows)
        encoded.insert(stackOf(function, i));
  if (decodes.empty()) {
    llvm::StringSet<> read;
    for (const spec::Stack &stack : model->stacks)
      for (const std::vector<std::string> &others : {spec::sourcesOf(stack), stack.input.parts})
        read.insert_range(others);
    for (Function function : encoders)
      if (StringRef stack = stackOfResult(function, *resultOf(function, EntryRole::Hidden)); !read.contains(stack))
        encoded.insert(stack);
  }
  for (Function function : encoders)
    if (encoded.contains(stackOfResult(function, *resultOf(function, EntryRole::Hidden))))
      if (llvm::Error error = add(function))
        return std::move(error);
  for (Function function : !starts.empty() ? starts : !prefixes.empty() ? prefixes : prefills)
    if (llvm::Error error = add(function))
      return std::move(error);
  return sum;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// A token is a slot of a page in every state whose pool its stack has pages of.
void Point::addCache(Figures &figures) {
  Function decode = decodes.front();
  StringRef own = stackOf(decode, argumentOf(decode, EntryRole::Tokens).getArgNumber());
  for (unsigned state = 0; state < decode.getNumArguments(); ++state) {
    if (!isState(decode, state))
      continue;
    auto pool = cast<StringAttr>(decode.getArgAttrOfType<ArrayAttr>(state, "tenon.dims")[0]);
    auto type = cast<RankedTensorType>(decode.getArgument(state).getType());
    uint64_t bytes = type.getShape().front() * type.getShape().back() / kPageTokens * sizeof(float);
    for (unsigned table = 0; table < decode.getNumArguments(); ++table)
      if (decode.getArgAttrOfType<StringAttr>(table, "tenon.pool") == pool)
        (stackOf(decode, table) == own ? *figures.target : figures.source).cacheBytes += bytes;
  }
  if (readsPrompt())
    figures.source.cacheBytes = figures.target->cacheBytes;
}

llvm::Expected<Figures> Point::figures(int64_t length) {
  Figures figures;
  figures.parameters = parameters;
  figures.notes = notes;
  llvm::StringSet<> kernels;
  module->walk([&](KernelOp kernel) { kernels.insert(kernel.getName()); });
  figures.kernels = kernels.size();
  if (llvm::Error error = measureHiddenRows(length))
    return std::move(error);
  auto source = sourceFlops(length);
  if (!source)
    return source.takeError();
  figures.source = {length, *source, 0};
  if (decodes.empty())
    return figures;
  Function decode = decodes.front();
  auto target = flops(decode, 1, length - 1 + (readsPrompt() ? length : 0),
                      [&](unsigned result) { return isWanted(decode, result); });
  if (!target)
    return target.takeError();
  figures.target = TokenFigures{1, *target, 0};
  addCache(figures);
  return figures;
}
