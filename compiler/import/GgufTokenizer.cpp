//===- GgufTokenizer.cpp --------------------------------------------------===//
//
// A file holds the vocabulary, the kind of every token and the merges or scores. How text becomes tokens is what the
// tokenizer of that kind does; llama.cpp's defaults hold where keys are missing.
//
//===----------------------------------------------------------------------===//

#include "import/GgufTokenizer.h"
#include "import/GgufSplits.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

/// What SentencePiece writes for a space.
static constexpr StringRef spaceLetter = "\xe2\x96\x81";
/// The ways to cut a token are tried one by one; a longer one would take its square in time.
static constexpr size_t maximumPieceBytes = 512;

namespace {

/// Kinds of tokens, with the numbers that stand for them in a file.
enum TokenKind : int64_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4 };

using Merge = std::pair<StringRef, StringRef>;

class TokenizerReader {
public:
  explicit TokenizerReader(GgufKeys &keys) : keys(keys) {}
  GgufTokenizer read();

private:
  void readTokens();
  void readKinds();
  void readSpecials();
  void readByteLevel();
  void readMerges();
  void readPieces();
  std::vector<double> readRanks();
  void respellSpaces();
  std::optional<int64_t> tokenId(StringRef key, int64_t usual);
  bool isStop(StringRef token) const;
  bool stripsRight(StringRef token) const;

  void write();
  void writeAddedTokens();
  void writeSequence(StringRef key, StringRef items, llvm::function_ref<void()> body);
  void writeReplace(StringRef pattern, StringRef content);
  void writeNormalizer();
  void writePreTokenizer();
  void writeSplit(StringRef pattern);
  void writeByteLevel(bool words);
  void writeDigits(bool individual);
  void writePostProcessor();
  void writeDecoder();
  void writeModel();

  GgufKeys &keys;
  GgufTokenizer tokenizer;
  std::vector<StringRef> tokens;
  std::vector<std::string> respelled; ///< What tokens that are not as in the file refer to.
  llvm::DenseMap<StringRef, uint64_t> ids;
  std::vector<int64_t> kinds;
  std::vector<Merge> merges;
  const PreTokenizer *pre = nullptr; ///< Null for SentencePiece.
  bool addSpace = false;
  bool addBegin = false;
  bool addEnd = false;
  std::optional<int64_t> unknown;
  std::string text;
  llvm::raw_string_ostream stream{text};
  llvm::json::OStream json{stream};
};

} // namespace

/// The characters of `text`.
static size_t characters(StringRef text) {
  return llvm::count_if(text, [](char c) { return (c & 0xc0) != 0x80; });
}

std::vector<Merge> tenon::import::mergesOf(llvm::ArrayRef<StringRef> tokens, llvm::ArrayRef<double> ranks) {
  struct Candidate {
    Merge parts;
    double rank;
    size_t left, right; // Lengths in characters.
    size_t order;       // As they were found: what is equal otherwise stays in it.
  };
  llvm::DenseMap<StringRef, uint64_t> ids;
  for (auto [id, token] : llvm::enumerate(tokens))
    ids[token] = id;
  std::vector<Candidate> candidates;
  for (auto [id, token] : llvm::enumerate(tokens)) {
    size_t first = candidates.size(), length = characters(token), left = 1;
    for (size_t cut = 1; cut < token.size() && token.size() <= maximumPieceBytes; ++cut) {
      if ((token[cut] & 0xc0) == 0x80)
        continue;
      Merge parts(token.take_front(cut), token.drop_front(cut));
      if (ids.contains(parts.first) && ids.contains(parts.second))
        candidates.push_back({parts, ranks[id], left, length - left, 0});
      ++left;
    }
    std::sort(candidates.begin() + first, candidates.end(), [&](const Candidate &a, const Candidate &b) {
      return std::pair(ids[a.parts.first], ids[a.parts.second]) < std::pair(ids[b.parts.first], ids[b.parts.second]);
    });
  }
  for (auto [order, candidate] : llvm::enumerate(candidates))
    candidate.order = order;
  llvm::sort(candidates, [](const Candidate &a, const Candidate &b) {
    return std::tie(a.rank, a.left, a.right, b.order) > std::tie(b.rank, b.left, b.right, a.order);
  });
  std::vector<Merge> merges;
  for (const Candidate &candidate : candidates)
    merges.push_back(candidate.parts);
  return merges;
}

