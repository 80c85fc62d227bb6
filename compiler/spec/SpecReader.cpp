//===- SpecReader.cpp -----------------------------------------------------===//

#include "spec/SpecReader.h"
#include "spec/Fields.h"
#include "spec/Names.h"
#include "spec/Parameters.h"
#include "support/CheckedSize.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace tenon;
using namespace tenon::spec;

/// Extents of kernels are 32-bit.
static constexpr int64_t maximumExtent = INT32_MAX;
/// Far beyond any model; keeps the sum of all parameters within 64 bits.
static constexpr int64_t maximumLayers = 9999;
static constexpr size_t maximumSublayers = 64;

static constexpr ReservedKey reservedTopKeys[] = {
    {"head", "'head' is not supported: this version compiles encoders, which end with a hidden state or 'pooling'"},
    {"share", "'share' is not supported: in this version every parameter belongs to one place"},
};
static constexpr ReservedKey reservedAttentionKeys[] = {
    {"from", "'from' is not supported: in this version a sublayer attends to its own stack"},
    {"source", "'source' is not supported: in this version a sublayer attends to its own stack"},
    {"merge", "'merge' is not supported: in this version a sublayer attends to its own stack"},
    {"score", "'score' is not supported: scores are the scaled products of queries and keys ('scale' sets the factor)"},
};

static bool isName(llvm::StringRef text, llvm::StringRef punctuation) {
  return !text.empty() && (llvm::isAlpha(text[0]) || text[0] == '_') && text.size() <= 200 &&
         llvm::all_of(text, [&](char c) { return llvm::isAlnum(c) || punctuation.contains(c); });
}

std::string tenon::spec::whyUnsafePath(llvm::StringRef path) {
  if (path.empty())
    return "the path is empty";
  if (path.contains('\0') || path.contains('\\'))
    return "the path contains a NUL or a backslash";
  if (path.starts_with("/"))
    return "the path is absolute; it must be relative to the directory of the file that names it";
  llvm::SmallVector<llvm::StringRef, 4> parts;
  path.split(parts, '/');
  for (llvm::StringRef part : parts)
    if (part.empty() || part == "." || part == "..")
      return ("the path has the part '" + part + "'; only names below the directory of the file are allowed").str();
  return "";
}

namespace {

class SpecReader {
public:
  explicit SpecReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  Model read(const YamlNode &root);

private:
  void readVersion(Fields &fields);
  void readStack(const YamlEntry &entry);
  void readInput(const YamlNode &node, Input &input);
  void readPositions(const YamlNode &node, Positions &positions);
  void readPositionFields(Fields &fields, Positions &positions);
  void readNorm(const YamlNode &node, Norm &norm);
  void readSublayer(const YamlNode &node, Stack &stack);
  void readAttention(const YamlNode &node, AttentionSublayer &attention);
  void readHeads(Fields &fields, AttentionSublayer &attention);
  void readMlp(const YamlNode &node, MlpSublayer &mlp);
  void readSublayerName(Fields &fields, std::string &name);
  void readPooling(const YamlNode &node);
  void readNames(const YamlNode &node);
  void readName(const YamlEntry &entry, llvm::ArrayRef<llvm::StringRef> known);
  std::string readPath(Fields &fields, llvm::StringRef key);
  void checkElements(const YamlNode *node, llvm::StringRef what, CheckedSize elements);

  Diagnostics &diagnostics;
  Model model;
  const YamlNode *headSizeNode = nullptr; ///< Where the head size of the sublayer being read comes from.
};

} // namespace

void SpecReader::readVersion(Fields &fields) {
  const YamlNode *version = fields.require("tenon");
  if (version && version->text != "1")
    diagnostics.error(version->range, "tenon: expected version 1, found " + describe(*version) +
                                          "; this program reads version 1 of the spec");
}

std::string SpecReader::readPath(Fields &fields, llvm::StringRef key) {
  const YamlNode *node = fields.find(key);
  std::optional<std::string> path = node ? readString(diagnostics, *node, key) : std::nullopt;
  if (!path)
    return "";
  if (std::string reason = whyUnsafePath(*path); !reason.empty())
    diagnostics.error(node->range, key + " ('" + *path + "'): " + reason);
  return *path;
}

