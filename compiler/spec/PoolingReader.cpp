//===- PoolingReader.cpp - One vector for a text --------------------------===//

#include "spec/Names.h"
#include "spec/Reader.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::spec;

static constexpr llvm::StringRef layerKinds[] = {"dense", "norm", "normalize"};

std::optional<Activation> SpecReader::readActivation(Fields &fields, std::optional<Activation> usual) {
  std::vector<llvm::StringRef> words(std::begin(activationNames), std::end(activationNames));
  words.push_back("none");
  std::optional<size_t> index = fields.choice("activation", words);
  if (!index)
    return usual;
  return *index < std::size(activationNames) ? std::optional(static_cast<Activation>(*index)) : std::nullopt;
}

void SpecReader::readPoolingKinds(const YamlNode &node, std::vector<PoolingKind> &kinds) {
  bool several = node.kind == YamlNode::Kind::Sequence;
  if (several && (node.items.empty() || node.items.size() > maximumPoolings))
    diagnostics.error(node.range, "kind: expected 1 to " + llvm::Twine(maximumPoolings) + " kinds, found " +
                                      llvm::Twine(node.items.size()));
  for (const YamlNode &item : several ? llvm::ArrayRef(node.items) : llvm::ArrayRef(node))
    if (std::optional<size_t> kind = readChoice(diagnostics, item, "kind", poolingKindNames))
      kinds.push_back(static_cast<PoolingKind>(*kind));
}

void SpecReader::readDense(const YamlNode &node, int64_t inputs, DenseLayer &dense) {
  Fields fields(diagnostics, node, "dense");
  if (!fields.isMapping())
    return;
  dense.size = fields.requireInteger("size", 1, maximumExtent).value_or(0);
  dense.activation = readActivation(fields, std::nullopt);
  dense.bias = fields.boolean("bias").value_or(true);
  dense.residual = fields.boolean("residual").value_or(false);
  checkElements(fields.find("size"), product("size x inputs", dense.size, inputs),
                CheckedSize(dense.size) * CheckedSize(inputs));
  fields.finish();
}

void SpecReader::readVectorNorm(const YamlNode &node, VectorNorm &norm) {
  Fields fields(diagnostics, node, "norm");
  if (!fields.isMapping())
    return;
  norm.epsilon = readEpsilon(fields, norm.epsilon);
  fields.finish();
}

int64_t SpecReader::readPoolingLayers(Fields &fields, llvm::StringRef key, int64_t size,
                                      std::vector<PoolingLayer> &layers) {
  const YamlNode *node = fields.find(key);
  if (!node)
    return size;
  if (node->kind != YamlNode::Kind::Sequence || node->items.size() > maximumPoolingLayers) {
    diagnostics.error(node->range, key + ": expected a sequence of at most " + llvm::Twine(maximumPoolingLayers) +
                                       " layers, each one of " + commaSeparated(layerKinds) + ", found " +
                                       describe(*node));
    return size;
  }
  for (const YamlNode &item : node->items) {
    if (item.kind == YamlNode::Kind::Scalar && item.text == "normalize") {
      layers.push_back(VectorNorm{.unit = true});
      continue;
    }
    std::optional<size_t> kind = readKind(item, llvm::ArrayRef(layerKinds).drop_back(), "pooling layer");
    if (!kind)
      continue;
    const YamlNode &value = item.entries.front().value;
    if (*kind == 0) {
      DenseLayer dense;
      readDense(value, size, dense);
      size = dense.size;
      layers.push_back(dense);
    } else {
      VectorNorm norm;
      readVectorNorm(value, norm);
      layers.push_back(norm);
    }
  }
  return size;
}

void SpecReader::readPooling(const YamlNode &node) {
  Pooling &pooling = model.pooling.emplace();
  pooling.place = placeOf(node.range);
  Fields fields(diagnostics, node, "pooling");
  if (!fields.isMapping())
    return;
  pooling.stack = readStackName(fields, node, "pooling");
  const Stack *pooled = model.findStack(pooling.stack);
  int64_t size = pooled ? model.widthOf(*pooled) : 0;
  size = readPoolingLayers(fields, "token_layers", size, pooling.tokenLayers);
  if (const YamlNode *kind = fields.require("kind"))
    readPoolingKinds(*kind, pooling.kinds);
  size *= static_cast<int64_t>(pooling.kinds.size());
  checkElements(fields.find("kind"), "the vector of all kinds", CheckedSize(size));
  size = readPoolingLayers(fields, "layers", size, pooling.layers);
  if (fields.boolean("normalize").value_or(false))
    pooling.layers.push_back(VectorNorm{.unit = true});
  pooling.size = fields.integer("size", 1, maximumExtent).value_or(0);
  if (size > 0 && pooling.size > size)
    diagnostics.error(fields.find("size")->range, "size (" + llvm::Twine(pooling.size) + ") is above the " +
                                                      llvm::Twine(size) + " components that there are");
  pooling.prompt = fields.boolean("prompt").value_or(true);
  fields.finish();
}

void SpecReader::readPrompts(Fields &fields) {
  const YamlNode *prompts = fields.find("prompts"), *usual = fields.find("default_prompt");
  std::vector<llvm::StringRef> names;
  if (prompts && (prompts->kind != YamlNode::Kind::Mapping || prompts->entries.size() > maximumPrompts)) {
    diagnostics.error(prompts->range, "prompts: expected a mapping of at most " + llvm::Twine(maximumPrompts) +
                                          " names to texts, found " + describe(*prompts));
    prompts = nullptr;
  }
  for (const YamlEntry &entry : prompts ? llvm::ArrayRef(prompts->entries) : llvm::ArrayRef<YamlEntry>()) {
    if (entry.key.empty())
      diagnostics.error(entry.keyRange, "prompts: a prompt has a name of at least one character");
    const YamlNode &text = entry.value;
    bool empty = text.kind == YamlNode::Kind::Scalar && text.quoted && text.text.empty();
    model.prompts.push_back({entry.key, empty ? "" : readString(diagnostics, text, "prompt").value_or("")});
    names.push_back(entry.key);
  }
  if (!usual)
    return;
  if (names.empty())
    diagnostics.error(usual->range, "'default_prompt' names one of 'prompts', of which there are none");
  else if (std::optional<size_t> index = readChoice(diagnostics, *usual, "default_prompt", names))
    model.defaultPrompt = names[*index];
}

void SpecReader::checkPrompts(const YamlNode *pooling) {
  const Stack *pooled = model.pooling ? model.findStack(model.pooling->stack) : nullptr;
  if (pooling && pooled && !model.pooling->prompt && keepsCache(model, *pooled))
    diagnostics.error(pooling->range, "'prompt: false' is for a stack that reads texts as a whole; '" + pooled->name +
                                          "' goes on token by token");
}
