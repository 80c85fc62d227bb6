//===- SublayerWriter.cpp - What a block consists of ----------------------===//

#include "expressions/Sugar.h"
#include "spec/Names.h"
#include "spec/Stacks.h"
#include "spec/Writer.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::spec;

static std::string rotary(const std::optional<Rotary> &rotary) {
  if (!rotary)
    return "none";
  FlowMapping keys;
  keys.add("base", shortest(rotary->base));
  if (rotary->dims != 0)
    keys.add("dims", rotary->dims);
  keys.addFlag("interleaved", rotary->interleaved, false);
  addScaling(keys, rotary->scaling);
  return keys.str();
}

static std::string queryKeyNorm(const QueryKeyNorm &norm) {
  FlowMapping keys;
  keys.add("kind", normKindNames[size_t(norm.kind)]);
  if (norm.epsilon != QueryKeyNorm().epsilon)
    keys.add("epsilon", shortest(norm.epsilon));
  if (norm.weightOffset != 0)
    keys.add("weight_offset", shortest(norm.weightOffset));
  if (norm.kind == NormKind::LayerNorm)
    keys.addFlag("bias", norm.bias, true);
  if (norm.overAll)
    keys.add("over", "all");
  return keys.str();
}

/// The integer behind the last `before` in `text`, 0 where there is none.
static int32_t integerAfter(llvm::StringRef text, llvm::StringRef before) {
  int32_t value = 0;
  size_t at = text.rfind(before);
  llvm::StringRef rest = at == llvm::StringRef::npos ? "" : text.drop_front(at + before.size());
  return rest.consumeInteger(10, value) ? 0 : value;
}

/// A mask of the own keys by its name, empty where it has none.
static std::string maskWord(llvm::StringRef text, llvm::function_ref<std::string(expressions::Expression)> print) {
  if (text == print(expressions::causal()))
    return "causal";
  int32_t window = integerAfter(text, "q - k < "), prefix = integerAfter(text, "k < ");
  if (window > 0 && text == print(expressions::window(window)))
    return "{window: " + std::to_string(window) + "}";
  if (prefix > 0 && text == print(expressions::prefix(prefix)))
    return "{prefix: " + std::to_string(prefix) + "}";
  return "";
}

/// A mask by its name, where it has one, as the reader makes masks of names.
static std::string mask(const AttentionSublayer &attention, const Stack &stack) {
  int32_t own = ownSegment(stack, attention);
  std::string word = maskWord(attention.mask, [&](const expressions::Expression &mask) {
    return (attention.joint ? expressions::fromSegment(own, mask) : mask).print();
  });
  if (!word.empty())
    return word;
  for (int32_t part = 0; !stack.input.parts.empty() && part < own; ++part)
    if (attention.mask == expressions::fromSegment(part + 1, expressions::causal()).print())
      return "{prefix: " + scalar(stack.input.parts[part]) + "}";
  return quoted(attention.mask);
}

static std::string prefixMask(const AttentionSublayer &attention) {
  if (attention.prefixMask == "true")
    return "none";
  std::string word = maskWord(attention.prefixMask, [](const expressions::Expression &mask) { return mask.print(); });
  return word.empty() ? quoted(attention.prefixMask) : word;
}

static std::string relative(const AttentionSublayer &attention) {
  const RelativeBias &relative = *attention.relative;
  FlowMapping keys;
  keys.add("buckets", relative.buckets).add("distance", relative.distance);
  keys.addFlag("bidirectional", relative.bidirectional, attention.mask.empty());
  return "{relative: " + keys.str() + "}";
}

static std::string score(const AttentionSublayer &attention) {
  if (attention.relative)
    return relative(attention);
  if (attention.heads > 0 && attention.heads <= expressions::maximumAlibiHeads &&
      attention.score == expressions::alibi(attention.heads, expressions::AlibiStyle::Bloom).print())
    return "alibi";
  return quoted(attention.score);
}

static std::string tables(const std::vector<Table> &tables) {
  std::string list;
  for (const Table &table : tables)
    list += (list.empty() ? "[" : ", [") + std::to_string(table.rows) + ", " + std::to_string(table.columns) + "]";
  return "[" + list + "]";
}