Model SpecReader::read(const YamlNode &root) {
  Fields fields(diagnostics, root, "the spec");
  if (!fields.isMapping())
    return model;
  readVersion(fields);
  if (const YamlNode *name = fields.require("name")) {
    model.name = readString(diagnostics, *name, "name").value_or("");
    if (!model.name.empty() && !isName(model.name, "_-."))
      diagnostics.error(name->range, "name ('" + model.name +
                                         "'): expected a letter or '_', then letters, digits, '_', '-' and '.', at "
                                         "most 200 in all");
  }
  model.width = fields.requireInteger("width", 1, maximumExtent).value_or(0);
  if (const YamlNode *stacks = fields.require("stacks")) {
    if (stacks->kind != YamlNode::Kind::Mapping || stacks->entries.empty())
      diagnostics.error(stacks->range, "stacks: expected a mapping of names to stacks, found " + describe(*stacks));
    for (const YamlEntry &entry : stacks->entries)
      readStack(entry);
  }
  if (const YamlNode *pooling = fields.find("pooling"))
    readPooling(*pooling);
  model.weights = readPath(fields, "weights");
  model.tokenizer = readPath(fields, "tokenizer");
  model.textTokens = fields.integer("text_tokens", 1, maximumExtent).value_or(0);
  // With errors above, the parameters that names could stand for are not known.
  if (const YamlNode *names = fields.find("names"); names && !diagnostics.hasErrors())
    readNames(*names);
  fields.finish(reservedTopKeys);
  return model;
}

void SpecReader::readStack(const YamlEntry &entry) {
  Stack &stack = model.stacks.emplace_back();
  stack.name = entry.key;
  if (!isName(stack.name, "_-"))
    diagnostics.error(entry.keyRange, "'" + stack.name +
                                          "' does not name a stack: expected a letter or '_', then letters, digits, "
                                          "'_' and '-', at most 200 in all");
  Fields fields(diagnostics, entry.value, "stack '" + stack.name + "'");
  if (!fields.isMapping())
    return;
  if (const YamlNode *input = fields.require("input"))
    readInput(*input, stack.input);
  stack.layers = fields.requireInteger("layers", 1, maximumLayers).value_or(0);
  if (const YamlNode *norm = fields.find("norm"))
    readNorm(*norm, stack.norm);
  const YamlNode *block = fields.require("block");
  if (block && (block->kind != YamlNode::Kind::Sequence || block->items.empty()))
    diagnostics.error(block->range, "block: expected a sequence of sublayers, found " +
                                        (block->kind == YamlNode::Kind::Sequence ? "an empty one" : describe(*block)));
  else if (block && block->items.size() > maximumSublayers)
    diagnostics.error(block->range, "block: " + llvm::Twine(block->items.size()) + " sublayers; a block has at most " +
                                        llvm::Twine(maximumSublayers));
  else if (block)
    for (const YamlNode &item : block->items)
      readSublayer(item, stack);
  fields.finish();
}

void SpecReader::checkElements(const YamlNode *node, llvm::StringRef what, CheckedSize elements) {
  if (node && !(elements <= CheckedSize(maximumExtent)))
    diagnostics.error(node->range,
                      what + " is more than the " + llvm::Twine(maximumExtent) + " elements that a tensor can have");
}

static std::string product(llvm::StringRef what, int64_t left, int64_t right) {
  return (what + " (" + llvm::Twine(left) + " x " + llvm::Twine(right) + ")").str();
}

