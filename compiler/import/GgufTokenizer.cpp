//===- GgufTokenizer.cpp --------------------------------------------------===//
//
// A file holds the vocabulary, the kind of every token and the merges or scores. How text becomes tokens is what the
// tokenizer of that kind does; llama.cpp's defaults hold where keys are missing.
//
//===----------------------------------------------------------------------===//

#include "import/GgufTokenizer.h"
#include "runtime/support/Printable.h"
#include "import/GgufTokenizerJson.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

/// The ways to cut a token are tried one by one; a longer one would take its square in time.
static constexpr size_t maximumPieceBytes = 512;

namespace {

class TokenizerReader {
public:
  explicit TokenizerReader(GgufKeys &keys) : keys(keys) {}
  GgufTokenizer read();

private:
  void readTokens();
  void readKinds();
  void readPreTokenizer();
  void readPieces();
  void respellSpaces();
  void checkTokens();
  void readSpecials();
  void readStops();
  void readMerges();
  std::vector<double> readRanks();
  std::optional<int64_t> tokenId(StringRef key, int64_t usual);

  GgufKeys &keys;
  GgufTokenizer facts;
  BytePairTokenizer tokenizer;
  std::vector<std::string> respelled; ///< What tokens that are not as in the file refer to.
  llvm::DenseMap<StringRef, uint64_t> ids;
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
  StringRef key = "tokenizer.ggml.tokens";
  llvm::ArrayRef<StringRef> stored = keys.strings(key);
  if (stored.empty())
    keys.fail(key, keys.has(key) ? "it is empty" : "it is missing");
  tokenizer.tokens.assign(stored.begin(), stored.end());
  respelled.reserve(stored.size()); // Tokens refer to its elements.
  for (auto [id, token] : llvm::enumerate(tokenizer.tokens))
    if (token.empty())
      token = respelled.emplace_back("[EMPTY_" + std::to_string(id) + "]");
  facts.tokens = stored.size();
}

void TokenizerReader::readKinds() {
  tokenizer.kinds.assign(tokenizer.tokens.size(), TokenKind::Normal);
  const weights::GgufValue *stored = keys.numbers("tokenizer.ggml.token_type", tokenizer.tokens.size());
  for (size_t id = 0; stored && id < tokenizer.tokens.size(); ++id)
    tokenizer.kinds[id] = TokenKind(stored->integer(id).value_or(int64_t(TokenKind::Normal)));
}

void TokenizerReader::readPreTokenizer() {
  StringRef key = "tokenizer.ggml.pre", name = keys.string(key);
  tokenizer.pre = findPreTokenizer(name.empty() ? "default" : name);
  if (!tokenizer.pre) {
    keys.fail(key, "'" + printable(name) + "' is not supported; supported: " + preTokenizerNames());
    tokenizer.pre = findPreTokenizer("default");
  }
}

/// Gemma's tokens of several spaces are stored as such, while its text has another letter for a space.
void TokenizerReader::respellSpaces() {
  for (auto [id, token] : llvm::enumerate(tokenizer.tokens))
    if (token.size() > 1 && token.find_first_not_of(' ') == StringRef::npos) {
      std::string &spelled = respelled.emplace_back();
      for (size_t i = 0; i < token.size(); ++i)
        spelled += spaceLetter;
      token = spelled;
      tokenizer.kinds[id] = TokenKind::Normal;
    }
}

void TokenizerReader::readPieces() {
  tokenizer.addSpace = keys.booleanOr("tokenizer.ggml.add_space_prefix", true);
  if (keys.string("general.architecture").starts_with("gemma"))
    respellSpaces();
}

void TokenizerReader::checkTokens() {
  for (auto [id, token] : llvm::enumerate(tokenizer.tokens))
    if (auto [found, first] = ids.try_emplace(token, id); !first)
      keys.fail("tokenizer.ggml.tokens", "tokens " + llvm::Twine(found->second) + " and " + llvm::Twine(id) +
                                             " are both '" + printable(token, 100) + "'");
}

std::optional<int64_t> TokenizerReader::tokenId(StringRef key, int64_t usual) {
  int64_t id = keys.integerOr(key, usual, 0), count = tokenizer.tokens.size();
  if (keys.has(key) && id >= count)
    keys.fail(key, "token " + llvm::Twine(id) + " is not one of the " + llvm::Twine(count) + " of the vocabulary");
  return id >= 0 && id < count ? std::optional(id) : std::nullopt;
}

/// Whether a model that writes `token` has finished, by the names that models give to such tokens.
static bool isStop(StringRef token) {
  return llvm::is_contained({"<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
                             "<|end_of_text|>", "<EOT>", "<|return|>", "<|call|>"},
                            token);
}

void TokenizerReader::readStops() {
  std::optional<int64_t> turn = tokenId("tokenizer.ggml.eot_token_id", -1);
  for (auto [id, token] : llvm::enumerate(tokenizer.tokens))
    if (facts.end == int64_t(id) || turn == int64_t(id) || (tokenizer.kinds[id] == TokenKind::Control && isStop(token)))
      facts.stops.push_back(id);
}

void TokenizerReader::readSpecials() {
  bool pieces = !tokenizer.pre;
  facts.begin = tokenId("tokenizer.ggml.bos_token_id", pieces ? 1 : 11);
  facts.end = tokenId("tokenizer.ggml.eos_token_id", pieces ? 2 : 11);
  facts.padding = tokenId("tokenizer.ggml.padding_token_id", -1);
  tokenizer.unknown = tokenId("tokenizer.ggml.unknown_token_id", pieces ? 0 : -1);
  if (keys.booleanOr("tokenizer.ggml.add_bos_token", pieces || tokenizer.pre->addBegin)) {
    tokenizer.begin = facts.begin;
    if (!facts.begin)
      keys.fail("tokenizer.ggml.add_bos_token",
                "a text begins with a token, but tokenizer.ggml.bos_token_id is missing");
  }
  if (keys.booleanOr("tokenizer.ggml.add_eos_token", false)) {
    tokenizer.end = facts.end;
    if (!facts.end)
      keys.fail("tokenizer.ggml.add_eos_token", "a text ends with a token, but tokenizer.ggml.eos_token_id is missing");
  }
  StringRef name = keys.string("general.name");
  tokenizer.stripsRight = name.contains_insensitive("phi-3") || name.contains_insensitive("phi3");
}

void TokenizerReader::readMerges() {
  StringRef key = "tokenizer.ggml.merges";
  if (!keys.has(key))
    keys.fail(key, "it is missing");
  for (auto [index, merge] : llvm::enumerate(keys.strings(key))) {
    // The first part may be a space itself.
    size_t cut = merge.find(' ', 1);
    if (cut == StringRef::npos || cut + 1 == merge.size())
      return keys.fail(key, "merge " + llvm::Twine(index) + " is '" + printable(merge, 100) +
                                "'; expected two tokens with a space between");
    Merge parts(merge.take_front(cut), merge.drop_front(cut + 1));
    for (const std::string &token : {parts.first.str(), parts.second.str(), (parts.first + parts.second).str()})
      if (!ids.contains(token))
        return keys.fail(key, "merge " + llvm::Twine(index) + " ('" + printable(merge, 100) + "') needs the token '" +
                                  printable(token, 100) + "', which the vocabulary does not have");
    tokenizer.merges.push_back(parts);
  }
}

/// Higher is better: the scores, or where a token stands.
std::vector<double> TokenizerReader::readRanks() {
  std::vector<double> ranks(tokenizer.tokens.size());
  // The scores of Gemma's tokens are not the order of its merges; that of its tokens is.
  bool byPosition = keys.string("general.architecture").starts_with("gemma");
  StringRef key = "tokenizer.ggml.scores";
  const weights::GgufValue *scores = byPosition ? nullptr : keys.numbers(key, ranks.size());
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

GgufTokenizer TokenizerReader::read() {
  StringRef key = "tokenizer.ggml.model", model = keys.string(key);
  if (model.empty() || model == "none" || model == "no_vocab")
    return facts;
  bool byteLevel = model == "gpt2";
  if (!byteLevel && model != "llama")
    keys.fail(key, "'" + printable(model) + "' is not supported; supported: gpt2 (byte-level BPE), llama (SentencePiece)");
  readTokens();
  readKinds();
  if (byteLevel)
    readPreTokenizer();
  else
    readPieces();
  checkTokens();
  readSpecials();
  readStops();
  if (byteLevel || keys.has("tokenizer.ggml.merges"))
    readMerges();
  else if (std::vector<double> ranks = readRanks(); !keys.failed())
    tokenizer.merges = mergesOf(tokenizer.tokens, ranks);
  facts.chatTemplate = keys.string("tokenizer.chat_template").str();
  if (!keys.failed())
    facts.json = tokenizerJson(tokenizer);
  return std::move(facts);
}

GgufTokenizer tenon::import::readGgufTokenizer(GgufKeys &keys) { return TokenizerReader(keys).read(); }
