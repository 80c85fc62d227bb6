//===- AnswerReader.cpp - Tokens with a meaning, sound --------------------===//

#include "spec/Reader.h"

using namespace tenon;
using namespace tenon::spec;

static constexpr size_t maximumEndTokens = 64;
static constexpr size_t maximumStartTokens = 64;
static constexpr size_t maximumSuppressed = 65536;

/// Ids are those of the stack with the head, whose tokens are written.
std::optional<int64_t> SpecReader::readTokenId(const YamlNode &node, llvm::StringRef what) {
  const Stack *writes = model.head ? model.findStack(model.head->stack) : nullptr;
  if (!writes && !model.stacks.empty())
    writes = &model.stacks.front();
  int64_t vocab = writes ? writes->input.vocab : 0;
  return readInteger(diagnostics, node, what, 0, vocab > 0 ? vocab - 1 : maximumExtent);
}

/// One id or a sequence of them.
std::vector<int64_t> SpecReader::readTokenIds(Fields &fields, llvm::StringRef key, size_t most) {
  std::vector<int64_t> ids;
  const YamlNode *node = fields.find(key);
  if (!node)
    return ids;
  bool several = node->kind == YamlNode::Kind::Sequence;
  if (several && node->items.size() > most) {
    diagnostics.error(node->range, key + ": " + llvm::Twine(node->items.size()) + " tokens; at most " +
                                       llvm::Twine(most) + " are possible");
    return ids;
  }
  for (const YamlNode &item : several ? llvm::ArrayRef(node->items) : llvm::ArrayRef(*node))
    if (std::optional<int64_t> id = readTokenId(item, key))
      ids.push_back(*id);
  return ids;
}

void SpecReader::readTokens(const YamlNode &node) {
  SpecialTokens &tokens = model.tokens;
  Fields fields(diagnostics, node, "tokens");
  if (!fields.isMapping())
    return;
  if (const YamlNode *bos = fields.find("bos"))
    tokens.bos = readTokenId(*bos, "bos");
  if (const YamlNode *pad = fields.find("pad"))
    tokens.pad = readTokenId(*pad, "pad");
  tokens.eos = readTokenIds(fields, "eos", maximumEndTokens);
  tokens.addBos = fields.boolean("add_bos").value_or(false);
  if (tokens.addBos && !tokens.bos)
    diagnostics.error(fields.find("add_bos")->range, "'add_bos: true' needs 'bos', the token to add");
  tokens.start = readTokenIds(fields, "start", maximumStartTokens);
  if (!tokens.start.empty() && sources.empty())
    diagnostics.error(fields.find("start")->range, "'start' is what a decoder begins with that attends to another "
                                                   "stack; no attention of this model has 'from'");
  tokens.forced = readTokenIds(fields, "forced", maximumStartTokens);
  tokens.suppress = readTokenIds(fields, "suppress", maximumSuppressed);
  tokens.suppressFirst = readTokenIds(fields, "suppress_first", maximumSuppressed);
  if (const YamlNode *last = fields.find("forced_last"))
    tokens.forcedLast = readTokenId(*last, "forced_last");
  if (const YamlNode *timestamps = fields.find("timestamps"))
    readTimestamps(*timestamps, tokens.timestamps.emplace());
  fields.finish();
}

void SpecReader::readTimestamps(const YamlNode &node, Timestamps &timestamps) {
  Fields fields(diagnostics, node, "timestamps");
  if (!fields.isMapping())
    return;
  if (const YamlNode *begin = fields.require("begin"))
    timestamps.begin = readTokenId(*begin, "begin").value_or(0);
  if (const YamlNode *none = fields.require("none"))
    timestamps.none = readTokenId(*none, "none").value_or(0);
  timestamps.step = readPositive(fields, "step", timestamps.step);
  fields.finish();
}

void SpecReader::readAudio(const YamlNode &node, Audio &audio) {
  Fields fields(diagnostics, node, "audio");
  if (!fields.isMapping())
    return;
  audio.rate = fields.integer("rate", 1, maximumExtent).value_or(audio.rate);
  audio.window = fields.integer("window", 2, maximumExtent).value_or(audio.window);
  audio.hop = fields.integer("hop", 1, maximumExtent).value_or(audio.hop);
  audio.bins = fields.integer("bins", 1, maximumExtent).value_or(audio.bins);
  audio.frames = fields.integer("frames", 1, maximumExtent).value_or(audio.frames);
  fields.finish();
  if (audio.hop > audio.window)
    diagnostics.error(node.range, "hop (" + llvm::Twine(audio.hop) + ") is above window (" + llvm::Twine(audio.window) +
                                      "), so that samples would not be heard");
  if (audio.hop * audio.frames / audio.hop != audio.frames)
    diagnostics.error(node.range, product("hop x frames", audio.hop, audio.frames) + " is no number of samples");
  checkAudio(node, audio);
}

/// The spectrogram has to be what the stack with features reads.
void SpecReader::checkAudio(const YamlNode &node, const Audio &audio) {
  auto listens = llvm::find_if(model.stacks, [](const Stack &stack) { return stack.input.features > 0; });
  if (listens == model.stacks.end()) {
    diagnostics.error(node.range,
                      "'audio' makes the features that a stack reads; no stack has an input with 'features'");
    return;
  }
  if (audio.bins != listens->input.features)
    diagnostics.error(node.range, "bins (" + llvm::Twine(audio.bins) + ") are not the features (" +
                                      llvm::Twine(listens->input.features) + ") that stack '" + listens->name +
                                      "' reads");
  int64_t rows = audio.frames;
  for (const Convolution &convolution : listens->input.convolutions)
    rows = (rows + convolution.stride - 1) / convolution.stride;
  if (int64_t length = listens->input.positions.length; length > 0 && rows > length)
    diagnostics.error(node.range, "frames (" + llvm::Twine(audio.frames) + ") are " + llvm::Twine(rows) +
                                      " rows behind the convolutions; stack '" + listens->name +
                                      "' has positions for " + llvm::Twine(length));
}
