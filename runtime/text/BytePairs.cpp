//===- BytePairs.cpp - Byte pair encoding ---------------------------------===//
//
// A word begins as its characters. The pair of neighbours whose merge stands first in the file becomes one token, of
// equal pairs the leftmost, until no merge applies. The steps, their order and what an outdated entry of the queue
// still does are those of Hugging Face's tokenizers.
//
//===----------------------------------------------------------------------===//

#include "text/Model.h"
#include "text/PairTable.h"
#include "text/TextError.h"
#include "text/Unicode.h"

#include <algorithm>
#include <array>

using namespace tenon::text;

namespace {

struct Settings {
  std::optional<std::string> unknownToken;
  std::string continuationPrefix, endSuffix;
  bool fuseUnknown = false, byteFallback = false, ignoreMerges = false;
};

/// The tokens of a word while they are merged.
class MergeList {
public:
  MergeList(const PairTable &merges, const IdSet &barred) : merges(merges), barred(barred) {}

  void clear() { symbols.clear(); }

  void add(int32_t id) {
    auto index = static_cast<int32_t>(symbols.size());
    if (index > 0)
      symbols.back().next = index;
    symbols.push_back({id, index - 1, -1});
  }

  void mergeAll() {
    queue.clear();
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      pushPair(static_cast<int32_t>(i));
    while (!queue.empty()) {
      std::pop_heap(queue.begin(), queue.end());
      Candidate top = queue.back();
      queue.pop_back();
      merge(top);
    }
  }

  void appendIds(std::vector<int32_t> &ids) const {
    for (const Symbol &symbol : symbols)
      if (symbol.id != kGone)
        ids.push_back(symbol.id);
  }

private:
  static constexpr int32_t kGone = -1;

  struct Symbol {
    int32_t id, previous, next;
  };

  struct Candidate {
    uint32_t rank;
    int32_t position, id;
    /// The heap's top is its largest.
    bool operator<(const Candidate &other) const {
      return rank != other.rank ? rank > other.rank : position > other.position;
    }
  };

  Symbol &at(int32_t position) { return symbols[static_cast<size_t>(position)]; }

  const PairTable::Merge *mergeAt(int32_t position) {
    const PairTable::Merge *found = merges.find(at(position).id, at(at(position).next).id);
    return found && (barred.empty() || !barred.count(found->id)) ? found : nullptr;
  }

  void pushPair(int32_t position) {
    const PairTable::Merge *found = mergeAt(position);
    if (!found)
      return;
    queue.push_back({found->rank, position, found->id});
    std::push_heap(queue.begin(), queue.end());
  }

  void merge(const Candidate &top) {
    Symbol &left = at(top.position);
    if (left.id == kGone || left.next < 0)
      return;
    const PairTable::Merge *current = mergeAt(top.position);
    if (!current || current->id != top.id)
      return;
    Symbol &right = at(left.next);
    left.id = top.id;
    left.next = right.next;
    right.id = kGone;
    if (left.next >= 0)
      at(left.next).previous = top.position;
    if (left.previous >= 0)
      pushPair(left.previous);
    if (left.next >= 0)
      pushPair(top.position);
  }

  const PairTable &merges;
  const IdSet &barred;
  std::vector<Symbol> symbols;
  std::vector<Candidate> queue;
};

/// Which pairs of neighbouring characters some merged token has inside. It may say yes to others too.
class InnerPairs {
public:
  explicit InnerPairs(size_t tokens) {
    size_t capacity = 1 << 12;
    while (capacity < tokens * 32)
      capacity *= 2;
    bits.resize(capacity);
  }
  void insert(char32_t left, char32_t right) { bits[indexOf(left, right)] = true; }
  bool contains(char32_t left, char32_t right) const { return bits[indexOf(left, right)]; }

private:
  size_t indexOf(char32_t left, char32_t right) const {
    return static_cast<size_t>(((uint64_t(left) << 21 | right) * 0x9E3779B97F4A7C15ull) >> 24) & (bits.size() - 1);
  }
  std::vector<bool> bits;
};

class BytePairs : public Model {
public:
  BytePairs(Vocabulary tokens, PairTable pairs, Settings chosen)
      : entries(std::move(tokens)), merges(std::move(pairs)), settings(std::move(chosen)), inner(entries.count()) {
    if (settings.byteFallback)
      bytes = ByteTokens(entries);
    if (settings.unknownToken)
      unknown = entries.idOf(*settings.unknownToken);
    for (const auto &[token, id] : entries.entries()) {
      std::u32string characters;
      size_t ignored; // A JSON string is UTF-8: the parser saw to that.
      decodeUtf8(token, characters, ignored);
      if (characters.size() == 1)
        characterIds.emplace(characters[0], id);
      for (size_t i = 1; i < characters.size(); ++i)
        inner.insert(characters[i - 1], characters[i]);
    }
  }

  void tokenize(const Words &words, const IdSet &barred, std::vector<int32_t> &ids) const override;
  const Vocabulary &vocabulary() const override { return entries; }

private:
  static constexpr size_t kLongestKept = 64; ///< Words whose ids are kept for the next time.

