//===- StackGraph.cpp - What the stacks of a model have of each other -----===//

#include "tenon/StackGraph.h"

#include "tenon/Verifiers.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace tenon;

SmallVector<StringRef> StackOp::getSources() {
  llvm::SetVector<StringRef> sources;
  walk([&](SublayerOpInterface op) {
    for (SourceAttr source : op.sourceList())
      sources.insert(source.getStack().getValue());
  });
  return sources.takeVector();
}

SmallVector<StringRef> StackOp::getParts() {
  SmallVector<StringRef> parts;
  if (auto concat = dyn_cast<ConcatInputOp>(*getInput()))
    for (auto part : concat.getStacks().getAsRange<FlatSymbolRefAttr>())
      parts.push_back(part.getValue());
  return parts;
}

static StackOp findStack(ModelOp model, StringRef name) { return model.lookupSymbol<StackOp>(name); }

StackOp StackOp::getTarget() {
  StackOp target = *this;
  while (isa<ConcatInputOp>(*target.getInput()))
    target = findStack((*this)->getParentOfType<ModelOp>(), target.getParts().back());
  return target;
}

/// The states that enter layers of the source: a number for each of the reader's layers.
static LogicalResult verifySourceLayers(Operation *op, StackOp reader, StackOp source, ArrayRef<int64_t> layers) {
  if (static_cast<int64_t>(layers.size()) != static_cast<int64_t>(reader.getLayers()))
    return op->emitOpError() << "reads " << layers.size() << " layers of stack '" << source.getSymName()
                            << "', expected one for each of " << reader.getLayers() << " layers";
  for (int64_t layer : layers)
    if (layer < 0 || layer >= static_cast<int64_t>(source.getLayers()))
      return op->emitOpError() << "reads layer " << layer << " of stack '" << source.getSymName() << "', which has "
                              << source.getLayers() << " layers";
  return success();
}

/// One stack that `op` takes `what` from, for `reader`: another one of the model.
static FailureOr<StackOp> verifyTaken(Operation *op, StackOp reader, StringRef what, StringRef name,
                                      llvm::DenseSet<StringRef> &names) {
  StackOp source = findStack(reader->getParentOfType<ModelOp>(), name);
  if (!source)
    return op->emitOpError() << "takes " << what << " from stack '" << name << "', which the model does not have";
  if (source == reader)
    return op->emitOpError() << "takes " << what << " from stack '" << name << "', which is its own, expected another";
  if (!names.insert(name).second)
    return op->emitOpError() << "takes " << what << " from stack '" << name << "' twice";
  return source;
}

/// Rows of the longest sequence of a stack: those of the last part where it joins others. 0 for no limit.
static int64_t lengthOf(StackOp stack) { return stack.getTarget().getInput().getPositions().getLength(); }

/// Keys that turn do it at positions for which the reader has angles.
static LogicalResult verifyTurningKeys(SublayerOpInterface op, StackOp reader) {
  int64_t length = reader.getInput().getPositions().getLength();
  for (SourceAttr attribute : op.sourceList()) {
    StackOp source = findStack(reader->getParentOfType<ModelOp>(), attribute.getStack().getValue());
    int64_t rows = lengthOf(source);
    if (!op.readsPositions() || (rows > 0 && rows <= length))
      continue;
    if (rows == 0)
      return op->emitOpError() << "turns keys of stack '" << source.getSymName()
                               << "', which has no limit, expected at most the " << length
                               << " positions of its own stack";
    return op->emitOpError() << "turns keys of stack '" << source.getSymName() << "', which has " << rows
                             << " positions, expected at most the " << length << " of its own stack";
  }
  return success();
}

static LogicalResult verifySources(SublayerOpInterface op, StackOp reader) {
  llvm::DenseSet<StringRef> names;
  for (SourceAttr attribute : op.sourceList()) {
    FailureOr<StackOp> source = verifyTaken(op, reader, "keys", attribute.getStack().getValue(), names);
    if (failed(source))
      return failure();
    if (source->getCached())
      return op->emitOpError() << "takes keys from stack '" << source->getSymName()
                              << "', which is cached, expected one that is read as a whole";
    if (attribute.getLayers() &&
        failed(verifySourceLayers(op, reader, *source, attribute.getLayers().asArrayRef())))
      return failure();
  }
  return success();
}

