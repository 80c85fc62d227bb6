//===- AnswerReader.cpp - Tokens with a meaning, answers, sound -----------===//

#include "spec/Reader.h"
#include "spec/Stacks.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::spec;

static constexpr size_t maximumEndTokens = 64;
static constexpr size_t maximumStartTokens = 64;
static constexpr size_t maximumChatTokens = 256;
static constexpr size_t maximumSuppressed = 65536;
static constexpr size_t maximumBadWords = 65536;
static constexpr size_t maximumWordTokens = 64;
static constexpr size_t maximumStopStrings = 64;

/// Ids are those of the stack with the head, whose tokens are written.
std::optional<int64_t> SpecReader::readTokenId(const YamlNode &node, llvm::StringRef what) {
  const Stack *writes = model.head ? model.findStack(model.head->stack) : nullptr;
  if (!writes && !model.stacks.empty())
    writes = &model.stacks.front();
  if (writes)
    writes = targetOf(model, *writes);
  int64_t vocab = writes ? writes->input.vocab : 0;
  return readInteger(diagnostics, node, what, 0, vocab > 0 ? vocab - 1 : maximumExtent);
}

/// One id or a sequence of them.
std::vector<int64_t> SpecReader::readTokenIds(const YamlNode &node, llvm::StringRef what, size_t most) {
  std::vector<int64_t> ids;
  bool several = node.kind == YamlNode::Kind::Sequence;
  if (several && node.items.size() > most) {
    diagnostics.error(node.range, what + ": " + llvm::Twine(node.items.size()) + " tokens; at most " +
                                      llvm::Twine(most) + " are possible");
    return ids;
  }
  for (const YamlNode &item : several ? llvm::ArrayRef(node.items) : llvm::ArrayRef(node))
    if (std::optional<int64_t> id = readTokenId(item, what))
      ids.push_back(*id);
  return ids;
}

std::vector<int64_t> SpecReader::readTokenIds(Fields &fields, llvm::StringRef key, size_t most) {
  const YamlNode *node = fields.find(key);
  return node ? readTokenIds(*node, key, most) : std::vector<int64_t>();
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
  bool takes = llvm::any_of(attentionPlaces, [](const AttentionPlace &place) { return !place.sources.empty(); }) ||
               llvm::any_of(model.stacks,
                            [](const Stack &stack) { return !stack.input.parts.empty() || !stack.prefix.empty(); });
  if (!tokens.start.empty() && !takes)
    diagnostics.error(fields.find("start")->range, "'start' is what a decoder begins with that attends to another "
                                                   "stack; no attention of this model has 'from'");
  tokens.forced = readTokenIds(fields, "forced", maximumStartTokens);
  tokens.suppress = readTokenIds(fields, "suppress", maximumSuppressed);
  tokens.suppressFirst = readTokenIds(fields, "suppress_first", maximumSuppressed);
  if (const YamlNode *last = fields.find("forced_last"))
    tokens.forcedLast = readTokenId(*last, "forced_last");
  if (const YamlNode *timestamps = fields.find("timestamps"))
    readTimestamps(*timestamps, tokens.timestamps.emplace());
  for (auto [key, token] : {std::pair("no_speech", &tokens.noSpeech), {"previous", &tokens.previous}})
    if (const YamlNode *id = fields.find(key))
      *token = readTokenId(*id, key);
  fields.finish();
}

