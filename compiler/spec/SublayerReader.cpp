//===- SublayerReader.cpp - What a block consists of ----------------------===//

#include "expressions/Sugar.h"
#include "spec/Names.h"
#include "spec/Reader.h"
#include "spec/Rotary.h"
#include "spec/Stacks.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::spec;

/// The one key of `node`, as an index in `kinds`; the entry is `node.entries.front()`.
std::optional<size_t> SpecReader::readKind(const YamlNode &node, llvm::ArrayRef<llvm::StringRef> kinds,
                                           llvm::StringRef what) {
  if (node.kind != YamlNode::Kind::Mapping || node.entries.size() != 1) {
    diagnostics.error(node.range,
                      "a " + what + " is a mapping of one key, which is one of " + commaSeparated(kinds) + "; found " +
                          (node.kind == YamlNode::Kind::Mapping ? "a mapping of " + std::to_string(node.entries.size())
                                                                : describe(node)));
    return std::nullopt;
  }
  YamlNode kind;
  kind.kind = YamlNode::Kind::Scalar;
  kind.text = node.entries.front().key;
  kind.range = node.entries.front().keyRange;
  return readChoice(diagnostics, kind, what, kinds);
}

/// The names of all sublayers of `block`, with those that stand in parallel.
static std::vector<std::string> sublayerNames(const Block &block) {
  std::vector<std::string> names;
  for (const Sublayer &sublayer : block)
    if (const auto *parallel = std::get_if<ParallelSublayer>(&sublayer))
      names.push_back(parallel->name);
  forEachSublayer(block, [&](const auto &sublayer) { names.push_back(sublayer.name); });
  return names;
}

void SpecReader::checkSublayerName(const YamlEntry &entry, llvm::StringRef name, llvm::ArrayRef<std::string> others) {
  if (llvm::is_contained(others, name))
    diagnostics.error(entry.keyRange,
                      "a second sublayer named '" + name + "' in one block; give each a name of its own with 'name'");
}

static llvm::SmallVector<llvm::StringRef> words(llvm::ArrayRef<std::string_view> kinds) {
  return {kinds.begin(), kinds.end()};
}

/// One of the kind of this number, as the spec's defaults have it.
template <typename Variant, size_t number = 0> static Variant ofKind(size_t kind) {
  if constexpr (number + 1 < std::variant_size_v<Variant>)
    if (kind != number)
      return ofKind<Variant, number + 1>(kind);
  return Variant(std::in_place_index<number>);
}

void SpecReader::readSublayer(const YamlNode &node, Block &block) {
  std::optional<size_t> kind = readKind(node, words(sublayerKinds), "sublayer");
  if (!kind)
    return;
  const YamlEntry &entry = node.entries.front();
  stack->sublayerPlaces.push_back(placeOf(entry.keyRange));
  std::vector<std::string> others = sublayerNames(block);
  auto sublayer = ofKind<Sublayer>(*kind);
  std::visit(
      [&](auto &each) {
        readKeys(entry.value, each, others);
        checkSublayerName(entry, each.name, others);
      },
      sublayer);
  block.push_back(std::move(sublayer));
}

void SpecReader::readKeys(const YamlNode &node, ParallelSublayer &parallel, llvm::ArrayRef<std::string> before) {
  parallel.name = "parallel";
  Fields fields(diagnostics, node, "parallel");
  if (!fields.isMapping())
    return;
  if (stack->norm.place != NormPlace::Before)
    diagnostics.error(node.range, "parallel sublayers need a norm with 'place: before'; this stack's has 'place: " +
                                      normPlaceNames[size_t(stack->norm.place)] + "'");
  parallel.norm = static_cast<ParallelNorm>(fields.choice("norm", parallelNormNames).value_or(0));
  readSublayerName(fields, parallel.name);
  const YamlNode *block = fields.require("block");
  if (block && (block->kind != YamlNode::Kind::Sequence || block->items.size() < 2))
    diagnostics.error(block->range,
                      "block: expected a sequence of two sublayers or more, found " +
                          (block->kind == YamlNode::Kind::Sequence ? "one of " + std::to_string(block->items.size())
                                                                   : describe(*block)));
  else if (block)
    for (const YamlNode &item : block->items)
      readParallelSublayer(item, parallel, before);
  fields.finish();
}