/// The parts of a stack's input: all of its width, all there before the last one's first row.
static LogicalResult verifyParts(ConcatInputOp input, StackOp reader) {
  llvm::DenseSet<StringRef> names;
  SmallVector<StringRef> parts = reader.getParts();
  for (StringRef name : parts) {
    FailureOr<StackOp> part = verifyTaken(input, reader, "rows", name, names);
    if (failed(part))
      return failure();
    if (part->getHiddenWidth() != reader.getHiddenWidth())
      return input.emitOpError() << "takes rows of " << part->getHiddenWidth() << " components from stack '" << name
                                 << "', expected the width (" << reader.getHiddenWidth() << ")";
    bool grows = name == parts.back() && reader.getCached();
    if (part->getCached() != grows)
      return input.emitOpError() << "takes rows from stack '" << name << "', which is "
                                 << (grows ? "not cached, expected the last part of a cached stack to be"
                                           : "cached, expected that of the last part of a cached stack alone");
  }
  if (!reader.getSources().empty())
    return input.emitOpError() << "belongs to a stack with attentions that take keys from others, expected parts alone";
  return success();
}

/// Positions of a whole are enough for all rows that its parts can have: what callers are held to is the parts'.
static LogicalResult verifyPartLengths(ConcatInputOp input, StackOp reader) {
  WalkResult reads = reader.walk([](SublayerOpInterface op) {
    return op.readsPositions() ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (input.getPositions().getKind() == PositionKind::NoPositions && !reads.wasInterrupted())
    return success();
  CheckedSize rows(0);
  for (StringRef name : reader.getParts()) {
    StackOp part = findStack(reader->getParentOfType<ModelOp>(), name);
    int64_t length = lengthOf(part);
    if (length == 0 && input.getPositions().getLength() > 0)
      return input.emitOpError() << "has positions for " << input.getPositions().getLength()
                                 << " rows, but stack '" << name << "' has no limit";
    rows += length;
  }
  if (int64_t length = input.getPositions().getLength(); length > 0 && !(rows <= CheckedSize(length)))
    return input.emitOpError() << "has positions for " << length << " rows, fewer than its parts may have together";
  return success();
}

/// What a sublayer keeps of one part's rows must be fit to be followed by another's.
static LogicalResult verifyPartReaders(ConcatInputOp input, StackOp reader) {
  WalkResult walked = reader.walk([&](SublayerOpInterface op) -> WalkResult {
    if (op.readsParts())
      return WalkResult::advance();
    return op->emitOpError() << "goes through the rows of one stack in their order, but stands in a stack that joins "
                             << reader.getParts().size() << " others";
  });
  return failure(walked.wasInterrupted());
}

/// Rows of a cached stack come one after the other.
static LogicalResult verifyGrowing(StackOp stack) {
  WalkResult walked = stack.walk([](SublayerOpInterface op) { return WalkResult(op.verifyGrowing()); });
  return failure(walked.wasInterrupted());
}

static LogicalResult verifyBehind(StackOp stack) {
  FlatSymbolRefAttr behind = stack.getInput().getPositions().getBehind();
  if (!behind)
    return success();
  if (!llvm::is_contained(stack.getSources(), behind.getValue()))
    return stack.getInput()->emitOpError() << "has positions behind the rows of stack '" << behind.getValue()
                                           << "', which no attention takes keys from";
  if (auto tokens = dyn_cast<TokenInputOp>(*stack.getInput()); tokens && tokens.getZeroFirst())
    return tokens.emitOpError() << "has zeros at position 0, but positions begin behind the rows of stack '"
                                << behind.getValue() << "'";
  return success();
}

namespace {

/// Follows sources and parts from stack to stack.
class CircleFinder {
public:
  explicit CircleFinder(ModelOp model) : model(model) {}

  /// Whether `stack` takes nothing from itself, by way of others or at once.
  bool isFree(StackOp stack) {
    if (done.contains(stack))
      return true;
    if (!path.insert(stack))
      return false;
    SmallVector<StringRef> taken = stack.getSources();
    llvm::append_range(taken, stack.getParts());
    for (StringRef name : taken)
      if (!isFree(findStack(model, name)))
        return false;
    path.pop_back();
    done.insert(stack);
    return true;
  }

  /// The stacks of the way that led to one that is on it.
  ArrayRef<StackOp> way() const { return path.getArrayRef(); }

private:
  ModelOp model;
  llvm::SetVector<StackOp> path;
  llvm::DenseSet<StackOp> done;
};

} // namespace

static LogicalResult verifyNoCircle(ModelOp model) {
  CircleFinder finder(model);
  for (StackOp stack : model.getBody().getOps<StackOp>()) {
    if (finder.isFree(stack))
      continue;
    InFlightDiagnostic error = stack.emitOpError() << "takes states from others in a circle: ";
    llvm::interleaveComma(finder.way(), error, [&](StackOp op) { error << "'" << op.getSymName() << "'"; });
    return error;
  }
  return success();
}

StackOp tenon::growingReaderOf(StackOp stack) {
  for (StackOp other : stack->getParentOfType<ModelOp>().getBody().getOps<StackOp>())
    if (other.getCached() && !other.getParts().empty() && other.getParts().back() == stack.getSymName())
      return other;
  return StackOp();
}

/// A prefix is first rows of a stack's own, of which there are no others before.
static LogicalResult verifyPrefix(StackOp stack) {
  if (!stack.getPrefix())
    return success();
  StringRef prefix = *stack.getPrefix();
  if (findStack(stack->getParentOfType<ModelOp>(), prefix))
    return stack.emitOpError() << "has the prefix '" << prefix << "', which is a stack, expected a name of its own";
  if (SmallVector<StringRef> sources = stack.getSources(); !sources.empty())
    return stack.emitOpError() << "has a prefix, but takes keys from stack '" << sources.front() << "' too";
  if (!stack.getParts().empty() || growingReaderOf(stack))
    return stack.emitOpError() << "has a prefix, but its rows are joined with those of other stacks";
  return success();
}

/// What reads the last hidden states stands on a stack that has an entry point of its own.
static LogicalResult verifyReader(Operation *op, StackOp stack) {
  if (StackOp other = growingReaderOf(stack))
    return op->emitOpError() << "stands on stack '" << stack.getSymName()
                             << "', which grows as the last part of stack '" << other.getSymName()
                             << "', expected it on that one";
  return success();
}

static LogicalResult verifyReaders(ModelOp model) {
  for (PoolingOp pooling : model.getBody().getOps<PoolingOp>())
    if (failed(verifyReader(pooling, findStack(model, pooling.getStack()))))
      return failure();
  for (HeadOp head : model.getBody().getOps<HeadOp>()) {
    StackOp stack = findStack(model, head.getStack());
    if (!isa<TokenInputOp>(*stack.getTarget().getInput()))
      return head.emitOpError() << "scores the vocabulary of stack '" << head.getStack() << "', which reads no tokens";
    if (failed(verifyReader(head, stack)))
      return failure();
  }
  return success();
}

LogicalResult tenon::verifyStackGraph(ModelOp model) {
  for (StackOp stack : model.getBody().getOps<StackOp>()) {
    WalkResult walked = stack.walk([&](SublayerOpInterface op) { return WalkResult(verifySources(op, stack)); });
    if (walked.wasInterrupted())
      return failure();
    if (auto concat = dyn_cast<ConcatInputOp>(*stack.getInput()); concat && failed(verifyParts(concat, stack)))
      return failure();
    if (failed(verifyBehind(stack)) || failed(verifyPrefix(stack)) || (stack.getCached() && failed(verifyGrowing(stack))))
      return failure();
  }
  if (failed(verifyNoCircle(model)) || failed(verifyReaders(model)))
    return failure();
  for (StackOp stack : model.getBody().getOps<StackOp>()) {
    WalkResult walked = stack.walk([&](SublayerOpInterface op) { return WalkResult(verifyTurningKeys(op, stack)); });
    if (walked.wasInterrupted())
      return failure();
    if (auto concat = dyn_cast<ConcatInputOp>(*stack.getInput()))
      if (failed(verifyPartLengths(concat, stack)) || failed(verifyPartReaders(concat, stack)))
        return failure();
  }
  return success();
}
