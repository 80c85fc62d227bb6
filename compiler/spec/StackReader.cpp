//===- StackReader.cpp - Stacks, what they read, their norms --------------===//

#include "spec/Names.h"
#include "spec/Parameters.h"
#include "spec/Reader.h"
#include "spec/Rotary.h"
#include "spec/Stacks.h"
#include <algorithm>

using namespace tenon;
using namespace tenon::spec;

static constexpr ReservedKey reservedTokenKeys[] = {
    {"convolutions", "'convolutions' belongs to an input of features: {features: 80, convolutions: [...]}"},
};
static constexpr ReservedKey reservedFeatureKeys[] = {
    {"types", "'types' belongs to an input of tokens; this one reads features"},
    {"first", "'first' belongs to an input of tokens; this one reads features"},
};
static constexpr ReservedKey reservedPartKeys[] = {
    {"types", "'types' belongs to an input of tokens; this one reads the rows of other stacks"},
    {"first", "'first' belongs to an input of tokens; this one reads the rows of other stacks"},
    {"convolutions", "'convolutions' belongs to an input of features; this one reads the rows of other stacks"},
};

void SpecReader::readStack(const YamlEntry &entry) {
  Stack &stack = model.stacks.emplace_back();
  this->stack = &stack;
  stackPlaces.emplace_back().name = entry.keyRange;
  stack.name = entry.key;
  stack.place = placeOf(entry.keyRange);
  if (!isName(stack.name, "_-"))
    diagnostics.error(entry.keyRange, "'" + stack.name +
                                          "' does not name a stack: expected a letter or '_', then letters, digits, "
                                          "'_' and '-', at most 200 in all");
  Fields fields(diagnostics, entry.value, "stack '" + stack.name + "'");
  if (!fields.isMapping())
    return;
  stack.width = fields.integer("width", 1, maximumExtent).value_or(0);
  width = model.widthOf(stack);
  if (const YamlNode *input = fields.require("input"))
    readInput(*input, stack.input);
  if (const YamlNode *input = fields.find("input"))
    stack.inputPlace = placeOf(input->range);
  stack.layers = fields.requireInteger("layers", 1, maximumLayers).value_or(0);
  if (const YamlNode *norm = fields.find("norm"))
    readNorm(*norm, stack.norm);
  readBlocks(fields, stack);
  stack.cache = fields.boolean("cache").value_or(false);
  if (const YamlNode *prefix = fields.find("prefix"))
    stack.prefix = readString(diagnostics, *prefix, "prefix").value_or("");
  StackPlace &place = stackPlaces.back();
  for (auto [key, node] : {std::pair("width", &place.width),
                           {"layers", &place.layers},
                           {"cache", &place.cache},
                           {"input", &place.input},
                           {"prefix", &place.prefix}})
    *node = fields.find(key);
  fields.finish();
}

void SpecReader::readBlocks(Fields &fields, Stack &stack) {
  const YamlNode *cycle = fields.find("cycle");
  const YamlNode *block = cycle ? fields.find("block") : fields.require("block");
  if (!cycle) {
    if (block)
      readBlock(*block, "block", stack.block);
    return;
  }
  if (block)
    diagnostics.error(block->range, "'block' and 'cycle' exclude each other: every layer has the one block, or they go "
                                    "through the cycle's blocks in turn");
  if (cycle->kind != YamlNode::Kind::Sequence || cycle->items.size() < 2 || cycle->items.size() > maximumSublayers) {
    diagnostics.error(cycle->range,
                      "cycle: expected a sequence of 2 to " + llvm::Twine(maximumSublayers) + " blocks, found " +
                          (cycle->kind == YamlNode::Kind::Sequence ? "one of " + std::to_string(cycle->items.size())
                                                                   : describe(*cycle)));
    return;
  }
  for (const YamlNode &item : cycle->items)
    readBlock(item, "a block of the cycle", stack.cycle.emplace_back());
  stack.block = stack.cycle.front();
  cycles.push_back({model.stacks.size() - 1, cycle});
}