void SpecReader::readInput(const YamlNode &node, Input &input) {
  Fields fields(diagnostics, node, "input");
  if (!fields.isMapping())
    return;
  input.vocab = fields.requireInteger("vocab", 1, maximumExtent).value_or(0);
  checkElements(fields.find("vocab"), product("vocab x width", input.vocab, model.width),
                CheckedSize(input.vocab) * model.width);
  if (const YamlNode *positions = fields.find("positions"))
    readPositions(*positions, input.positions);
  input.types = fields.integer("types", 0, maximumExtent).value_or(0);
  checkElements(fields.find("types"), product("types x width", input.types, model.width),
                CheckedSize(input.types) * model.width);
  input.norm = fields.boolean("norm").value_or(false);
  input.scale = fields.number("scale").value_or(1.0);
  if (input.scale == 0)
    diagnostics.error(fields.find("scale")->range, "scale (0) would remove the token embedding");
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
  if (positions.kind == PositionKind::Sinusoidal && model.width % 2 != 0)
    diagnostics.error(node.range, "sinusoidal positions need an even width; width is " + llvm::Twine(model.width));
  checkElements(&node, product("positions x width", positions.length + positions.offset, model.width),
                (CheckedSize(positions.length) + positions.offset) * model.width);
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
  if (sinusoidal || rotary) {
    positions.base = fields.number("base").value_or(positions.base);
    if (!(positions.base > 1))
      diagnostics.error(fields.find("base")->range, "base (" + fields.find("base")->text + ") is not above 1");
    positions.interleaved = fields.boolean("interleaved").value_or(false);
  }
  if (rotary) {
    positions.dims = fields.integer("dims", 2, maximumExtent).value_or(0);
    if (positions.dims % 2 != 0)
      diagnostics.error(fields.find("dims")->range,
                        "dims (" + llvm::Twine(positions.dims) + ") is odd; components turn in pairs");
  }
  fields.finish();
}

void SpecReader::readNorm(const YamlNode &node, Norm &norm) {
  Fields fields(diagnostics, node, "norm");
  if (!fields.isMapping())
    return;
  norm.kind = static_cast<NormKind>(fields.choice("kind", normKindNames).value_or(0));
  norm.place = static_cast<NormPlace>(fields.choice("place", normPlaceNames).value_or(size_t(NormPlace::After)));
  norm.epsilon = fields.number("epsilon").value_or(norm.epsilon);
  if (!(norm.epsilon >= 0 && norm.epsilon < 1))
    diagnostics.error(fields.find("epsilon")->range,
                      "epsilon (" + fields.find("epsilon")->text + ") is not at least 0 and below 1");
  bool rms = norm.kind == NormKind::RMSNorm;
  norm.bias = fields.boolean("bias").value_or(!rms);
  if (rms && norm.bias)
    diagnostics.error(fields.find("bias")->range, "rmsnorm has no bias; only layernorm has one");
  const YamlNode *final = fields.find("final");
  norm.final = fields.boolean("final").value_or(true);
  if (final && norm.place == NormPlace::After)
    diagnostics.error(final->range, "'final' belongs to 'place: before'; with 'place: after' the last sublayer ends "
                                    "with a norm anyway");
  fields.finish();
}

void SpecReader::readSublayer(const YamlNode &node, Stack &stack) {
  static constexpr llvm::StringRef kinds[] = {"attention", "mlp"};
  if (node.kind != YamlNode::Kind::Mapping || node.entries.size() != 1) {
    diagnostics.error(node.range,
                      "a sublayer is a mapping of one key, which is one of " + commaSeparated(kinds) + "; found " +
                          (node.kind == YamlNode::Kind::Mapping ? "a mapping of " + std::to_string(node.entries.size())
                                                                : describe(node)));
    return;
  }
  const YamlEntry &entry = node.entries.front();
  YamlNode kind;
  kind.kind = YamlNode::Kind::Scalar;
  kind.text = entry.key;
  kind.range = entry.keyRange;
  std::optional<size_t> index = readChoice(diagnostics, kind, "sublayer", kinds);
  if (!index)
    return;
  std::string name;
  if (*index == 0) {
    AttentionSublayer attention;
    readAttention(entry.value, attention);
    name = attention.name;
    const Positions &positions = stack.input.positions;
    int64_t turning = positions.dims ? positions.dims : attention.headSize;
    if (positions.kind == PositionKind::Rotary && headSizeNode && (turning > attention.headSize || turning % 2 != 0))
      diagnostics.error(headSizeNode->range, "rotary positions turn " + llvm::Twine(turning) +
                                                 " components of a head of " + llvm::Twine(attention.headSize) +
                                                 "; expected an even number within the head's size");
    stack.block.push_back(std::move(attention));
  } else {
    MlpSublayer mlp;
    readMlp(entry.value, mlp);
    name = mlp.name;
    stack.block.push_back(std::move(mlp));
  }
  for (const Sublayer &other : llvm::ArrayRef(stack.block).drop_back())
    if (std::visit([](const auto &sublayer) { return sublayer.name; }, other) == name)
      diagnostics.error(entry.keyRange,
                        "a second sublayer named '" + name + "' in one block; give each a name of its own with 'name'");
}

