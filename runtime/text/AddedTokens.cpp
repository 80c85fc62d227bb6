//===- AddedTokens.cpp - Tokens found in the text itself ------------------===//

#include "text/AddedTokens.h"

#include "text/Unicode.h"

#include <algorithm>
#include <limits>

using namespace tenon::text;

AddedTokens::AddedTokens(const JsonValue &description, const Vocabulary &vocabulary, const Normalizer &normalizer) {
  for (const JsonValue &entry : description.elements()) {
    if (description.failed())
      return;
    read(entry, vocabulary, normalizer);
  }
}

void AddedTokens::read(const JsonValue &description, const Vocabulary &vocabulary, const Normalizer &normalizer) {
  description.expectOnlyKeys({"id", "content", "single_word", "lstrip", "rstrip", "normalized", "special", "matched"});
  Token token;
  token.content = description.member("content").asString();
  token.id = static_cast<int32_t>(description.member("id").asCount(std::numeric_limits<int32_t>::max()));
  token.singleWord = description.member("single_word").asBool();
  token.stripLeft = description.member("lstrip").asBool();
  token.stripRight = description.member("rstrip").asBool();
  token.special = description.member("special").asBool();
  bool isNormalized = description.member("normalized").asBool();
  if (token.content.empty())
    description.fail("content is empty");
  placeInVocabulary(description, token, vocabulary);
  if (description.failed())
    return;

  std::u32string pattern;
  size_t ignored; // A JSON string is UTF-8: the parser saw to that.
  decodeUtf8(token.content, pattern, ignored);
  if (isNormalized)
    normalizer.apply(pattern);
  if (pattern.empty()) {
    description.fail("nothing is left of " + inQuotes(token.content) + " after normalisation");
    return;
  }
  auto isMatched = description.optionalMember("matched");
  Trie &trie = isNormalized ? normalized : raw;
  if (isMatched && !isMatched->asBool())
    unmatched.insert(token.id);
  else if (!trie.insert(pattern, static_cast<int32_t>(tokens.size()))) {
    description.fail(inQuotes(token.content) + " matches the same text as an added token before it");
    return;
  }
  token.text = encodeUtf8(pattern);
  byId.emplace(token.id, tokens.size());
  byContent.emplace(token.content, token.id);
  if (token.special)
    special.insert(token.id);
  if (token.special || unmatched.count(token.id))
    barred.insert(token.id);
  tokens.push_back(std::move(token));
}

void AddedTokens::placeInVocabulary(const JsonValue &description, Token &token, const Vocabulary &vocabulary) const {
  std::optional<int32_t> inVocabulary = vocabulary.idOf(token.content);
  const std::string *owner = vocabulary.tokenOf(token.id);
  // A vocabulary may list a token several times: what counts is what it is looked up as.
  if (inVocabulary && owner && *owner == token.content)
    token.id = *inVocabulary;
  std::string id = std::to_string(token.id);
  if (byId.count(token.id)) {
    description.fail("id " + id + " of " + inQuotes(token.content) + " is already that of " +
                     inQuotes(find(token.id)->content));
    return;
  }
  if (inVocabulary && *inVocabulary != token.id)
    description.fail("id " + id + " of " + inQuotes(token.content) + " differs from its id in the vocabulary, " +
                     std::to_string(*inVocabulary));
  if (owner && *owner != token.content)
    description.fail("id " + id + " of " + inQuotes(token.content) + " is that of " + inQuotes(*owner) +
                     " in the vocabulary");
}

const AddedTokens::Token *AddedTokens::find(int32_t id) const {
  auto found = byId.find(id);
  return found == byId.end() ? nullptr : &tokens[found->second];
}

const std::string *AddedTokens::textOf(int32_t id) const {
  const Token *token = find(id);
  return token ? &token->text : nullptr;
}

const std::string *AddedTokens::contentOf(int32_t id) const {
  const Token *token = find(id);
  return token ? &token->content : nullptr;
}

std::optional<int32_t> AddedTokens::idOf(std::string_view content) const {
  auto found = byContent.find(content);
  return found == byContent.end() ? std::nullopt : std::optional(found->second);
}

bool AddedTokens::isSpecial(int32_t id) const { return special.count(id); }

int64_t AddedTokens::largestId() const {
  int64_t largest = -1;
  for (const Token &token : tokens)
    largest = std::max<int64_t>(largest, token.id);
  return largest;
}

/// Matches are found leftmost first, then longest, and do not overlap. One that is rejected is still used up: the
/// search goes on behind it.
std::vector<AddedTokens::Piece> AddedTokens::split(std::u32string_view text, const Trie &trie,
                                                   bool findsSpecial) const {
  std::vector<Piece> pieces;
  size_t done = 0;
  auto addText = [&](size_t end) {
    if (end > done)
      pieces.push_back({text.substr(done, end - done)});
  };
  for (size_t at = 0; at < text.size() && !trie.empty();) {
    Trie::Match match = trie.longestPrefix(text.substr(at));
    if (match.length == 0) {
      ++at;
      continue;
    }
    const Token &token = tokens[static_cast<size_t>(match.value)];
    size_t start = at, end = at + match.length;
    at = end;
    bool touchesWord =
        (start > 0 && isWordCharacter(text[start - 1])) || (end < text.size() && isWordCharacter(text[end]));
    if ((token.singleWord && touchesWord) || (token.special && !findsSpecial))
      continue;
    while (token.stripLeft && start > done && isWhitespace(text[start - 1]))
      --start;
    while (token.stripRight && end < text.size() && isWhitespace(text[end]))
      ++end;
    addText(start);
    pieces.push_back({text.substr(start, end - start), token.id});
    done = end;
  }
  addText(text.size());
  return pieces;
}