void SpecReader::readBlock(const YamlNode &node, llvm::StringRef what, Block &block) {
  bool isSequence = node.kind == YamlNode::Kind::Sequence;
  if (!isSequence || node.items.empty())
    diagnostics.error(node.range, what + ": expected a sequence of sublayers, found " +
                                      (isSequence ? "an empty one" : describe(node)));
  else if (node.items.size() > maximumSublayers)
    diagnostics.error(node.range, what + ": " + llvm::Twine(node.items.size()) + " sublayers; a block has at most " +
                                      llvm::Twine(maximumSublayers));
  else
    for (const YamlNode &item : node.items)
      readSublayer(item, block);
}

void SpecReader::checkCycles() {
  for (auto [index, node] : cycles)
    checkCycle(*node, model.stacks[index]);
}

/// All layers' tensors of one name are one array, so their shapes are one.
void SpecReader::checkCycle(const YamlNode &node, const Stack &stack) {
  if (static_cast<int64_t>(stack.cycle.size()) > stack.layers) {
    diagnostics.error(node.items[stack.layers].range,
                      "cycle: block " + llvm::Twine(stack.layers) + " of " + llvm::Twine(stack.cycle.size()) +
                          " is no layer's, of which there are " + llvm::Twine(stack.layers));
    diagnostics.note(stackPlaces[&stack - model.stacks.data()].layers->range, "the layers");
    return;
  }
  std::vector<Parameter> first = placesOfBlock(model, stack, stack.cycle.front());
  for (size_t index = 1; index < stack.cycle.size(); ++index) {
    std::vector<Parameter> other = placesOfBlock(model, stack, stack.cycle[index]);
    auto same = [](const Parameter &a, const Parameter &b) { return a.name == b.name && a.shape == b.shape; };
    auto [mine, theirs] = std::mismatch(first.begin(), first.end(), other.begin(), other.end(), same);
    if (mine == first.end() && theirs == other.end()) {
      checkSameSources(node.items[index], stack.cycle.front(), stack.cycle[index]);
      continue;
    }
    diagnostics.error(node.items[index].range,
                      "the blocks of a cycle need the same parameters with the same shapes; '" +
                          (mine == first.end() ? theirs->name : mine->name) + "' of block 0 and block " +
                          llvm::Twine(index) + " differ");
  }
}

/// What attentions of one name keep is one array too, and holds rows of the same stacks in every layer.
void SpecReader::checkSameSources(const YamlNode &node, const Block &first, const Block &other) {
  llvm::StringMap<const AttentionSublayer *> byName;
  forEachAttention(first, [&](const AttentionSublayer &attention) { byName[attention.name] = &attention; });
  forEachAttention(other, [&](const AttentionSublayer &attention) {
    const AttentionSublayer *same = byName.lookup(attention.name);
    if (same && (same->sources != attention.sources || same->joint != attention.joint))
      diagnostics.error(node.range, "attention '" + attention.name +
                                        "' has another 'from', 'source' or 'merge' than in the cycle's block 0; give "
                                        "it another name there");
  });
}

void SpecReader::readInput(const YamlNode &node, Input &input) {
  Fields fields(diagnostics, node, "input");
  if (!fields.isMapping())
    return;
  const YamlNode *features = fields.find("features"), *concat = fields.find("concat");
  if (features && fields.find("vocab"))
    diagnostics.error(features->range, "'vocab' and 'features' exclude each other: a stack reads tokens or rows of "
                                       "numbers");
  if (concat && (features || fields.find("vocab")))
    diagnostics.error(concat->range,
                      "'concat' excludes 'vocab' and 'features': a stack reads the rows of others, or an "
                      "input of its own");
  if (concat)
    readParts(*concat, input);
  else if (features)
    readFeatureInput(fields, input);
  else
    readTokenInput(fields, input);
  if (const YamlNode *positions = stackPlaces.back().positions = fields.find("positions"))
    readPositions(*positions, input.positions);
  input.norm = fields.boolean("norm").value_or(false);
  input.scale = fields.number("scale").value_or(1.0);
  if (input.scale == 0)
    diagnostics.error(fields.find("scale")->range,
                      llvm::Twine("scale (0) would remove the ") + (concat     ? "rows of the parts"
                                                                    : features ? "features"
                                                                               : "token embedding"));
  if (!input.positions.behind.empty())
    checkBehindInput(input);
  fields.finish(concat     ? llvm::ArrayRef(reservedPartKeys)
                : features ? llvm::ArrayRef(reservedFeatureKeys)
                           : llvm::ArrayRef(reservedTokenKeys));
}

