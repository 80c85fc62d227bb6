//===- EntryLowering.cpp - One entry point of a graph of stacks -----------===//

#include "passes/EntryLowering.h"

#include <numeric>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------===//
// The graph
//===----------------------------------------------------------------------===//

static void addOnce(SmallVectorImpl<StackOp> &list, StackOp stack) {
  if (!llvm::is_contained(list, stack))
    list.push_back(stack);
}

/// The parts of a stack's input but for one that grows with it.
static SmallVector<StringRef> wholePartsOf(StackOp stack) {
  SmallVector<StringRef> parts = stack.getParts();
  if (stack.getCached() && !parts.empty())
    parts.pop_back();
  return parts;
}

void EntryLowering::findChain(StackOp root) {
  chain = {root};
  while (!chain.front().getParts().empty())
    chain.insert(chain.begin(), stackNamed(chain.front().getParts().back()));
  for (StackOp stack : chain) {
    for (StringRef name : stack.getSources())
      addOnce(sources, stackNamed(name));
    for (StringRef name : wholePartsOf(stack))
      addOnce(sources, stackNamed(name));
  }
  for (StackOp stack : sources)
    if (FlatSymbolRefAttr behind = stack.getInput().getPositions().getBehind())
      if (StackOp other = countedStack(behind.getValue()); !llvm::is_contained(sources, other))
        addOnce(measured, other);
}

StackOp EntryLowering::countedStack(StringRef name) {
  StackOp stack = stackNamed(name);
  return llvm::is_contained(sources, stack) ? stack : stack.getTarget();
}

void EntryLowering::collectNeeded(StackOp stack) {
  for (StringRef name : stack.getParts())
    collectNeeded(stackNamed(name));
  for (StringRef name : stack.getSources())
    collectNeeded(stackNamed(name));
  addOnce(whole, stack);
}

/// Calls `visit` for each sublayer of a block that reads `source`.
static void eachReader(Block &block, StackOp source, llvm::function_ref<void(SublayerOpInterface, SourceAttr)> visit) {
  block.walk([&](SublayerOpInterface op) {
    for (SourceAttr attribute : op.sourceList())
      if (attribute.getStack().getValue() == source.getSymName())
        visit(op, attribute);
  });
}

/// Whether a stack reads the state that enters a layer of `source`, or of any layer where it is not given.
static bool readsAt(StackOp reader, StackOp source, std::optional<int64_t> layer = {}) {
  bool found = false;
  for (Block *block : blocksOf(reader))
    eachReader(*block, source, [&](SublayerOpInterface, SourceAttr attribute) {
      if (DenseI64ArrayAttr layers = attribute.getLayers())
        found |= !layer || llvm::is_contained(layers.asArrayRef(), *layer);
    });
  return found;
}