void SpecReader::readSublayerName(Fields &fields, std::string &name) {
  const YamlNode *node = fields.find("name");
  if (!node)
    return;
  std::optional<std::string> given = readString(diagnostics, *node, "name");
  if (given && !isName(*given, "_-"))
    diagnostics.error(node->range, "name ('" + *given +
                                       "'): expected a letter or '_', then letters, digits, '_' and '-', at most 200 "
                                       "in all");
  name = given.value_or(name);
}

void SpecReader::readAttention(const YamlNode &node, AttentionSublayer &attention) {
  attention.name = "attention";
  headSizeNode = nullptr;
  Fields fields(diagnostics, node, "attention");
  if (!fields.isMapping())
    return;
  readHeads(fields, attention);
  attention.bias = fields.boolean("bias").value_or(true);
  attention.outputBias = fields.boolean("output_bias").value_or(true);
  double usual = attention.headSize > 0 ? 1 / std::sqrt(static_cast<double>(attention.headSize)) : 0;
  attention.scale = fields.number("scale").value_or(usual);
  if (fields.find("scale") && !(attention.scale > 0))
    diagnostics.error(fields.find("scale")->range, "scale (" + fields.find("scale")->text + ") is not above 0");
  readSublayerName(fields, attention.name);
  const YamlNode *mask = fields.find("mask");
  if (mask && !(mask->kind == YamlNode::Kind::Scalar && mask->text == "none"))
    diagnostics.error(
        mask->range, (mask->kind == YamlNode::Kind::Scalar ? "mask '" + mask->text + "'" : "mask: " + describe(*mask)) +
                         " is not supported; supported: none");
  fields.finish(reservedAttentionKeys);
}

void SpecReader::readHeads(Fields &fields, AttentionSublayer &attention) {
  const YamlNode *headsNode = fields.require("heads");
  const YamlNode *sizeNode = fields.find("head_size");
  attention.heads = headsNode ? readInteger(diagnostics, *headsNode, "heads", 1, maximumExtent).value_or(0) : 0;
  attention.keyValueHeads = fields.integer("kv_heads", 1, maximumExtent).value_or(attention.heads);
  if (sizeNode)
    attention.headSize = readInteger(diagnostics, *sizeNode, "head_size", 1, maximumExtent).value_or(0);
  if (attention.heads == 0 || model.width == 0 || (sizeNode && attention.headSize == 0))
    return; // Reported.
  if (attention.heads % attention.keyValueHeads != 0)
    diagnostics.error(fields.find("kv_heads")->range, "heads (" + llvm::Twine(attention.heads) +
                                                          ") is not a multiple of kv_heads (" +
                                                          llvm::Twine(attention.keyValueHeads) + ")");
  if (!sizeNode && model.width % attention.heads != 0) {
    diagnostics.error(headsNode->range, "width (" + llvm::Twine(model.width) + ") is not a multiple of heads (" +
                                            llvm::Twine(attention.heads) + ")");
    return;
  }
  if (!sizeNode)
    attention.headSize = model.width / attention.heads;
  headSizeNode = sizeNode ? sizeNode : headsNode;
  checkElements(headSizeNode,
                "heads x head_size x width (" + std::to_string(attention.heads) + " x " +
                    std::to_string(attention.headSize) + " x " + std::to_string(model.width) + ")",
                CheckedSize(attention.heads) * attention.headSize * model.width);
}