/// What has no meaning where positions begin behind another stack's rows.
void SpecReader::checkBehindInput(const Input &input) {
  llvm::SMRange range = stackPlaces.back().behind->range;
  if (!input.parts.empty())
    diagnostics.error(range,
                      "'behind' is for rows of a stack's own; those of 'concat' count the rows of all parts from "
                      "0 on");
  if (input.positions.pad)
    diagnostics.error(range, "'behind' excludes 'pad': the rows of another stack and tokens of one id are two ways to "
                             "count");
  if (input.zeroFirst)
    diagnostics.error(range, "'behind' excludes 'first: zeros', which is for the token at position 0");
}

void SpecReader::readTokenInput(Fields &fields, Input &input) {
  static constexpr llvm::StringRef firsts[] = {"token", "zeros"};
  input.vocab = fields.requireInteger("vocab", 1, maximumExtent).value_or(0);
  checkElements(fields.find("vocab"), product("vocab x width", input.vocab, width), CheckedSize(input.vocab) * width);
  input.types = fields.integer("types", 0, maximumExtent).value_or(0);
  checkElements(fields.find("types"), product("types x width", input.types, width), CheckedSize(input.types) * width);
  input.zeroFirst = fields.choice("first", firsts).value_or(0) == 1;
}

void SpecReader::readFeatureInput(Fields &fields, Input &input) {
  input.features = fields.integer("features", 1, maximumExtent).value_or(1);
  const YamlNode *list = fields.find("convolutions");
  if (list && (list->kind != YamlNode::Kind::Sequence || list->items.size() > maximumConvolutions)) {
    diagnostics.error(list->range,
                      "convolutions: expected a sequence of at most " + llvm::Twine(maximumConvolutions) + ", found " +
                          (list->kind == YamlNode::Kind::Sequence ? "one of " + std::to_string(list->items.size())
                                                                  : describe(*list)));
    return;
  }
  int64_t components = input.features;
  const YamlNode *last = fields.find("features");
  for (const YamlNode &item : list ? llvm::ArrayRef(list->items) : llvm::ArrayRef<YamlNode>()) {
    readConvolution(item, components, input.convolutions.emplace_back());
    components = input.convolutions.back().channels;
    last = &item;
  }
  if (components != width && components > 0 && width > 0)
    diagnostics.error(last->range, (input.convolutions.empty() ? "features (" : "channels of the last convolution (") +
                                       llvm::Twine(components) + ") are not the stack's width (" + llvm::Twine(width) +
                                       ")");
}

void SpecReader::readConvolution(const YamlNode &node, int64_t components, Convolution &convolution) {
  Fields fields(diagnostics, node, "convolution");
  if (!fields.isMapping())
    return;
  convolution.channels = fields.requireInteger("channels", 1, maximumExtent).value_or(0);
  convolution.kernel = fields.requireInteger("kernel", 1, maximumExtent).value_or(1);
  if (convolution.kernel % 2 == 0)
    diagnostics.error(fields.find("kernel")->range, "kernel (" + llvm::Twine(convolution.kernel) +
                                                        ") is even; it is odd, with as many zeros before the rows as "
                                                        "behind them");
  convolution.stride = fields.integer("stride", 1, maximumExtent).value_or(1);
  convolution.activation = readActivation(fields, Activation::Gelu);
  convolution.bias = fields.boolean("bias").value_or(true);
  checkElements(&node,
                "channels x inputs x kernel (" + std::to_string(convolution.channels) + " x " +
                    std::to_string(components) + " x " + std::to_string(convolution.kernel) + ")",
                CheckedSize(convolution.channels) * components * convolution.kernel);
  fields.finish();
}