SmallVector<EntryLowering::Tap> EntryLowering::tapsAt(StackOp source, int64_t layer) {
  SmallVector<Tap> taps;
  for (StackOp reader : chain)
    eachReader(*blocksOf(reader)[0], source, [&](SublayerOpInterface op, SourceAttr attribute) {
      if (DenseI64ArrayAttr layers = attribute.getLayers())
        for (auto [own, read] : llvm::enumerate(layers.asArrayRef()))
          if (read == layer)
            taps.push_back({builders.at(reader).get(), op.getName(), attribute, static_cast<int64_t>(own) - layer});
    });
  return taps;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

void EntryLowering::encode(StackOp root, StringRef name) {
  collectNeeded(root);
  StackOp target = root.getTarget();
  addInputs(target, "");
  if (PoolingOp pooling = findOf<PoolingOp>(root); pooling && pooling.getSkipsPrompt())
    addCounts("prompt_lengths", {EntryRole::PromptLengths, target});
  for (StackOp stack : whole)
    if (stack != target && stack.getParts().empty())
      addInputs(stack, (stack.getSymName() + ".").str());
  begin(name, entryAttributes(root, /*limited=*/true));
  Value rows;
  for (StackOp stack : whole) {
    rows = runWhole(stack);
    if (stack != root)
      last[stack] = builders.at(stack)->finished(rows);
  }
  returnResults(*builders.at(root), rows);
}

void EntryLowering::start(StackOp root, StringRef name) {
  findChain(root);
  if (sources.empty())
    return;
  for (StackOp source : sources)
    if (llvm::any_of(chain, [&](StackOp reader) { return readsAt(reader, source); }))
      collectNeeded(source);
  collectStates(/*ofSources=*/true);
  for (StackOp stack : whole)
    if (stack.getParts().empty())
      addInputs(stack, (stack.getSymName() + ".").str());
  for (StackOp source : sources) {
    if (!runs(source)) {
      addSourceRows(source);
      addCounts("source_lengths" + suffix(source), {EntryRole::SourceLengths, source});
    }
    addPageTables(source, "source_pages" + suffix(source), "source_slots" + suffix(source));
  }
  for (StackOp source : measured)
    if (!runs(source))
      addCounts("source_lengths" + suffix(source), {EntryRole::SourceLengths, source});
  addStates();
  begin(name, entryAttributes(root, /*limited=*/false));
  for (StackOp stack : chain)
    builderOf(stack, {});
  for (StackOp source : sources)
    if (!runs(source))
      last[source] = argument({EntryRole::Rows, source});
  for (StackOp stack : whole) {
    Value rows = runWhole(stack);
    last[stack] = builders.at(stack)->finished(rows);
  }
  for (StackOp stack : chain) {
    keepLast(*builders.at(stack));
    if (!stack.getParts().empty())
      keepParts(*builders.at(stack));
  }
  finish();
}

Value EntryLowering::runChain(StackOp root, StringRef name, bool prefix) {
  findChain(root);
  collectStates(/*ofSources=*/false);
  StackOp target = chain.front();
  addInputs(target, "");
  addCounts("past", {EntryRole::Past, target});
  addPageTables(target, "pages", "slots");
  for (StackOp source : sources) {
    addCounts("source_lengths" + suffix(source), {EntryRole::SourceLengths, source});
    addPageTables(source, "source_pages" + suffix(source), "source_slots" + suffix(source));
  }
  for (StackOp source : measured)
    addCounts("source_lengths" + suffix(source), {EntryRole::SourceLengths, source});
  addStates();
  begin(name, entryAttributes(root, /*limited=*/true));
  StackPart own{target, argument({EntryRole::Lengths, target}), argument({EntryRole::Past, target})};
  Value rows = argument({EntryRole::Tokens, target});
  for (StackOp stack : chain) {
    own.offset = offsetOf(stack);
    SmallVector<StackPart> parts = wholeParts(stack, own.offset);
    for (StackPart &part : parts)
      part.isThere = true;
    parts.push_back(own);
    StackBuilder &computing = builderOf(stack, std::move(parts));
    computing.readsPrefix = prefix;
    rows = computing.input(computing.parts.back(), rows, argument({EntryRole::Types, stack}));
    rows = computing.allLayers({rows}).front();
    if (stack != root)
      rows = computing.finished(rows);
  }
  return rows;
}

void EntryLowering::step(StackOp root, StringRef name) {
  Value rows = runChain(root, name, /*prefix=*/false);
  returnResults(*builders.at(root), rows);
}

void EntryLowering::prefix(StackOp root, StringRef name) {
  runChain(root, name, /*prefix=*/true);
  finish();
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

StackBuilder &EntryLowering::builderOf(StackOp stack, SmallVector<StackPart> parts) {
  std::unique_ptr<StackBuilder> &builder = builders[stack];
  builder = std::make_unique<StackBuilder>(*this, stack, std::move(parts));
  builder->sources = [this, stack](SourceAttr source, int64_t layer) { return read(stack, source, layer); };
  return *builder;
}

SourceRows EntryLowering::read(StackOp reader, SourceAttr attribute, int64_t layer) {
  StackOp source = stackNamed(attribute.getStack().getValue());
  if (reader.getCached())
    return {Value(), &sourcePart(source)};
  DenseI64ArrayAttr layers = attribute.getLayers();
  return {layers ? entering.at({source, layers[layer]}) : last.at(source), &sourcePart(source)};
}

StackPart &EntryLowering::sourcePart(StackOp source) {
  bool running = runs(source);
  if (running && source.getParts().empty())
    return builders.at(source)->parts.front();
  auto [entry, inserted] = sourceParts.try_emplace(source);
  StackPart &part = entry->second;
  if (!inserted)
    return part;
  part.stack = source;
  part.offset = offsetOf(source);
  part.lengths = running ? builders.at(source)->parts.back().lengths : argument({EntryRole::SourceLengths, source});
  part.counted = running ? builders.at(source)->parts.back().counted : argument({EntryRole::Rows, source});
  return part;
}

Value EntryLowering::offsetOf(StackOp stack) {
  FlatSymbolRefAttr behind = stack.getInput().getPositions().getBehind();
  return behind ? sourcePart(countedStack(behind.getValue())).lengths : Value();
}

/// The sum, where `first` is null `more` alone.
Value EntryLowering::addLengths(Value first, Value more) {
  return first ? Value(AddLengthsOp::create(builder, location, more.getType(), first, more)) : more;
}

SmallVector<StackPart> EntryLowering::wholeParts(StackOp stack, Value &length) {
  SmallVector<StackPart> parts;
  for (StringRef name : wholePartsOf(stack)) {
    StackOp source = stackNamed(name);
    parts.push_back({source, sourcePart(source).lengths, Value(), length});
    length = addLengths(length, parts.back().lengths);
  }
  return parts;
}

//===----------------------------------------------------------------------===//
// Stacks that are read as a whole
//===----------------------------------------------------------------------===//

Value EntryLowering::runWhole(StackOp stack) {
  Value length;
  SmallVector<StackPart> parts = wholeParts(stack, length);
  bool concat = !parts.empty();
  if (!concat)
    parts.push_back({stack, argument({EntryRole::Lengths, stack}), Value(), offsetOf(stack)});
  StackBuilder &computing = builderOf(stack, std::move(parts));
  Value tokens = argument({EntryRole::Tokens, stack}), features = argument({EntryRole::Features, stack});
  SmallVector<Value> rows;
  for (StackPart &part : computing.parts)
    rows.push_back(computing.input(part,
                                   concat   ? last.at(part.stack)
                                   : tokens ? tokens
                                            : features,
                                   argument({EntryRole::Types, stack})));
  return runLayers(computing, std::move(rows)).back();
}

/// The sublayer of one name in the block of a layer.
static SublayerOpInterface sublayerNamed(Block &block, StringRef name) {
  SublayerOpInterface found;
  block.walk([&](SublayerOpInterface op) {
    if (op.getName() == name)
      found = op;
  });
  return found;
}

/// Whether a state is that of a stack's sublayer.
static bool keeps(StackOp stack, StringRef sublayer, const EntryBuilder::State &state) {
  return state.stack == stack &&
         sublayerNamed(*blocksOf(stack)[0], sublayer).getStates().front().name == state.sublayer;
}

/// Layers that are read in the same way are one loop.
SmallVector<Value> EntryLowering::runLayers(StackBuilder &computing, SmallVector<Value> rows) {
  StackOp stack = computing.stack;
  computing.preparePositions();
  for (StackOp reader : chain)
    eachReader(*blocksOf(reader)[0], stack, [&](SublayerOpInterface op, SourceAttr attribute) {
      if (attribute.getLayers() && op.readsPositions())
        computing.positionIds(sourcePart(stack));
    });
  auto isRead = [&](int64_t layer) {
    return llvm::any_of(whole, [&](StackOp reader) { return readsAt(reader, stack, layer); });
  };
  // What stands in its place at each layer is another value there: no loop can carry it.
  bool apart = llvm::any_of(whole, [&](StackOp source) { return readsAt(stack, source); });
  for (int64_t first = 0, last = 0, count = stack.getLayers(); first < count; first = last) {
    if (isRead(first))
      entering[{stack, first}] = rows.back();
    SmallVector<Tap> taps = tapsAt(stack, first);
    for (last = first + 1; last < count && !apart && !isRead(last) && tapsAt(stack, last) == taps;)
      ++last;
    auto perTurn = static_cast<int64_t>(blocksOf(stack).size());
    for (const Tap &tap : taps)
      perTurn = std::lcm(perTurn, static_cast<int64_t>(blocksOf(tap.reader->stack).size()));
    if (!taps.empty())
      computing.zeros(sourcePart(stack));
    auto isKept = [&](const State &state) {
      return llvm::any_of(taps, [&](const Tap &tap) { return keeps(tap.reader->stack, tap.sublayer, state); });
    };
    rows =
        computing.layers(std::move(rows), first, last, perTurn, isKept, [&](int64_t number, SmallVector<Value> state) {
          for (const Tap &tap : taps)
            keepAt(computing, tap, number, state.back());
          return computing.sublayers(number, std::move(state));
        });
  }
  return rows;
}

void EntryLowering::keepAt(StackBuilder &source, const Tap &tap, int64_t number, Value rows) {
  StackBuilder &reader = *tap.reader;
  reader.layer = source.layerBehind(tap.distance);
  SublayerOpInterface op = sublayerNamed(reader.blockOf(number + tap.distance), tap.sublayer);
  reader.keepSource(op, tap.source, rows, sourcePart(source.stack));
}

//===----------------------------------------------------------------------===//
// What growing stacks keep of others
//===----------------------------------------------------------------------===//

void EntryLowering::keepLast(StackBuilder &reader) {
  SmallVector<StackOp> read;
  SmallVector<StringRef> readers;
  for (StackOp source : sources)
    eachReader(*blocksOf(reader.stack)[0], source, [&](SublayerOpInterface op, SourceAttr attribute) {
      if (attribute.getLayers())
        return;
      addOnce(read, source);
      readers.push_back(op.getName());
      reader.zeros(sourcePart(source));
      if (op.readsPositions())
        reader.positionIds(sourcePart(source));
    });
  if (read.empty())
    return;
  auto perTurn = static_cast<int64_t>(blocksOf(reader.stack).size());
  auto isKept = [&](const State &state) {
    return llvm::any_of(readers, [&](StringRef name) { return keeps(reader.stack, name, state); });
  };
  reader.layers({}, 0, reader.stack.getLayers(), perTurn, isKept, [&](int64_t number, SmallVector<Value> state) {
    for (StackOp source : read)
      eachReader(reader.blockOf(number), source, [&](SublayerOpInterface op, SourceAttr attribute) {
        if (!attribute.getLayers())
          reader.keepSource(op, attribute, last.at(source), sourcePart(source));
      });
    return state;
  });
}

void EntryLowering::keepParts(StackBuilder &reader) {
  Value length;
  reader.parts = wholeParts(reader.stack, length);
  SmallVector<Value> rows;
  for (StackPart &part : reader.parts) {
    rows.push_back(reader.input(part, last.at(part.stack), Value()));
    reader.zeros(part);
  }
  reader.allLayers(std::move(rows));
}

//===----------------------------------------------------------------------===//
// What becomes of the last hidden state
//===----------------------------------------------------------------------===//

Value EntryLowering::score(StackBuilder &root, HeadOp head, Value rows) {
  Value logits =
      root.scale(root.product(rows, root.weight(head, "weight"), root.weight(head, "bias")), head.getScaleAttr());
  if (!head.getSoftcap().isZero())
    logits = SoftcapOp::create(builder, location, logits.getType(), logits, head.getSoftcap());
  return logits;
}

void EntryLowering::returnResults(StackBuilder &root, Value hidden) {
  auto head = findOf<HeadOp>(root.stack);
  auto pooling = findOf<PoolingOp>(root.stack);
  Value lengths = root.parts.back().lengths;
  if (head)
    addResult(EntryRole::Logits, root.stack,
              score(root, head, root.finished(root.pool(PoolFunction::Last, hidden, lengths))));
  hidden = root.finished(hidden);
  if (head)
    addResult(EntryRole::AllLogits, root.stack, score(root, head, hidden));
  addResult(EntryRole::Hidden, root.stack, hidden);
  if (pooling)
    addResult(
        EntryRole::Embedding, root.stack,
        root.pooledVector(pooling, hidden, lengths, argument({EntryRole::PromptLengths, root.stack.getTarget()})));
  finish();
}