  struct Work {
    explicit Work(const PairTable &merges, const IdSet &barred) : list(merges, barred), barred(barred) {}
    MergeList list;
    const IdSet &barred;
    std::unordered_map<std::u32string_view, Span> known; ///< Where a word's ids are among those of the text.
    std::string spelled;
    std::vector<int32_t> byteIds;
  };

  /// Cuts a long word where nothing can merge across, which changes no ids: the parts are met again, and fit the cache.
  void cutLongWord(std::u32string_view word, Work &work, std::vector<std::u32string_view> &parts) const;
  void tokenizeAgain(std::u32string_view word, Work &work, std::vector<int32_t> &ids) const;
  void tokenizeWord(std::u32string_view word, Work &work, std::vector<int32_t> &ids) const;
  void addCharacters(std::u32string_view word, Work &work) const;
  std::optional<int32_t> idOfPlain(char32_t c, const Work &work) const;
  std::optional<int32_t> idOfCharacter(std::u32string_view word, size_t index, Work &work) const;
  int32_t unknownId(std::string_view spelled) const;

  Vocabulary entries;
  PairTable merges;
  Settings settings;
  InnerPairs inner;
  ByteTokens bytes;
  std::optional<int32_t> unknown;
  std::unordered_map<char32_t, int32_t> characterIds;
};

void BytePairs::tokenize(const Words &words, const IdSet &barred, std::vector<int32_t> &ids) const {
  Work work(merges, barred);
  std::vector<std::u32string_view> parts;
  for (size_t i = 0; i < words.spans.size(); ++i) {
    if (words[i].size() <= kLongestKept) {
      tokenizeAgain(words[i], work, ids);
      continue;
    }
    cutLongWord(words[i], work, parts);
    for (std::u32string_view part : parts)
      tokenizeAgain(part, work, ids);
  }
}

void BytePairs::cutLongWord(std::u32string_view word, Work &work, std::vector<std::u32string_view> &parts) const {
  parts.clear();
  size_t begin = 0;
  bool cuts = settings.continuationPrefix.empty() && settings.endSuffix.empty() && !settings.ignoreMerges;
  // What is not known as a character becomes something else, about whose merges the characters say nothing.
  auto isKnown = [&](char32_t c) { return idOfPlain(c, work).has_value(); };
  for (size_t i = 1; cuts && i < word.size(); ++i)
    if (!inner.contains(word[i - 1], word[i]) && isKnown(word[i - 1]) && isKnown(word[i])) {
      parts.push_back(word.substr(begin, i - begin));
      begin = i;
    }
  parts.push_back(word.substr(begin));
}

/// The same words come again and again: each is merged once for a text.
void BytePairs::tokenizeAgain(std::u32string_view word, Work &work, std::vector<int32_t> &ids) const {
  constexpr size_t kMost = 1 << 17;
  if (word.size() > kLongestKept || work.known.size() == kMost)
    return tokenizeWord(word, work, ids);
  size_t begin = ids.size();
  auto [entry, isNew] = work.known.try_emplace(word, Span{begin, begin});
  if (isNew) {
    tokenizeWord(word, work, ids);
    entry->second.end = ids.size();
    return;
  }
  for (size_t at = entry->second.begin; at < entry->second.end; ++at)
    ids.push_back(int32_t(ids[at]));
}

void BytePairs::tokenizeWord(std::u32string_view word, Work &work, std::vector<int32_t> &ids) const {
  if (settings.ignoreMerges) {
    std::optional<int32_t> id = entries.idOf(encodeUtf8(word));
    if (id && !work.barred.count(*id)) {
      ids.push_back(*id);
      return;
    }
  }
  work.list.clear();
  addCharacters(word, work);
  work.list.mergeAll();
  work.list.appendIds(ids);
}

void BytePairs::addCharacters(std::u32string_view word, Work &work) const {
  std::optional<int32_t> pending; // An unknown token, until it is known whether the next one joins it.
  auto addPending = [&] {
    if (pending)
      work.list.add(*pending);
    pending.reset();
  };
  for (size_t i = 0; i < word.size(); ++i) {
    if (std::optional<int32_t> id = idOfCharacter(word, i, work)) {
      addPending();
      work.list.add(*id);
      continue;
    }
    work.byteIds.clear();
    // Bytes go before an unknown token that is still pending: so do Hugging Face's.
    if (settings.byteFallback && bytes.append(work.spelled, work.byteIds)) {
      for (int32_t id : work.byteIds)
        work.list.add(id);
    } else if (settings.unknownToken) {
      if (!settings.fuseUnknown)
        addPending();
      pending = unknownId(work.spelled);
    }
  }
  addPending();
}

/// The id of the token that is this character.
std::optional<int32_t> BytePairs::idOfPlain(char32_t c, const Work &work) const {
  auto found = characterIds.find(c);
  bool isKnown = found != characterIds.end() && (work.barred.empty() || !work.barred.count(found->second));
  return isKnown ? std::optional(found->second) : std::nullopt;
}

/// Leaves the character's spelling in `work` where it has no id.
std::optional<int32_t> BytePairs::idOfCharacter(std::u32string_view word, size_t index, Work &work) const {
  bool isContinuation = index != 0 && !settings.continuationPrefix.empty();
  bool isEnd = index + 1 == word.size() && !settings.endSuffix.empty();
  bool isPlain = !isContinuation && !isEnd;
  std::optional<int32_t> id = isPlain ? idOfPlain(word[index], work) : std::nullopt;
  if (id)
    return id;
  work.spelled = (isContinuation ? settings.continuationPrefix : "") + encodeUtf8(word.substr(index, 1)) +
                 (isEnd ? settings.endSuffix : "");
  if (!isPlain)
    id = entries.idOf(work.spelled);
  return id && !work.barred.count(*id) ? id : std::nullopt;
}

int32_t BytePairs::unknownId(std::string_view spelled) const {
  if (unknown)
    return *unknown;
  throw TextError(inQuotes(spelled) + " is not in the vocabulary, and neither is the unk_token " +
                  inQuotes(settings.unknownToken.value_or("")));
}

/// `"a b"` or `["a", "b"]`
std::optional<std::pair<std::string, std::string>> readPair(const nlohmann::json &merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  if (!merge.is_string())
    return std::nullopt;
  const std::string &text = merge.get_ref<const std::string &>();
  size_t space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos)
    return std::nullopt;
  return std::pair(text.substr(0, space), text.substr(space + 1));
}