void SpecReader::readPositions(const YamlNode &node, Positions &positions) {
  if (node.kind != YamlNode::Kind::Mapping) {
    std::optional<size_t> kind = readChoice(diagnostics, node, "positions", positionKindNames);
    positions.kind = static_cast<PositionKind>(kind.value_or(0));
    if (positions.kind == PositionKind::Sinusoidal || positions.kind == PositionKind::Rotary)
      positions.length = defaultTableLength;
    if (positions.kind == PositionKind::Learned)
      diagnostics.error(node.range, "learned positions need a length: {kind: learned, length: 512}");
  } else {
    Fields fields(diagnostics, node, "positions");
    if (const YamlNode *kindNode = fields.require("kind")) {
      std::optional<size_t> kind = readChoice(diagnostics, *kindNode, "kind", positionKindNames);
      if (!kind)
        return; // Which other keys belong here is not known.
      positions.kind = static_cast<PositionKind>(*kind);
      readPositionFields(fields, positions);
    }
  }
  if (positions.kind == PositionKind::Sinusoidal && width % 2 != 0)
    diagnostics.error(node.range, "sinusoidal positions need an even width; width is " + llvm::Twine(width));
  checkElements(&node, product("positions x width", positions.length + positions.offset, width),
                (CheckedSize(positions.length) + positions.offset) * width);
}

void SpecReader::readPositionFields(Fields &fields, Positions &positions) {
  bool learned = positions.kind == PositionKind::Learned;
  bool sinusoidal = positions.kind == PositionKind::Sinusoidal;
  bool rotary = positions.kind == PositionKind::Rotary;
  if (learned)
    positions.length = fields.requireInteger("length", 1, maximumExtent).value_or(0);
  else
    positions.length =
        fields.integer("length", 1, maximumExtent).value_or(sinusoidal || rotary ? defaultTableLength : 0);
  if (learned)
    positions.offset = fields.integer("offset", 0, maximumExtent).value_or(0);
  if (learned)
    readPad(fields, positions);
  if (const YamlNode *behind = fields.find("behind")) {
    positions.behind = readString(diagnostics, *behind, "behind").value_or("");
    stackPlaces.back().behind = behind;
  }
  if (sinusoidal || rotary) {
    positions.base = readBase(fields, positions.base);
    positions.interleaved = fields.boolean("interleaved").value_or(false);
  }
  if (sinusoidal)
    positions.spacing =
        static_cast<SinusoidSpacing>(fields.choice("spacing", spacingNames).value_or(positions.interleaved));
  if (sinusoidal && positions.interleaved && positions.spacing == SinusoidSpacing::Ends)
    diagnostics.error(fields.find("spacing")->range, "interleaved sinusoids are spaced 'even'; 'ends' belongs to "
                                                     "'interleaved: false'");
  if (rotary) {
    positions.dims = readDims(fields);
    if (const YamlNode *scaling = fields.find("scaling"))
      readScaling(*scaling, positions.scaling);
  }
  fields.finish();
}

void SpecReader::readPad(Fields &fields, Positions &positions) {
  positions.pad = fields.integer("pad", 0, maximumExtent);
  if (!positions.pad)
    return;
  if (positions.offset == 0)
    diagnostics.error(fields.find("pad")->range, "pad needs an offset of at least 1: a pad token has the row before "
                                                 "that of position 0");
  pads.push_back({model.stacks.size() - 1, fields.find("pad")});
}

/// Which of the tokens that a cache holds were pad is not known.
void SpecReader::checkPads() {
  for (auto [index, node] : pads)
    if (const Stack &stack = model.stacks[index]; stack.input.vocab == 0)
      diagnostics.error(node->range, "pad is a token's id; stack '" + stack.name + "' reads " +
                                         (stack.input.features > 0 ? "features" : "the rows of other stacks"));
    else if (keepsCache(model, stack))
      diagnostics.error(node->range, "stack '" + stack.name +
                                         "' keeps a cache; positions skip pad tokens where a text is read as a whole");
}