void TokenizerReader::readTokens() {
  llvm::ArrayRef<StringRef> stored = keys.strings("tokenizer.ggml.tokens");
  if (stored.empty())
    keys.fail("tokenizer.ggml.tokens", keys.has("tokenizer.ggml.tokens") ? "it is empty" : "it is missing");
  tokens.assign(stored.begin(), stored.end());
  respelled.reserve(tokens.size()); // Tokens refer to its elements.
  for (auto [id, token] : llvm::enumerate(tokens))
    if (token.empty())
      token = respelled.emplace_back("[EMPTY_" + std::to_string(id) + "]");
  tokenizer.tokens = tokens.size();
}

void TokenizerReader::readKinds() {
  kinds.assign(tokens.size(), Normal);
  const weights::GgufValue *stored = keys.numbers("tokenizer.ggml.token_type", tokens.size());
  for (size_t id = 0; stored && id < tokens.size(); ++id)
    kinds[id] = stored->integer(id).value_or(Normal);
}

std::optional<int64_t> TokenizerReader::tokenId(StringRef key, int64_t usual) {
  int64_t id = keys.integerOr(key, usual, 0);
  if (keys.has(key) && id >= int64_t(tokens.size()))
    keys.fail(key,
              "token " + llvm::Twine(id) + " is not one of the " + llvm::Twine(tokens.size()) + " of the vocabulary");
  return id >= 0 && id < int64_t(tokens.size()) ? std::optional(id) : std::nullopt;
}

/// Whether a model that writes `token` has finished, by the names that models give to such tokens.
bool TokenizerReader::isStop(StringRef token) const {
  return llvm::is_contained({"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
                             "<|end_of_text|>", "<EOT>", "<|return|>", "<|call|>"},
                            token);
}

void TokenizerReader::readSpecials() {
  bool pieces = pre == nullptr;
  tokenizer.begin = tokenId("tokenizer.ggml.bos_token_id", pieces ? 1 : 11);
  tokenizer.end = tokenId("tokenizer.ggml.eos_token_id", pieces ? 2 : 11);
  unknown = tokenId("tokenizer.ggml.unknown_token_id", pieces ? 0 : -1);
  addBegin = keys.booleanOr("tokenizer.ggml.add_bos_token", pieces || pre->addBegin);
  addEnd = keys.booleanOr("tokenizer.ggml.add_eos_token", false);
  if (addBegin && !tokenizer.begin)
    keys.fail("tokenizer.ggml.add_bos_token", "a text begins with a token, but tokenizer.ggml.bos_token_id is missing");
  if (addEnd && !tokenizer.end)
    keys.fail("tokenizer.ggml.add_eos_token", "a text ends with a token, but tokenizer.ggml.eos_token_id is missing");
  for (int64_t id = 0; id < int64_t(tokens.size()); ++id)
    if (tokenizer.end == id || (kinds[id] == Control && isStop(tokens[id])))
      tokenizer.stops.push_back(id);
  if (std::optional<int64_t> turn = tokenId("tokenizer.ggml.eot_token_id", -1);
      turn && !llvm::is_contained(tokenizer.stops, *turn))
    tokenizer.stops.insert(llvm::upper_bound(tokenizer.stops, *turn), *turn);
}

void TokenizerReader::readMerges() {
  StringRef key = "tokenizer.ggml.merges";
  if (!keys.has(key))
    keys.fail(key, "it is missing");
  for (auto [index, merge] : llvm::enumerate(keys.strings(key))) {
    // The first part may be a space itself.
    size_t cut = merge.find(' ', 1);
    if (cut == StringRef::npos || cut + 1 == merge.size())
      return keys.fail(key, "merge " + llvm::Twine(index) + " is '" + merge.take_front(100) +
                                "'; expected two tokens with a space between");
    Merge parts(merge.take_front(cut), merge.drop_front(cut + 1));
    for (const std::string &token : {parts.first.str(), parts.second.str(), (parts.first + parts.second).str()})
      if (!ids.contains(token))
        return keys.fail(key, "merge " + llvm::Twine(index) + " ('" + merge.take_front(100) + "') needs the token '" +
                                  StringRef(token).take_front(100) + "', which the vocabulary does not have");
    merges.push_back(parts);
  }
}

void TokenizerReader::readByteLevel() {
  StringRef key = "tokenizer.ggml.pre", name = keys.string(key);
  pre = findPreTokenizer(name.empty() ? "default" : name);
  if (!pre) {
    keys.fail(key, "'" + name + "' is not supported; supported: " + preTokenizerNames());
    pre = findPreTokenizer("default");
  }
}