void SpecReader::readParallelSublayer(const YamlNode &node, ParallelSublayer &parallel,
                                      llvm::ArrayRef<std::string> before) {
  std::optional<size_t> kind = readKind(node, words(singleSublayerKinds), "parallel sublayer");
  if (!kind)
    return;
  std::vector<std::string> others(before.begin(), before.end());
  others.push_back(parallel.name);
  for (const SingleSublayer &inner : parallel.block)
    std::visit([&](const auto &each) { others.push_back(each.name); }, inner);
  const YamlEntry &entry = node.entries.front();
  stack->sublayerPlaces.push_back(placeOf(entry.keyRange));
  auto sublayer = ofKind<SingleSublayer>(*kind);
  std::visit(
      [&](auto &each) {
        readKeys(entry.value, each, others);
        checkSublayerName(entry, each.name, others);
      },
      sublayer);
  parallel.block.push_back(std::move(sublayer));
}

void SpecReader::checkRotary(const AttentionSublayer &attention) {
  std::optional<Rotary> rotary = rotaryOf(*stack, attention);
  if (rotary && headSizeNode && (rotary->dims > attention.headSize || rotary->dims % 2 != 0))
    diagnostics.error(headSizeNode->range, "rotary positions turn " + llvm::Twine(rotary->dims) +
                                               " components of a head of " + llvm::Twine(attention.headSize) +
                                               "; expected an even number within the head's size");
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

void SpecReader::readKeys(const YamlNode &node, AttentionSublayer &attention, llvm::ArrayRef<std::string>) {
  attention.name = "attention";
  headSizeNode = nullptr;
  Fields fields(diagnostics, node, "attention");
  if (!fields.isMapping())
    return;
  readHeads(fields, attention);
  attention.bias = fields.boolean("bias").value_or(true);
  attention.keyBias = fields.boolean("key_bias").value_or(attention.bias);
  if (attention.keyBias && !attention.bias)
    diagnostics.error(fields.find("key_bias")->range, "key_bias: true needs bias: true");
  attention.outputBias = fields.boolean("output_bias").value_or(true);
  double usual = attention.headSize > 0 ? 1 / std::sqrt(static_cast<double>(attention.headSize)) : 1;
  attention.scale = readPositive(fields, "scale", usual);
  readSublayerName(fields, attention.name);
  AttentionPlace place;
  place.stack = model.stacks.size() - 1;
  place.node = &node;
  readSources(fields, attention, place);
  if (const YamlNode *tables = fields.find("tables"))
    readTables(*tables, attention);
  place.mask = fields.find("mask");
  if (place.mask)
    attention.mask = readMask(*place.mask, "mask", attention);
  place.prefixMask = fields.find("prefix_mask");
  if (place.prefixMask)
    readPrefixMask(*place.prefixMask, attention);
  if (const YamlNode *score = fields.find("score"))
    readScore(*score, attention);
  if (const YamlNode *rotary = fields.find("rotary"))
    readOwnRotary(*rotary, attention);
  if (const YamlNode *norm = fields.find("query_key_norm"))
    readQueryKeyNorm(*norm, attention.queryKeyNorm.emplace());
  fields.finish();
  checkRotary(attention);
  place.attention = attention;
  attentionPlaces.push_back(std::move(place));
}

void SpecReader::readTables(const YamlNode &node, AttentionSublayer &attention) {
  auto isPair = [](const YamlNode &item) { return item.kind == YamlNode::Kind::Sequence && item.items.size() == 2; };
  bool isList = node.kind == YamlNode::Kind::Sequence && !node.items.empty();
  if (!isList || node.items.size() > expressions::maximumTables || !llvm::all_of(node.items, isPair)) {
    diagnostics.error(node.range, "tables: expected [[rows, columns], ...] of at most " +
                                      llvm::Twine(expressions::maximumTables) + " tables");
    return;
  }
  for (const YamlNode &item : node.items) {
    Table table;
    table.rows = readInteger(diagnostics, item.items[0], "rows", 1, maximumExtent).value_or(1);
    table.columns = readInteger(diagnostics, item.items[1], "columns", 1, maximumExtent).value_or(1);
    checkElements(&item, product("rows x columns", table.rows, table.columns), CheckedSize(table.rows) * table.columns);
    attention.tables.push_back(table);
  }
}

/// The canonical text of the expression in `node`, empty where it changes nothing or where an error is reported.
static std::string readExpression(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what,
                                  expressions::Kind kind, size_t tables) {
  expressions::ParseResult result = expressions::parse(node.text, kind);
  if (result && result->tableCount() > tables)
    diagnostics.error(node.range, what + " reads table" + llvm::Twine(result->tableCount() - 1) +
                                      ", but 'tables' lists " + llvm::Twine(tables));
  if (result)
    return result->isNeutral() ? "" : result->print();
  const expressions::Error &error = result.error();
  diagnostics.error(partOf(node, error.begin, error.end), what + ": " + error.message);
  return "";
}

static int32_t readKeyCount(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what) {
  return readInteger(diagnostics, node, what, 1, maximumExtent).value_or(1);
}

void SpecReader::readPrefixMask(const YamlNode &node, AttentionSublayer &attention) {
  std::string mask = readMask(node, "prefix_mask", attention);
  if (mask != attention.mask)
    attention.prefixMask = mask.empty() ? "true" : mask;
}

std::string SpecReader::readMask(const YamlNode &node, llvm::StringRef what, const AttentionSublayer &attention) {
  // Words are about the own keys: all of other stacks are seen beside them.
  auto word = [&](const expressions::Expression &mask) {
    return attention.joint ? expressions::fromSegment(ownSegment(*stack, attention), mask).print() : mask.print();
  };
  if (node.kind == YamlNode::Kind::Scalar) {
    if (node.text == "causal")
      return word(expressions::causal());
    if (node.text == "none")
      return "";
    return readExpression(diagnostics, node, what, expressions::Kind::Mask, attention.tables.size());
  }
  bool one = node.kind == YamlNode::Kind::Mapping && node.entries.size() == 1;
  llvm::StringRef key = one ? llvm::StringRef(node.entries.front().key) : "";
  const YamlNode *value = one ? &node.entries.front().value : nullptr;
  bool isStack = one && value->kind == YamlNode::Kind::Scalar && isName(value->text, "_-");
  if (key == "window")
    return word(expressions::window(readKeyCount(diagnostics, *value, key)));
  if (key == "prefix" && !isStack)
    return word(expressions::prefix(readKeyCount(diagnostics, *value, key)));
  if (key == "prefix")
    return expressions::fromSegment(readPrefixStack(*value, attention), expressions::causal()).print();
  diagnostics.error(one ? node.entries.front().keyRange : node.range,
                    what +
                        ": expected none, causal, {window: n}, {prefix: n}, {prefix: STACK} or an expression, found " +
                        (one ? "the key '" + key.str() + "'" : describe(node)));
  return "";
}

int32_t SpecReader::readPrefixStack(const YamlNode &node, const AttentionSublayer &attention) {
  // What may be named: the parts before the last, or the source behind which the own keys are.
  llvm::SmallVector<llvm::StringRef, 8> names;
  for (const std::string &part : stack->input.parts)
    names.push_back(part);
  if (!names.empty())
    names.pop_back();
  if (attention.joint && !attention.sources.empty())
    names.push_back(attention.sources.back().stack);
  if (names.empty()) {
    diagnostics.error(node.range, "prefix: '" + node.text +
                                      "' is no number; a stack's name is for a stack whose input "
                                      "is other stacks, or for an attention with 'merge: joint'");
    return 1;
  }
  std::optional<size_t> index = readChoice(diagnostics, node, "prefix", names);
  if (attention.joint)
    return ownSegment(*stack, attention);
  return static_cast<int32_t>(index.value_or(0)) + 1;
}

void SpecReader::readScore(const YamlNode &node, AttentionSublayer &attention) {
  if (node.kind == YamlNode::Kind::Scalar) {
    if (node.text != "alibi") {
      attention.score = readExpression(diagnostics, node, "score", expressions::Kind::Score, attention.tables.size());
    } else if (attention.heads > expressions::maximumAlibiHeads) {
      diagnostics.error(node.range, "score: alibi is for at most " + llvm::Twine(expressions::maximumAlibiHeads) +
                                        " heads; heads is " + llvm::Twine(attention.heads));
    } else if (attention.heads > 0) {
      attention.score = expressions::alibi(attention.heads, expressions::AlibiStyle::Bloom).print();
    }
    return;
  }
  if (node.kind != YamlNode::Kind::Mapping) {
    diagnostics.error(node.range, "score: expected alibi, {softcap: c}, {relative: {...}} or an expression, found " +
                                      describe(node));
    return;
  }
  Fields fields(diagnostics, node, "score");
  if (const YamlNode *relative = fields.find("relative"))
    readRelative(*relative, attention);
  else if (const YamlNode *capNode = fields.require("softcap")) {
    double cap = fields.number("softcap").value_or(1.0);
    if (cap >= leastCap && cap <= largestCap)
      attention.score = expressions::softcap(cap).print();
    else
      diagnostics.error(capNode->range, "softcap (" + capNode->text + ") is not between 0.001 and 1000000");
  }
  fields.finish();
}

void SpecReader::readRelative(const YamlNode &node, AttentionSublayer &attention) {
  RelativeBias &relative = attention.relative.emplace();
  relative.bidirectional = attention.mask.empty();
  Fields fields(diagnostics, node, "relative");
  if (!fields.isMapping())
    return;
  relative.bidirectional = fields.boolean("bidirectional").value_or(relative.bidirectional);
  relative.buckets = fields.integer("buckets", 2, maximumExtent).value_or(relative.buckets);
  relative.distance = fields.integer("distance", 1, maximumDistance).value_or(relative.distance);
  // One side's buckets: half for a distance each, the others for ranges.
  int64_t side = relative.bidirectional ? relative.buckets / 2 : relative.buckets;
  if (relative.bidirectional && relative.buckets % 4 != 0)
    diagnostics.error(node.range,
                      "buckets (" + llvm::Twine(relative.buckets) +
                          ") is not a multiple of 4: each side has a half, and of it one half for near keys");
  else if (relative.buckets % 2 != 0)
    diagnostics.error(node.range, "buckets (" + llvm::Twine(relative.buckets) + ") is odd: one half is for near keys");
  if (relative.distance <= side / 2)
    diagnostics.error(node.range, "distance (" + llvm::Twine(relative.distance) + ") is not above the " +
                                      llvm::Twine(side / 2) + " that have a bucket each");
  checkElements(&node, product("distances x heads", relative.distance, attention.heads),
                (CheckedSize(relative.distance) * 2 + 1) * attention.heads);
  if (!attention.tables.empty())
    diagnostics.error(node.range, "a relative score is a table itself; it excludes 'tables'");
  if (!attention.sources.empty())
    diagnostics.error(node.range, "positions in two stacks have no distance: 'relative' excludes 'from'");
  fields.finish();
}

void SpecReader::readOwnRotary(const YamlNode &node, AttentionSublayer &attention) {
  attention.ownRotary = true;
  if (!attention.hasOwnKeys())
    diagnostics.error(node.range,
                      "'rotary' excludes 'from' without 'merge: joint': queries turn with the keys of their "
                      "own stack");
  if (node.kind == YamlNode::Kind::Scalar && node.text == "none")
    return;
  Fields fields(diagnostics, node, "rotary");
  if (!fields.isMapping())
    return;
  if (stack->input.positions.kind == PositionKind::None && stack->input.positions.length == 0)
    diagnostics.error(node.range, "'rotary' needs positions with a length, for which its angles are made: {kind: none, "
                                  "length: 1024}");
  Rotary &rotary = attention.rotary.emplace();
  rotary.base = readBase(fields, rotary.base);
  rotary.dims = readDims(fields);
  rotary.interleaved = fields.boolean("interleaved").value_or(false);
  if (const YamlNode *scaling = fields.find("scaling"))
    readScaling(*scaling, rotary.scaling);
  fields.finish();
}

void SpecReader::readQueryKeyNorm(const YamlNode &node, QueryKeyNorm &norm) {
  static constexpr llvm::StringRef extents[] = {"head", "all"};
  Fields fields(diagnostics, node, "query_key_norm");
  if (!fields.isMapping())
    return;
  if (const YamlNode *kind = fields.require("kind"))
    norm.kind = static_cast<NormKind>(readChoice(diagnostics, *kind, "kind", normKindNames).value_or(1));
  norm.epsilon = readEpsilon(fields, norm.epsilon);
  norm.weightOffset = fields.number("weight_offset").value_or(0);
  norm.bias = fields.boolean("bias").value_or(norm.kind == NormKind::LayerNorm);
  if (norm.kind == NormKind::RMSNorm && norm.bias)
    diagnostics.error(fields.find("bias")->range, "rmsnorm has no bias; only layernorm has one");
  norm.overAll = fields.choice("over", extents).value_or(0) == 1;
  fields.finish();
}

void SpecReader::readHeads(Fields &fields, AttentionSublayer &attention) {
  const YamlNode *headsNode = fields.require("heads");
  const YamlNode *sizeNode = fields.find("head_size");
  attention.heads = headsNode ? readInteger(diagnostics, *headsNode, "heads", 1, maximumExtent).value_or(0) : 0;
  attention.keyValueHeads = fields.integer("kv_heads", 1, maximumExtent).value_or(attention.heads);
  if (sizeNode)
    attention.headSize = readInteger(diagnostics, *sizeNode, "head_size", 1, maximumExtent).value_or(0);
  if (attention.heads == 0 || width == 0 || (sizeNode && attention.headSize == 0))
    return; // Reported.
  if (attention.heads % attention.keyValueHeads != 0)
    diagnostics.error(fields.find("kv_heads")->range, "heads (" + llvm::Twine(attention.heads) +
                                                          ") is not a multiple of kv_heads (" +
                                                          llvm::Twine(attention.keyValueHeads) + ")");
  if (!sizeNode && width % attention.heads != 0) {
    diagnostics.error(headsNode->range, "width (" + llvm::Twine(width) + ") is not a multiple of heads (" +
                                            llvm::Twine(attention.heads) + ")");
    return;
  }
  if (!sizeNode)
    attention.headSize = width / attention.heads;
  headSizeNode = sizeNode ? sizeNode : headsNode;
  checkElements(headSizeNode,
                "heads x head_size x width (" + std::to_string(attention.heads) + " x " +
                    std::to_string(attention.headSize) + " x " + std::to_string(width) + ")",
                CheckedSize(attention.heads) * attention.headSize * width);
}

template <KeyedSublayer Kind>
void SpecReader::readKeys(const YamlNode &node, Kind &sublayer, llvm::ArrayRef<std::string>) {
  Fields fields(diagnostics, node, Kind::kind);
  if (!fields.isMapping())
    return;
  if (Kind::isSquare)
    checkElements(&node, product("width x width", width, width), CheckedSize(width) * width);
  if (!Kind::order.empty() && !stack->input.parts.empty()) {
    diagnostics.error(node.range, llvm::StringRef(Kind::order) + "; the rows of '" + stack->name +
                                      "' are those of other stacks");
    diagnostics.note(stackPlaces.back().parts.front()->range, "the first of them");
  }
  Kind::forEachKey(sublayer, [&](const auto &key, auto &value) { readKey(fields, key, value); });
  readSublayerName(fields, sublayer.name);
  fields.finish();
}

void SpecReader::readKey(Fields &fields, const SizeKey &key, int64_t &size) {
  size = fields.requireInteger(key.name, 1, key.most).value_or(0);
  checkElements(fields.find(key.name), product(std::string(key.name) + " x width", size, width),
                CheckedSize(size) * width);
}

void SpecReader::readKey(Fields &fields, const FlagKey &key, bool &flag) {
  flag = fields.boolean(key.name).value_or(key.usual);
}

void SpecReader::readKey(Fields &fields, const ActivationKey &key, Activation &activation) {
  activation = static_cast<Activation>(fields.choice(key.name, activationNames).value_or(size_t(key.usual)));
}
