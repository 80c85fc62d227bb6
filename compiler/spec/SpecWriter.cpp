//===- SpecWriter.cpp -----------------------------------------------------===//

#include "spec/SpecWriter.h"
#include "expressions/Sugar.h"
#include "spec/Names.h"
#include "spec/Rotary.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/YAMLParser.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace tenon;
using namespace tenon::spec;

namespace {

/// A mapping on one line: {key: value, key: value}.
class FlowMapping {
public:
  FlowMapping &add(llvm::StringRef key, llvm::StringRef value) {
    text += (text.empty() ? "" : ", ") + key.str() + ": " + value.str();
    return *this;
  }
  FlowMapping &add(llvm::StringRef key, int64_t value) { return add(key, llvm::itostr(value)); }
  FlowMapping &addFlag(llvm::StringRef key, bool value, bool usual) {
    return value == usual ? *this : add(key, value ? "true" : "false");
  }
  bool isEmpty() const { return text.empty(); }
  std::string str() const { return "{" + text + "}"; }

private:
  std::string text;
};

} // namespace

/// The shortest form that reads back as the same number; does not depend on the locale.
static std::string shortest(double value) {
  std::string text;
  for (int digits : {6, 15, 17}) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    double back = 0;
    if (!llvm::StringRef(text).getAsDouble(back) && back == value)
      break;
  }
  return text;
}

static std::string quoted(llvm::StringRef text) {
  return "\"" + llvm::yaml::escape(text, /*EscapePrintable=*/false) + "\"";
}

