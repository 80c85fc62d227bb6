//===- EntryArguments.cpp - What entry points take ------------------------===//

#include "passes/EntryLowering.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tenon;

/// What a stack reads: tokens or features, how long they are, and types.
void EntryLowering::addInputs(StackOp stack, StringRef prefix) {
  auto named = [&](StringRef name) { return (prefix + name).str(); };
  std::string length = named("length");
  auto addTokens = [&](StringRef name, EntryRole role) {
    addArgument(named(name), {ShapedType::kDynamic, columns}, builder.getI32Type(), {"batch", length}, {role, stack});
  };
  auto tokens = dyn_cast<TokenInputOp>(*stack.getInput());
  if (auto features = dyn_cast<FeatureInputOp>(*stack.getInput()))
    addArgument(named("features"), {ShapedType::kDynamic, columns, static_cast<int64_t>(features.getFeatures())},
                builder.getF32Type(), {"batch", length, "features"}, {EntryRole::Features, stack});
  else
    addTokens("tokens", EntryRole::Tokens);
  addCounts(named("lengths"), {EntryRole::Lengths, stack});
  if (tokens && tokens.getTypes() > 0)
    addTokens("types", EntryRole::Types);
}

/// A stack's last hidden state.
void EntryLowering::addSourceRows(StackOp stack) {
  addArgument("source" + suffix(stack), {ShapedType::kDynamic, columns, stack.getHiddenWidth()}, builder.getF32Type(),
              {"batch", "source_length" + suffix(stack), "width"}, {EntryRole::Rows, stack});
}

std::string EntryLowering::poolOf(StackOp stack, const SublayerState &state) {
  SmallVector<StringRef> stacks(state.sources);
  if (SmallVector<StringRef> parts = stack.getParts(); !parts.empty())
    llvm::append_range(stacks, ArrayRef(parts).drop_back());
  if (stacks.empty())
    return "pages";
  if (!state.holdsOwn && stacks.size() == 1 && sources.size() == 1)
    return "source_pool";
  if (state.holdsOwn)
    stacks.push_back(chain.front().getSymName());
  return "pages." + llvm::join(stacks, "+");
}

void EntryLowering::collectStates(bool ofSources) {
  for (bool own : {true, false})
    for (StackOp stack : chain)
      blocksOf(stack)[0]->walk([&](SublayerOpInterface op) {
        for (const SublayerState &state : op.getStates())
          if (state.holdsOwn == own && (!ofSources || !state.sources.empty() || !stack.getParts().empty()))
            pending.push_back({stack, op, state, poolOf(stack, state)});
      });
}

/// Whose rows a state holds.
bool EntryLowering::holds(PendingState &pending, StackOp rows) {
  bool isPart = llvm::is_contained(ArrayRef(pending.stack.getParts()), rows.getSymName());
  bool isOwn = pending.state.holdsOwn && rows == chain.front();
  return isPart || isOwn || llvm::is_contained(pending.state.sources, rows.getSymName());
}

void EntryLowering::addPageTables(StackOp rows, StringRef name, StringRef slots) {
  llvm::SetVector<StringRef> pools;
  for (PendingState &each : pending)
    if (holds(each, rows))
      pools.insert(each.pool);
  for (StringRef pool : pools) {
    std::string own = pool == pools.front() ? name.str() : (name + "@" + pool).str();
    addPageTable(own, slots, {EntryRole::Pages, rows, pool.str()});
  }
}

/// How far back sublayers of one name look at the most, if all of them have a limit.
static std::optional<int64_t> windowOf(StackOp stack, StringRef sublayer) {
  int64_t longest = 0;
  bool limited = true;
  stack.walk([&](SublayerOpInterface op) {
    if (op.getName() != sublayer)
      return;
    std::optional<int64_t> window = op.getWindow();
    limited &= window.has_value();
    longest = std::max<int64_t>(longest, window.value_or(0));
  });
  return limited ? std::optional(longest) : std::nullopt;
}

void EntryLowering::addStates() {
  for (PendingState &each : pending) {
    std::string prefix = chain.size() > 1 ? (each.stack.getSymName() + ".").str() : "";
    addState({each.stack, each.state.name, prefix + each.state.name, each.pool, each.state.holdsOwn},
             each.state.pageFloats, windowOf(each.stack, each.op.getName()));
  }
}

/// Rows of the longest input, those that convolutions leave out among them.
static int64_t longestInput(InputOpInterface input) {
  int64_t rows = input.getPositions().getLength();
  if (auto features = dyn_cast<FeatureInputOp>(*input))
    for (auto convolution : features.getConvolutions().getAsRange<ConvolutionAttr>())
      rows *= convolution.getStride();
  return rows;
}

/// A convolution wants something to slide over, as in PyTorch.
static int64_t fewestRows(InputOpInterface input) {
  auto features = dyn_cast<FeatureInputOp>(*input);
  return features && !features.getConvolutions().empty() ? 1 : 0;
}

SmallVector<NamedAttribute> EntryLowering::entryAttributes(StackOp root, bool limited) {
  SmallVector<NamedAttribute> attributes;
  auto count = [&](StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  };
  InputOpInterface input = root.getTarget().getInput();
  if (limited) {
    auto tokens = dyn_cast<TokenInputOp>(*input);
    SmallVector<NamedAttribute> limits = {count("vocab", tokens ? tokens.getVocab() : 0),
                                          count("positions", longestInput(input)),
                                          count("types", tokens ? tokens.getTypes() : 0)};
    if (int64_t rows = fewestRows(input))
      limits.push_back(count("fewest_rows", rows));
    attributes.push_back(builder.getNamedAttr("tenon.limits", builder.getDictionaryAttr(limits)));
    if (FlatSymbolRefAttr behind = input.getPositions().getBehind()) {
      // What joins rows has those of its last part, which a whole stack's entry point reads.
      StackOp before = stackNamed(behind.getValue());
      before = root.getCached() ? before : before.getTarget();
      attributes.push_back(builder.getNamedAttr("tenon.behind", before.getSymNameAttr()));
    }
  }
  if (StringAttr prefix = root.getPrefixAttr())
    attributes.push_back(builder.getNamedAttr("tenon.prefix", prefix));
  attributes.push_back(count("tenon.width", root.getHiddenWidth()));
  return attributes;
}