double SpecReader::readBase(Fields &fields, double usual) {
  double base = fields.number("base").value_or(usual);
  if (!(base > 1))
    diagnostics.error(fields.find("base")->range, "base (" + fields.find("base")->text + ") is not above 1");
  return base;
}

int64_t SpecReader::readDims(Fields &fields) {
  int64_t dims = fields.integer("dims", 2, maximumExtent).value_or(0);
  if (dims % 2 != 0)
    diagnostics.error(fields.find("dims")->range, "dims (" + llvm::Twine(dims) + ") is odd; components turn in pairs");
  return dims;
}

void SpecReader::readScaling(const YamlNode &node, RotaryScaling &scaling) {
  Fields fields(diagnostics, node, "scaling");
  const YamlNode *kindNode = fields.isMapping() ? fields.require("kind") : nullptr;
  std::optional<size_t> kind = kindNode ? readChoice(diagnostics, *kindNode, "kind", scalingKindNames) : std::nullopt;
  if (!kind)
    return; // Which other keys belong here is not known.
  scaling.kind = static_cast<ScalingKind>(*kind);
  if (scaling.kind != ScalingKind::None && fields.require("factor")) {
    scaling.factor = fields.number("factor").value_or(1.0);
    if (!(scaling.factor >= 1))
      diagnostics.error(fields.find("factor")->range, "factor (" + fields.find("factor")->text + ") is not at least 1");
  }
  if (scaling.kind != ScalingKind::None && scaling.kind != ScalingKind::Linear)
    scaling.originalLength = fields.requireInteger("original_length", 1, maximumExtent).value_or(1);
  if (scaling.kind == ScalingKind::Llama3) {
    scaling.lowFrequencyFactor = readPositive(fields, "low_frequency_factor", scaling.lowFrequencyFactor);
    scaling.highFrequencyFactor = readPositive(fields, "high_frequency_factor", scaling.highFrequencyFactor);
    if (!(scaling.highFrequencyFactor > scaling.lowFrequencyFactor))
      diagnostics.error(node.range, "high_frequency_factor is not above low_frequency_factor");
  }
  if (scaling.kind == ScalingKind::Yarn) {
    scaling.betaFast = readPositive(fields, "beta_fast", scaling.betaFast);
    scaling.betaSlow = readPositive(fields, "beta_slow", scaling.betaSlow);
    scaling.attentionFactor = readPositive(fields, "attention_factor", yarnAttentionFactor(scaling.factor));
    scaling.truncate = fields.boolean("truncate").value_or(true);
  }
  fields.finish();
}

double SpecReader::readEpsilon(Fields &fields, double usual) {
  double epsilon = fields.number("epsilon").value_or(usual);
  if (!(epsilon >= 0 && epsilon < 1))
    diagnostics.error(fields.find("epsilon")->range,
                      "epsilon (" + fields.find("epsilon")->text + ") is not at least 0 and below 1");
  return epsilon;
}

void SpecReader::readNorm(const YamlNode &node, Norm &norm) {
  Fields fields(diagnostics, node, "norm");
  if (!fields.isMapping())
    return;
  norm.kind = static_cast<NormKind>(fields.choice("kind", normKindNames).value_or(0));
  norm.place = static_cast<NormPlace>(fields.choice("place", normPlaceNames).value_or(size_t(NormPlace::After)));
  norm.epsilon = readEpsilon(fields, norm.epsilon);
  bool rms = norm.kind == NormKind::RMSNorm;
  norm.bias = fields.boolean("bias").value_or(!rms);
  if (rms && norm.bias)
    diagnostics.error(fields.find("bias")->range, "rmsnorm has no bias; only layernorm has one");
  const YamlNode *final = fields.find("final");
  norm.final = fields.boolean("final").value_or(true);
  if (final && norm.place == NormPlace::After)
    diagnostics.error(final->range, "'final' belongs to 'place: before'; with 'place: after' the last sublayer ends "
                                    "with a norm anyway");
  norm.weightOffset = fields.number("weight_offset").value_or(0);
  fields.finish();
}