/// Higher is better: the scores, or where a token stands.
std::vector<double> TokenizerReader::readRanks() {
  std::vector<double> ranks(tokens.size());
  // The scores of Gemma's tokens are not the order of its merges; that of its tokens is.
  bool byPosition = keys.string("general.architecture").starts_with("gemma");
  StringRef key = "tokenizer.ggml.scores";
  const weights::GgufValue *scores = byPosition ? nullptr : keys.numbers(key, tokens.size());
  if (!scores && !byPosition)
    keys.fail(key, "it is missing");
  for (size_t id = 0; id < ranks.size(); ++id) {
    ranks[id] = scores ? *scores->number(id) : -static_cast<double>(id);
    if (std::isnan(ranks[id])) {
      keys.fail(key, "the score of token " + llvm::Twine(id) + " is not a number");
      ranks[id] = 0;
    }
  }
  return ranks;
}

/// Gemma's tokens of several spaces are stored as such, while its text has another letter for a space.
void TokenizerReader::respellSpaces() {
  for (auto [id, token] : llvm::enumerate(tokens))
    if (token.size() > 1 && token.find_first_not_of(' ') == StringRef::npos) {
      std::string &spelled = respelled.emplace_back();
      for (size_t i = 0; i < token.size(); ++i)
        spelled += spaceLetter;
      token = spelled;
      kinds[id] = Normal;
    }
}

void TokenizerReader::readPieces() {
  addSpace = keys.booleanOr("tokenizer.ggml.add_space_prefix", true);
  if (keys.string("general.architecture").starts_with("gemma"))
    respellSpaces();
}

GgufTokenizer TokenizerReader::read() {
  StringRef key = "tokenizer.ggml.model", model = keys.string(key);
  if (model.empty() || model == "none" || model == "no_vocab")
    return tokenizer;
  if (model != "gpt2" && model != "llama")
    keys.fail(key, "'" + model + "' is not supported; supported: gpt2 (byte-level BPE), llama (SentencePiece)");
  readTokens();
  readKinds();
  if (model == "gpt2")
    readByteLevel();
  else
    readPieces();
  for (auto [id, token] : llvm::enumerate(tokens))
    if (auto [found, first] = ids.try_emplace(token, id); !first)
      keys.fail("tokenizer.ggml.tokens", "tokens " + llvm::Twine(found->second) + " and " + llvm::Twine(id) +
                                             " are both '" + token.take_front(100) + "'");
  readSpecials();
  if (model == "gpt2" || keys.has("tokenizer.ggml.merges"))
    readMerges();
  else if (std::vector<double> ranks = readRanks(); !keys.failed())
    merges = mergesOf(tokens, ranks);
  tokenizer.chatTemplate = keys.string("tokenizer.chat_template").str();
  if (!keys.failed())
    write();
  return std::move(tokenizer);
}

/// Phi-3's tokens take the white space behind them along, but for those that it has from Llama.
bool TokenizerReader::stripsRight(StringRef token) const {
  std::string name = keys.string("general.name").lower();
  return (StringRef(name).contains("phi-3") || StringRef(name).contains("phi3")) &&
         !llvm::is_contained({"<unk>", "<s>", "<|endoftext|>"}, token);
}

void TokenizerReader::writeAddedTokens() {
  json.attributeArray("added_tokens", [&] {
    for (auto [id, token] : llvm::enumerate(tokens)) {
      if (kinds[id] != Control && kinds[id] != UserDefined && kinds[id] != Unknown)
        continue;
      json.object([&] {
        json.attribute("id", int64_t(id));
        json.attribute("content", token);
        json.attribute("single_word", false);
        json.attribute("lstrip", false);
        json.attribute("rstrip", kinds[id] == Control && stripsRight(token));
        json.attribute("normalized", false);
        json.attribute("special", kinds[id] != UserDefined);
      });
    }
  });
}

void TokenizerReader::writeSequence(StringRef key, StringRef items, llvm::function_ref<void()> body) {
  json.attributeObject(key, [&] {
    json.attribute("type", "Sequence");
    json.attributeArray(items, body);
  });
}

void TokenizerReader::writeReplace(StringRef pattern, StringRef content) {
  json.object([&] {
    json.attribute("type", "Replace");
    json.attributeObject("pattern", [&] { json.attribute("String", pattern); });
    json.attribute("content", content);
  });
}

void TokenizerReader::writeNormalizer() {
  if (pre)
    return json.attribute("normalizer", nullptr);
  writeSequence("normalizer", "normalizers", [&] {
    if (addSpace)
      json.object([&] {
        json.attribute("type", "Prepend");
        json.attribute("prepend", spaceLetter);
      });
    writeReplace(" ", spaceLetter);
  });
}

void TokenizerReader::writeSplit(StringRef pattern) {
  json.object([&] {
    json.attribute("type", "Split");
    json.attributeObject("pattern", [&] { json.attribute("Regex", pattern); });
    json.attribute("behavior", "Isolated");
    json.attribute("invert", false);
  });
}