/// A string that reads back as itself, in quotes unless it is a plain word.
static std::string scalar(llvm::StringRef text) {
  bool word = !text.empty() && llvm::isAlpha(text[0]) && text != "null" &&
              llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_-./*").contains(c); });
  return word ? text.str() : quoted(text);
}

static void addScaling(FlowMapping &outer, const RotaryScaling &scaling) {
  if (scaling.kind == ScalingKind::None)
    return;
  const RotaryScaling usual;
  FlowMapping keys;
  keys.add("kind", scalingKindNames[size_t(scaling.kind)]).add("factor", shortest(scaling.factor));
  if (scaling.kind != ScalingKind::Linear)
    keys.add("original_length", scaling.originalLength);
  auto addReal = [&](llvm::StringRef key, double value, double usual) {
    if (value != usual)
      keys.add(key, shortest(value));
  };
  if (scaling.kind == ScalingKind::Llama3) {
    addReal("low_frequency_factor", scaling.lowFrequencyFactor, usual.lowFrequencyFactor);
    addReal("high_frequency_factor", scaling.highFrequencyFactor, usual.highFrequencyFactor);
  }
  if (scaling.kind == ScalingKind::Yarn) {
    addReal("beta_fast", scaling.betaFast, usual.betaFast);
    addReal("beta_slow", scaling.betaSlow, usual.betaSlow);
    addReal("attention_factor", scaling.attentionFactor, yarnAttentionFactor(scaling.factor));
    keys.addFlag("truncate", scaling.truncate, true);
  }
  outer.add("scaling", keys.str());
}

static std::string positions(const Positions &positions) {
  llvm::StringRef kind = positionKindNames[size_t(positions.kind)];
  bool hasTable = positions.kind == PositionKind::Sinusoidal || positions.kind == PositionKind::Rotary;
  int64_t usualLength = hasTable ? defaultTableLength : 0;
  FlowMapping keys;
  keys.add("kind", kind);
  if (positions.length != usualLength)
    keys.add("length", positions.length);
  if (positions.offset != 0)
    keys.add("offset", positions.offset);
  if (positions.pad)
    keys.add("pad", *positions.pad);
  if (positions.base != Positions().base)
    keys.add("base", shortest(positions.base));
  if (positions.dims != 0)
    keys.add("dims", positions.dims);
  keys.addFlag("interleaved", positions.interleaved, false);
  if (positions.kind == PositionKind::Sinusoidal && !positions.interleaved &&
      positions.spacing == SinusoidSpacing::Even)
    keys.add("spacing", "even"); // Interleaved ones have no other.
  addScaling(keys, positions.scaling);
  std::string text = keys.str();
  return text == "{kind: " + kind.str() + "}" ? kind.str() : text;
}

static std::string convolutions(const std::vector<Convolution> &list) {
  std::string text;
  for (const Convolution &convolution : list) {
    FlowMapping keys;
    keys.add("channels", convolution.channels).add("kernel", convolution.kernel);
    if (convolution.stride != 1)
      keys.add("stride", convolution.stride);
    keys.add("activation", convolution.activation ? activationNames[size_t(*convolution.activation)] : "none");
    keys.addFlag("bias", convolution.bias, true);
    text += (text.empty() ? "[" : ", ") + keys.str();
  }
  return text + "]";
}

static std::string input(const Input &input) {
  FlowMapping keys;
  if (input.features > 0)
    keys.add("features", input.features);
  else
    keys.add("vocab", input.vocab);
  if (!input.convolutions.empty())
    keys.add("convolutions", convolutions(input.convolutions));
  if (input.positions.kind != PositionKind::None || input.positions.length != 0)
    keys.add("positions", positions(input.positions));
  if (input.types != 0)
    keys.add("types", input.types);
  keys.addFlag("norm", input.norm, false);
  if (input.scale != 1.0)
    keys.add("scale", shortest(input.scale));
  if (input.zeroFirst)
    keys.add("first", "zeros");
  return keys.str();
}

static std::string norm(const Norm &norm) {
  FlowMapping keys;
  keys.add("kind", normKindNames[size_t(norm.kind)]).add("place", normPlaceNames[size_t(norm.place)]);
  if (norm.epsilon != Norm().epsilon)
    keys.add("epsilon", shortest(norm.epsilon));
  if (norm.kind == NormKind::LayerNorm)
    keys.addFlag("bias", norm.bias, true);
  if (norm.place != NormPlace::After)
    keys.addFlag("final", norm.final, true);
  if (norm.weightOffset != 0)
    keys.add("weight_offset", shortest(norm.weightOffset));
  return keys.str();
}

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
  return at == llvm::StringRef::npos || text.drop_front(at + before.size()).getAsInteger(10, value) ? 0 : value;
}

/// A mask by its name, where it has one.
static std::string mask(const std::string &text) {
  if (text == expressions::causal().print())
    return "causal";
  int32_t window = integerAfter(text, "q - k < "), prefix = integerAfter(text, "k < ");
  if (window > 0 && text == expressions::window(window).print())
    return "{window: " + std::to_string(window) + "}";
  if (prefix > 0 && text == expressions::prefix(prefix).print())
    return "{prefix: " + std::to_string(prefix) + "}";
  return quoted(text);
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

static std::string attention(const AttentionSublayer &attention, int64_t width) {
  FlowMapping keys;
  if (!attention.from.empty())
    keys.add("from", scalar(attention.from));
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
    keys.add("mask", mask(attention.mask));
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

static std::string mlp(const MlpSublayer &mlp) {
  FlowMapping keys;
  keys.add("hidden", mlp.hidden).add("activation", activationNames[size_t(mlp.activation)]);
  keys.addFlag("gated", mlp.gated, false).addFlag("bias", mlp.bias, true);
  if (mlp.name != "mlp")
    keys.add("name", scalar(mlp.name));
  return keys.str();
}

static std::string ssru(const SsruSublayer &ssru) {
  FlowMapping keys;
  keys.addFlag("bias", ssru.bias, true).addFlag("input_bias", ssru.inputBias, false);
  keys.add("activation", activationNames[size_t(ssru.activation)]);
  if (ssru.name != "ssru")
    keys.add("name", scalar(ssru.name));
  return keys.str();
}

static std::string sublayer(const Sublayer &sublayer, int64_t width);

static std::string parallel(const ParallelSublayer &parallel, int64_t width) {
  FlowMapping keys;
  if (parallel.norm != ParallelNorm::One)
    keys.add("norm", parallelNormNames[size_t(parallel.norm)]);
  std::string block;
  for (const auto &inner : parallel.block)
    std::visit([&](const auto &kind) { block += (block.empty() ? "" : ", ") + sublayer(kind, width); }, inner);
  keys.add("block", "[" + block + "]");
  if (parallel.name != "parallel")
    keys.add("name", scalar(parallel.name));
  return keys.str();
}

static std::string sublayer(const Sublayer &sublayer, int64_t width) {
  if (const auto *layer = std::get_if<AttentionSublayer>(&sublayer))
    return "attention: " + attention(*layer, width);
  if (const auto *layer = std::get_if<ParallelSublayer>(&sublayer))
    return "parallel: " + parallel(*layer, width);
  if (const auto *layer = std::get_if<SsruSublayer>(&sublayer))
    return "ssru: " + ssru(*layer);
  return "mlp: " + mlp(std::get<MlpSublayer>(sublayer));
}

static void writeStack(llvm::raw_ostream &os, const Stack &stack, const Model &model) {
  int64_t width = model.widthOf(stack);
  os << "  " << scalar(stack.name) << ":\n";
  if (width != model.width)
    os << "    width: " << width << "\n";
  os << "    input: " << input(stack.input) << "\n";
  os << "    layers: " << stack.layers << "\n";
  os << "    norm: " << norm(stack.norm) << "\n";
  if (stack.cache)
    os << "    cache: true\n";
  os << (stack.cycle.empty() ? "    block:\n" : "    cycle:\n");
  if (stack.cycle.empty())
    for (const Sublayer &item : stack.block)
      os << "      - " << sublayer(item, width) << "\n";
  for (const Block &block : stack.cycle)
    for (const Sublayer &item : block)
      os << (&item == &block.front() ? "      - - " : "        - ") << sublayer(item, width) << "\n";
}

static std::string inBrackets(llvm::ArrayRef<std::string> items) { return "[" + llvm::join(items, ", ") + "]"; }

static std::string poolingLayer(const PoolingLayer &layer) {
  FlowMapping keys;
  if (const auto *norm = std::get_if<VectorNorm>(&layer)) {
    if (norm->epsilon != VectorNorm().epsilon)
      keys.add("epsilon", shortest(norm->epsilon));
    return norm->unit ? "normalize" : "{norm: " + keys.str() + "}";
  }
  const auto &dense = std::get<DenseLayer>(layer);
  keys.add("size", dense.size);
  if (dense.activation)
    keys.add("activation", activationNames[size_t(*dense.activation)]);
  keys.addFlag("bias", dense.bias, true).addFlag("residual", dense.residual, false);
  return "{dense: " + keys.str() + "}";
}

static std::string poolingLayers(llvm::ArrayRef<PoolingLayer> layers) {
  return inBrackets(llvm::map_to_vector(layers, poolingLayer));
}

/// One word by itself, several in brackets.
static std::string poolingKinds(llvm::ArrayRef<PoolingKind> kinds) {
  auto words = llvm::map_to_vector(kinds, [](PoolingKind kind) { return poolingKindNames[size_t(kind)].str(); });
  return words.size() == 1 ? words.front() : inBrackets(words);
}

static std::string pooling(const Pooling &pooling, size_t stacks) {
  FlowMapping keys;
  if (stacks > 1)
    keys.add("stack", scalar(pooling.stack));
  llvm::ArrayRef layers = pooling.layers;
  const auto *last = layers.empty() ? nullptr : std::get_if<VectorNorm>(&layers.back());
  bool normalize = last && last->unit;
  if (!pooling.tokenLayers.empty())
    keys.add("token_layers", poolingLayers(pooling.tokenLayers));
  keys.add("kind", poolingKinds(pooling.kinds));
  if (layers.size() > normalize)
    keys.add("layers", poolingLayers(layers.drop_back(normalize)));
  keys.addFlag("normalize", normalize, false);
  if (pooling.size != 0)
    keys.add("size", pooling.size);
  keys.addFlag("prompt", pooling.prompt, true);
  return keys.str();
}

static std::string head(const Head &head, size_t stacks) {
  FlowMapping keys;
  if (stacks > 1)
    keys.add("stack", scalar(head.stack));
  keys.add("tied", head.tied ? "true" : "false").addFlag("bias", head.bias, false);
  if (head.scale != 1)
    keys.add("scale", shortest(head.scale));
  if (head.softcap != 0)
    keys.add("softcap", shortest(head.softcap));
  return keys.str();
}

/// One id by itself, several in brackets.
static void addIds(FlowMapping &keys, llvm::StringRef key, const std::vector<int64_t> &ids) {
  if (ids.size() == 1)
    keys.add(key, ids.front());
  else if (!ids.empty())
    keys.add(key, "[" + llvm::join(llvm::map_range(ids, llvm::itostr), ", ") + "]");
}

static std::string timestamps(const Timestamps &timestamps) {
  FlowMapping keys;
  keys.add("begin", timestamps.begin).add("none", timestamps.none);
  if (timestamps.step != Timestamps().step)
    keys.add("step", shortest(timestamps.step));
  return keys.str();
}

static std::string audio(const Audio &audio) {
  FlowMapping keys;
  keys.add("rate", audio.rate).add("window", audio.window).add("hop", audio.hop);
  keys.add("bins", audio.bins).add("frames", audio.frames);
  return keys.str();
}

/// Empty where nothing is known.
static std::string tokens(const SpecialTokens &tokens) {
  FlowMapping keys;
  if (tokens.bos)
    keys.add("bos", *tokens.bos);
  addIds(keys, "eos", tokens.eos);
  if (tokens.pad)
    keys.add("pad", *tokens.pad);
  keys.addFlag("add_bos", tokens.addBos, false);
  addIds(keys, "start", tokens.start);
  addIds(keys, "forced", tokens.forced);
  addIds(keys, "suppress", tokens.suppress);
  addIds(keys, "suppress_first", tokens.suppressFirst);
  if (tokens.forcedLast)
    keys.add("forced_last", *tokens.forcedLast);
  if (tokens.timestamps)
    keys.add("timestamps", timestamps(*tokens.timestamps));
  if (tokens.noSpeech)
    keys.add("no_speech", *tokens.noSpeech);
  if (tokens.previous)
    keys.add("previous", *tokens.previous);
  return keys.isEmpty() ? "" : keys.str();
}

static std::string bracketed(llvm::ArrayRef<std::string> items) { return "[" + llvm::join(items, ", ") + "]"; }

static std::string generation(const Generation &generation) {
  FlowMapping keys;
  for (const GenerationNumber &number : generationNumbers)
    if (auto found = generation.numbers.find(number.name); found != generation.numbers.end())
      keys.add(number.name, number.words ? number.words[size_t(found->second)] : shortest(found->second));
  std::vector<std::string> words, stops;
  for (const std::vector<int64_t> &word : generation.badWords)
    words.push_back("[" + llvm::join(llvm::map_range(word, llvm::itostr), ", ") + "]");
  for (const std::string &stop : generation.stop)
    stops.push_back(quoted(stop));
  if (!words.empty())
    keys.add("bad_words", bracketed(words));
  if (!stops.empty())
    keys.add("stop", bracketed(stops));
  return keys.str();
}

static std::string tensor(const TensorName &name) {
  if (name.isWhole())
    return scalar(name.tensor);
  FlowMapping keys;
  keys.add("tensor", scalar(name.tensor)).addFlag("transpose", name.transpose, false);
  if (name.offset != 0)
    keys.add("offset", name.offset);
  if (name.count != 0)
    keys.add("count", name.count).add("period", name.period);
  return keys.str();
}

std::string tenon::spec::writeSpec(const Model &model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "tenon: 1\n";
  os << "name: " << scalar(model.name) << "\n";
  os << "width: " << model.width << "\n";
  os << "stacks:\n";
  for (const Stack &stack : model.stacks)
    writeStack(os, stack, model);
  if (!model.shares.empty())
    os << "share:\n";
  for (const Share &share : model.shares)
    os << "  - " << quoted(share.parameters + " = " + share.source) << "\n";
  if (model.pooling)
    os << "pooling: " << pooling(*model.pooling, model.stacks.size()) << "\n";
  if (model.head)
    os << "head: " << head(*model.head, model.stacks.size()) << "\n";
  if (!model.weights.empty())
    os << "weights: " << scalar(model.weights) << "\n";
  if (!model.tokenizer.empty())
    os << "tokenizer: " << scalar(model.tokenizer) << "\n";
  if (!model.targetTokenizer.empty())
    os << "target_tokenizer: " << scalar(model.targetTokenizer) << "\n";
  if (!model.chatTemplate.empty())
    os << "chat_template: " << scalar(model.chatTemplate) << "\n";
  if (std::string ids = tokens(model.tokens); !ids.empty())
    os << "tokens: " << ids << "\n";
  if (!model.generation.isEmpty())
    os << "generation: " << generation(model.generation) << "\n";
  if (model.audio)
    os << "audio: " << audio(*model.audio) << "\n";
  if (model.textTokens != 0)
    os << "text_tokens: " << model.textTokens << "\n";
  if (model.lowerCase)
    os << "lower_case: true\n";
  if (!model.prompts.empty())
    os << "prompts:\n";
  for (const Prompt &prompt : model.prompts)
    os << "  " << quoted(prompt.name) << ": " << quoted(prompt.text) << "\n";
  if (!model.defaultPrompt.empty())
    os << "default_prompt: " << quoted(model.defaultPrompt) << "\n";
  if (!model.names.empty())
    os << "names:\n";
  for (const TensorName &name : model.names)
    os << "  " << scalar(name.parameter) << ": " << tensor(name) << "\n";
  return text;
}