void SpecReader::readChatTokens(const YamlNode &node) {
  if (model.chatTemplate.empty())
    diagnostics.error(node.range, "'chat_tokens' needs 'chat_template', which reads them");
  if (node.kind != YamlNode::Kind::Mapping || node.entries.size() > maximumChatTokens) {
    diagnostics.error(node.range, "chat_tokens: expected a mapping of at most " + llvm::Twine(maximumChatTokens) +
                                      " names to tokens, found " + describe(node));
    return;
  }
  std::vector<ChatToken> &tokens = model.chatTokens.emplace();
  for (const YamlEntry &entry : node.entries) {
    if (entry.key.empty())
      diagnostics.error(entry.keyRange, "chat_tokens: a token has a name of at least one character");
    tokens.push_back({entry.key, readString(diagnostics, entry.value, entry.key).value_or("")});
  }
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

std::optional<double> SpecReader::readGenerationNumber(const YamlNode &node, const GenerationNumber &number) {
  auto least = static_cast<int64_t>(number.least), most = static_cast<int64_t>(number.most);
  if (number.words) {
    llvm::SmallVector<llvm::StringRef, 3> words(number.words, number.words + most + 1);
    return readChoice(diagnostics, node, number.name, words);
  }
  if (number.isWhole)
    return readInteger(diagnostics, node, number.name, least, most);
  std::optional<double> value = readNumber(diagnostics, node, number.name);
  if (!value || (*value >= number.least && *value <= number.most))
    return value;
  std::string text;
  llvm::raw_string_ostream(text) << number.name << " (" << node.text << ") is not between "
                                 << llvm::format("%g and %g", number.least, number.most);
  diagnostics.error(node.range, text);
  return std::nullopt;
}

void SpecReader::readBadWords(const YamlNode &node, std::vector<std::vector<int64_t>> &words) {
  if (node.kind != YamlNode::Kind::Sequence || node.items.size() > maximumBadWords) {
    diagnostics.error(node.range, "bad_words: expected a sequence of at most " + llvm::Twine(maximumBadWords) +
                                      " sequences of tokens, found " + describe(node));
    return;
  }
  for (const YamlNode &item : node.items) {
    if (item.kind != YamlNode::Kind::Sequence || item.items.empty())
      diagnostics.error(item.range, "bad_words: expected a sequence of tokens, found " +
                                        (item.kind == YamlNode::Kind::Sequence ? "an empty one" : describe(item)));
    else
      words.push_back(readTokenIds(item, "bad_words", maximumWordTokens));
  }
}

/// What each number may be depends on the others too.
void SpecReader::checkGeneration(const YamlNode &node, const Generation &generation) {
  double sequences = generation.numberOr("sequences", 1), beams = generation.numberOr("beams", 0);
  double temperature = generation.numberOr("temperature", 0);
  if (!model.head)
    diagnostics.error(node.range, "'generation' is how answers are chosen; the model has no 'head' to write any");
  if (beams != 0 && temperature != 0)
    diagnostics.error(node.range, "'beams' want temperature 0: beam search does not sample");
  if (beams != 0 && beams < sequences)
    diagnostics.error(node.range, "sequences (" + llvm::Twine(int64_t(sequences)) + ") are more than beams (" +
                                      llvm::Twine(int64_t(beams)) + ")");
  if (beams == 0 && temperature == 0 && sequences > 1)
    diagnostics.error(node.range, "more 'sequences' than 1 want 'beams' or a 'temperature' above 0");
  if (temperature != 0 && temperature < leastFactor)
    diagnostics.error(node.range, "temperature is neither 0 nor between 1e-30 and 1e+30");
  double least = generation.numberOr("min_tokens", 0), most = generation.numberOr("max_tokens", INT32_MAX);
  if (least > most)
    diagnostics.error(node.range, "min_tokens (" + llvm::Twine(int64_t(least)) + ") are more than max_tokens (" +
                                      llvm::Twine(int64_t(most)) + ")");
}

void SpecReader::readGeneration(const YamlNode &node, Generation &generation) {
  Fields fields(diagnostics, node, "generation");
  if (!fields.isMapping())
    return;
  for (const GenerationNumber &number : generationNumbers)
    if (const YamlNode *value = fields.find(number.name))
      if (std::optional<double> read = readGenerationNumber(*value, number))
        generation.numbers.emplace(number.name, *read);
  if (const YamlNode *words = fields.find("bad_words"))
    readBadWords(*words, generation.badWords);
  if (const YamlNode *stop = fields.find("stop")) {
    bool several = stop->kind == YamlNode::Kind::Sequence;
    if (several && stop->items.size() > maximumStopStrings)
      diagnostics.error(stop->range, "stop: " + llvm::Twine(stop->items.size()) + " strings; at most " +
                                         llvm::Twine(maximumStopStrings) + " are possible");
    for (const YamlNode &item : several ? llvm::ArrayRef(stop->items) : llvm::ArrayRef(*stop))
      if (std::optional<std::string> text = readString(diagnostics, item, "stop"))
        generation.stop.push_back(std::move(*text));
  }
  fields.finish();
  checkGeneration(node, generation);
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