void SpecReader::readMlp(const YamlNode &node, MlpSublayer &mlp) {
  mlp.name = "mlp";
  Fields fields(diagnostics, node, "mlp");
  if (!fields.isMapping())
    return;
  mlp.hidden = fields.requireInteger("hidden", 1, maximumExtent).value_or(0);
  checkElements(fields.find("hidden"), product("hidden x width", mlp.hidden, model.width),
                CheckedSize(mlp.hidden) * model.width);
  mlp.activation = static_cast<Activation>(fields.choice("activation", activationNames).value_or(0));
  mlp.gated = fields.boolean("gated").value_or(false);
  mlp.bias = fields.boolean("bias").value_or(true);
  readSublayerName(fields, mlp.name);
  fields.finish();
}

void SpecReader::readPooling(const YamlNode &node) {
  Pooling &pooling = model.pooling.emplace();
  Fields fields(diagnostics, node, "pooling");
  if (!fields.isMapping())
    return;
  llvm::SmallVector<llvm::StringRef, 2> stacks;
  for (const Stack &stack : model.stacks)
    stacks.push_back(stack.name);
  const YamlNode *stack = fields.find("stack");
  if (stack)
    if (std::optional<size_t> index = readChoice(diagnostics, *stack, "stack", stacks))
      pooling.stack = stacks[*index];
  if (!stack && stacks.size() > 1)
    diagnostics.error(node.range, "pooling needs 'stack' where there are several: " + commaSeparated(stacks));
  if (!stack && stacks.size() == 1)
    pooling.stack = stacks.front();
  if (const YamlNode *kind = fields.require("kind"))
    pooling.kind = static_cast<PoolingKind>(readChoice(diagnostics, *kind, "kind", poolingKindNames).value_or(0));
  pooling.normalize = fields.boolean("normalize").value_or(false);
  fields.finish();
}

void SpecReader::readNames(const YamlNode &node) {
  if (node.kind != YamlNode::Kind::Mapping) {
    diagnostics.error(node.range, "names: expected a mapping of parameters to tensors, found " + describe(node));
    return;
  }
  std::vector<Parameter> list = parameters(model);
  std::vector<llvm::StringRef> known;
  known.reserve(list.size());
  for (const Parameter &parameter : list)
    known.push_back(parameter.name);
  for (const YamlEntry &entry : node.entries)
    readName(entry, known);
}

void SpecReader::readName(const YamlEntry &entry, llvm::ArrayRef<llvm::StringRef> known) {
  if (!llvm::is_contained(known, llvm::StringRef(entry.key))) {
    llvm::StringRef meant = nearest(entry.key, known);
    diagnostics.error(entry.keyRange, "the model has no parameter '" + entry.key + "'" +
                                          (meant.empty() ? "" : "; did you mean '" + meant.str() + "'?"));
    if (meant.empty())
      diagnostics.note(entry.keyRange, "its parameters are " + commaSeparated(known));
    return;
  }
  std::optional<std::string> tensor = readString(diagnostics, entry.value, "tensor of '" + entry.key + "'");
  if (!tensor)
    return;
  size_t expected = llvm::StringRef(entry.key).count('*');
  if (llvm::StringRef(*tensor).count('*') != expected)
    diagnostics.error(entry.value.range, "tensor '" + *tensor + "': expected " +
                                             (expected ? "one '*', for the layer" : "no '*', because no layer has it"));
  if (entry.key != *tensor)
    model.names.push_back({entry.key, *tensor});
}

llvm::Expected<Model> tenon::spec::readSpec(llvm::MemoryBufferRef buffer) {
  Diagnostics diagnostics(buffer);
  YamlNode root = readYamlTree(buffer, diagnostics);
  Model model;
  if (!diagnostics.hasErrors())
    model = SpecReader(diagnostics).read(root);
  if (llvm::Error error = diagnostics.takeError())
    return std::move(error);
  return model;
}

llvm::Expected<Model> tenon::spec::readSpecFile(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot read '" + path + "': " + code.message());
  // Not opened before this is known, because opening a pipe can wait for ever.
  if (!llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError("cannot read '" + path + "': it is not a regular file");
  if (status.getSize() > maximumSpecBytes)
    return llvm::createStringError("cannot read '" + path + "': it has " + llvm::Twine(status.getSize()) +
                                   " bytes; a spec has at most " + llvm::Twine(maximumSpecBytes));
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/true,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  return readSpec((*buffer)->getMemBufferRef());
}