/// Ids of the two tokens and of the one that they become.
using MergeIds = std::array<int32_t, 3>;

/// Nothing, and the reason in `problem`, for what is no merge of tokens.
std::optional<MergeIds> readMerge(const nlohmann::json &merge, const Vocabulary &vocabulary, std::string_view prefix,
                                  std::string &problem) {
  auto pair = readPair(merge);
  if (!pair) {
    problem = "expected two tokens in an array, or in a string with one space between, found " +
              inQuotes(merge.is_string() ? merge.get_ref<const std::string &>() : std::string(merge.type_name()));
    return std::nullopt;
  }
  const auto &[left, right] = *pair;
  if (right.size() < prefix.size()) {
    problem = "token " + inQuotes(right) + " is shorter than the continuing_subword_prefix";
    return std::nullopt;
  }
  const std::string tokens[] = {left, right, left + right.substr(prefix.size())};
  MergeIds ids{};
  for (size_t i = 0; i < ids.size(); ++i) {
    std::optional<int32_t> id = vocabulary.idOf(tokens[i]);
    if (!id) {
      problem = "token " + inQuotes(tokens[i]) + " is not in the vocabulary of " + std::to_string(vocabulary.count()) +
                " tokens";
      return std::nullopt;
    }
    ids[i] = *id;
  }
  return ids;
}

PairTable readMerges(const JsonValue &description, const Vocabulary &vocabulary, std::string_view prefix) {
  PairTable merges(description.raw().is_array() ? description.size() : 0);
  if (!description.expectArray())
    return merges;
  uint32_t rank = 0;
  for (const nlohmann::json &merge : description.raw()) {
    if (merge.is_string() && merge.get_ref<const std::string &>().starts_with("#version"))
      continue;
    std::string problem;
    std::optional<MergeIds> ids = readMerge(merge, vocabulary, prefix, problem);
    if (!ids) {
      description.fail("merge " + std::to_string(rank) + ": " + problem);
      break;
    }
    merges.set((*ids)[0], (*ids)[1], {rank++, (*ids)[2]});
  }
  return merges;
}

Settings readSettings(const JsonValue &description) {
  description.expectOnlyKeys({"type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix",
                              "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"});
  Settings settings;
  if (auto dropout = description.optionalMember("dropout"); dropout && dropout->asNumber() != 0)
    dropout->fail("merges left out at random are not supported; supported are: null, 0");
  if (auto unknown = description.optionalMember("unk_token"))
    settings.unknownToken = unknown->asString();
  if (auto prefix = description.optionalMember("continuing_subword_prefix"))
    settings.continuationPrefix = prefix->asString();
  if (auto suffix = description.optionalMember("end_of_word_suffix"))
    settings.endSuffix = suffix->asString();
  auto flag = [&](std::string_view key) {
    auto value = description.optionalMember(key);
    return value && value->asBool();
  };
  settings.fuseUnknown = flag("fuse_unk");
  settings.byteFallback = flag("byte_fallback");
  settings.ignoreMerges = flag("ignore_merges");
  return settings;
}

} // namespace

std::unique_ptr<Model> tenon::text::makeBytePairs(const JsonValue &description) {
  Settings settings = readSettings(description);
  Vocabulary vocabulary(description.member("vocab"));
  if (description.failed())
    return nullptr;
  PairTable merges = readMerges(description.member("merges"), vocabulary, settings.continuationPrefix);
  if (description.failed())
    return nullptr;
  return std::make_unique<BytePairs>(std::move(vocabulary), std::move(merges), std::move(settings));
}