void TokenizerReader::writeByteLevel(bool words) {
  json.object([&] {
    json.attribute("type", "ByteLevel");
    json.attribute("add_prefix_space", false);
    json.attribute("trim_offsets", true);
    json.attribute("use_regex", words);
  });
}

void TokenizerReader::writeDigits(bool individual) {
  json.object([&] {
    json.attribute("type", "Digits");
    json.attribute("individual_digits", individual);
  });
}

void TokenizerReader::writePreTokenizer() {
  if (!pre)
    return json.attribute("pre_tokenizer", nullptr);
  writeSequence("pre_tokenizer", "pretokenizers", [&] {
    switch (pre->split) {
    case WordSplit::Words:
      return writeByteLevel(true);
    case WordSplit::DigitsWords:
      writeDigits(true);
      return writeByteLevel(true);
    case WordSplit::Patterns:
      for (StringRef pattern : pre->patterns)
        writeSplit(pattern);
      return writeByteLevel(false);
    case WordSplit::Falcon:
      json.object([&] {
        json.attribute("type", "Punctuation");
        json.attribute("behavior", "Contiguous");
      });
      writeByteLevel(true);
      writeDigits(false);
      return writeSplit("[0-9][0-9][0-9]");
    }
  });
}

void TokenizerReader::writePostProcessor() {
  if (!addBegin && !addEnd)
    return json.attribute("post_processor", nullptr);
  auto piece = [&](StringRef kind, StringRef id, int64_t type) {
    json.object([&] {
      json.attributeObject(kind, [&] {
        json.attribute("id", id);
        json.attribute("type_id", type);
      });
    });
  };
  auto sequence = [&](StringRef id, int64_t type) {
    if (addBegin)
      piece("SpecialToken", tokens[*tokenizer.begin], type);
    piece("Sequence", id, type);
    if (addEnd)
      piece("SpecialToken", tokens[*tokenizer.end], type);
  };
  auto special = [&](int64_t id) {
    json.attributeObject(tokens[id], [&] {
      json.attribute("id", tokens[id]);
      json.attributeArray("ids", [&] { json.value(id); });
      json.attributeArray("tokens", [&] { json.value(tokens[id]); });
    });
  };
  json.attributeObject("post_processor", [&] {
    json.attribute("type", "TemplateProcessing");
    json.attributeArray("single", [&] { sequence("A", 0); });
    json.attributeArray("pair", [&] {
      sequence("A", 0);
      sequence("B", 1);
    });
    json.attributeObject("special_tokens", [&] {
      if (addBegin)
        special(*tokenizer.begin);
      if (addEnd && !(addBegin && tokenizer.begin == tokenizer.end))
        special(*tokenizer.end);
    });
  });
}

void TokenizerReader::writeDecoder() {
  if (pre) {
    json.attributeBegin("decoder");
    writeByteLevel(true);
    return json.attributeEnd();
  }
  writeSequence("decoder", "decoders", [&] {
    writeReplace(spaceLetter, " ");
    for (StringRef type : {"ByteFallback", "Fuse"})
      json.object([&] { json.attribute("type", type); });
    if (addSpace)
      json.object([&] {
        json.attribute("type", "Strip");
        json.attribute("content", " ");
        json.attribute("start", 1);
        json.attribute("stop", 0);
      });
  });
}

void TokenizerReader::writeModel() {
  json.attributeObject("model", [&] {
    json.attribute("type", "BPE");
    json.attribute("dropout", nullptr);
    if (unknown && !pre)
      json.attribute("unk_token", tokens[*unknown]);
    else
      json.attribute("unk_token", nullptr);
    json.attribute("continuing_subword_prefix", nullptr);
    json.attribute("end_of_word_suffix", nullptr);
    json.attribute("fuse_unk", !pre);
    json.attribute("byte_fallback", !pre);
    json.attribute("ignore_merges", pre && pre->wholeWords);
    json.attributeObject("vocab", [&] {
      for (auto [id, token] : llvm::enumerate(tokens))
        json.attribute(token, int64_t(id));
    });
    json.attributeArray("merges", [&] {
      for (const auto &[left, right] : merges)
        json.array([&, left = left, right = right] {
          json.value(left);
          json.value(right);
        });
    });
  });
}

void TokenizerReader::write() {
  json.object([&] {
    json.attribute("version", "1.0");
    json.attribute("truncation", nullptr);
    json.attribute("padding", nullptr);
    writeAddedTokens();
    writeNormalizer();
    writePreTokenizer();
    writePostProcessor();
    writeDecoder();
    writeModel();
  });
  tokenizer.json = text;
}

GgufTokenizer tenon::import::readGgufTokenizer(GgufKeys &keys) { return TokenizerReader(keys).read(); }