/// `final`, `same-layer` or a layer for each.
static std::string state(const Source &source) {
  if (source.state != SourceState::Layers)
    return sourceStateNames[size_t(source.state)].str();
  return "{layers: [" + llvm::join(llvm::map_range(source.layers, llvm::itostr), ", ") + "]}";
}

/// The stacks by their names where all of them are read in one state, which then is the attention's.
static void addSources(FlowMapping &keys, const AttentionSublayer &attention) {
  llvm::ArrayRef<Source> sources = attention.sources;
  if (sources.empty())
    return;
  bool oneState = llvm::all_of(sources, [&](const Source &source) { return state(source) == state(sources.front()); });
  std::vector<std::string> list;
  for (const Source &source : sources) {
    FlowMapping element;
    element.add("stack", scalar(source.stack)).add("source", state(source));
    bool plain = oneState || source.state == SourceState::Final;
    list.push_back(plain ? scalar(source.stack) : element.str());
  }
  keys.add("from", list.size() == 1 ? list.front() : bracketed(list));
  if (oneState && sources.front().state != SourceState::Final)
    keys.add("source", state(sources.front()));
  if (attention.joint)
    keys.add("merge", mergeNames[1]);
}

static std::string keysOf(const AttentionSublayer &attention, const Stack &stack, int64_t width) {
  FlowMapping keys;
  addSources(keys, attention);
  keys.add("heads", attention.heads);
  if (attention.keyValueHeads != attention.heads)
    keys.add("kv_heads", attention.keyValueHeads);
  if (attention.headSize * attention.heads != width)
    keys.add("head_size", attention.headSize);
  keys.addFlag("bias", attention.bias, true).addFlag("key_bias", attention.keyBias, attention.bias);
  keys.addFlag("output_bias", attention.outputBias, true);
  if (attention.scale != 1 / std::sqrt(static_cast<double>(attention.headSize)))
    keys.add("scale", shortest(attention.scale));
  if (!attention.mask.empty())
    keys.add("mask", mask(attention, stack));
  if (!attention.prefixMask.empty())
    keys.add("prefix_mask", prefixMask(attention));
  if (!attention.score.empty() || attention.relative)
    keys.add("score", score(attention));
  if (!attention.tables.empty())
    keys.add("tables", tables(attention.tables));
  if (attention.ownRotary)
    keys.add("rotary", rotary(attention.rotary));
  if (attention.queryKeyNorm)
    keys.add("query_key_norm", queryKeyNorm(*attention.queryKeyNorm));
  if (attention.name != "attention")
    keys.add("name", scalar(attention.name));
  return keys.str();
}

static void addKey(FlowMapping &keys, const SizeKey &key, int64_t size) { keys.add(key.name, size); }
static void addKey(FlowMapping &keys, const FlagKey &key, bool flag) { keys.addFlag(key.name, flag, key.usual); }
static void addKey(FlowMapping &keys, const ActivationKey &key, Activation activation) {
  keys.add(key.name, activationNames[size_t(activation)]);
}

template <KeyedSublayer Kind> static std::string keysOf(const Kind &sublayer, const Stack &stack, int64_t width) {
  FlowMapping keys;
  Kind::forEachKey(sublayer, [&](const auto &key, const auto &value) { addKey(keys, key, value); });
  if (sublayer.name != Kind::kind)
    keys.add("name", scalar(sublayer.name));
  return keys.str();
}

static std::string keysOf(const ParallelSublayer &parallel, const Stack &stack, int64_t width) {
  FlowMapping keys;
  if (parallel.norm != ParallelNorm::One)
    keys.add("norm", parallelNormNames[size_t(parallel.norm)]);
  std::string block;
  for (const auto &inner : parallel.block)
    std::visit([&](const auto &kind) { block += (block.empty() ? "" : ", ") + writeSublayer(kind, stack, width); },
               inner);
  keys.add("block", "[" + block + "]");
  if (parallel.name != "parallel")
    keys.add("name", scalar(parallel.name));
  return keys.str();
}

std::string tenon::spec::writeSublayer(const Sublayer &sublayer, const Stack &stack, int64_t width) {
  std::string kind(sublayerKinds[sublayer.index()]);
  return kind + ": " + std::visit([&](const auto &each) { return keysOf(each, stack, width); }, sublayer);
}
