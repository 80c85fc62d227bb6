//===- PreTokenizer.cpp - Text to words -----------------------------------===//

#include "text/PreTokenizer.h"

#include "text/Pattern.h"
#include "text/Split.h"
#include "text/TextError.h"
#include "text/Unicode.h"

#include <functional>

using namespace tenon::text;

PreTokenizer::~PreTokenizer() = default;

namespace {

/// What a character does to the word that it meets.
enum class Role { Space, Alone, Word, Symbol };

/// Splits where the role changes. Spaces are dropped, an `Alone` character is a word, runs of the other roles are
/// words.
template <typename RoleOf> void splitByRole(const Words &words, size_t index, std::vector<Span> &spans, RoleOf roleOf) {
  auto [start, end] = words.spans[index];
  Role run = Role::Space;
  auto endRun = [&](size_t at) {
    if (run != Role::Space && at > start)
      spans.push_back({start, at});
  };
  for (size_t i = start; i < end; ++i) {
    Role role = roleOf(words.text[i]);
    if (role == run && role != Role::Alone)
      continue;
    endRun(i);
    start = i;
    run = role;
  }
  endRun(end);
}

Role bertRole(char32_t c) { return isWhitespace(c) ? Role::Space : isPunctuation(c) ? Role::Alone : Role::Word; }

/// The regular expression \w+|[^\w\s]+.
Role wordOrSymbolRole(char32_t c) {
  return isWordCharacter(c) ? Role::Word : isWhitespace(c) ? Role::Space : Role::Symbol;
}

Role spaceRole(char32_t c) { return isWhitespace(c) ? Role::Space : Role::Word; }

template <Role (*roleOf)(char32_t)> class SplitByRole : public PreTokenizer {
public:
  void split(Words &words) const override {
    std::vector<Span> spans;
    spans.reserve(words.spans.size());
    for (size_t i = 0; i < words.spans.size(); ++i)
      splitByRole(words, i, spans, roleOf);
    words.spans = std::move(spans);
  }
};

class WholeText : public PreTokenizer {
public:
  void split(Words &) const override {}
};

/// Each step splits the words of the one before.
class Sequence : public PreTokenizer {
public:
  explicit Sequence(std::vector<std::unique_ptr<PreTokenizer>> steps) : steps(std::move(steps)) {}
  void split(Words &words) const override {
    for (const auto &step : steps)
      step->split(words);
  }

private:
  std::vector<std::unique_ptr<PreTokenizer>> steps;
};

/// Any of them, held to what a stage may make.
class Bounded : public PreTokenizer {
public:
  Bounded(const std::string &type, std::unique_ptr<PreTokenizer> inner)
      : stage("pre-tokenizer " + type), inner(std::move(inner)) {}
  void split(Words &words) const override {
    inner->split(words);
    checkStage(stage, words.text.size());
  }

private:
  const std::string stage;
  std::unique_ptr<PreTokenizer> inner;
};

/// Every character that `matches` says yes to is a match of its own.
class SplitByCharacter : public PreTokenizer {
public:
  SplitByCharacter(std::function<bool(char32_t)> matches, SplitBehavior behavior)
      : matches(std::move(matches)), behavior(behavior) {}

  void split(Words &words) const override {
    std::vector<Span> spans, found;
    std::vector<Segment> segments;
    for (const Span &word : words.spans) {
      found.clear();
      for (size_t i = word.begin; i < word.end; ++i)
        if (matches(words.text[i]))
          found.push_back({i, i + 1});
      if (found.empty()) {
        spans.push_back(word);
        continue;
      }
      segmentsOf(found, word.begin, word.end, false, segments);
      appendSplit(segments, behavior, spans);
    }
    words.spans = std::move(spans);
  }

private:
  std::function<bool(char32_t)> matches;
  SplitBehavior behavior;
};

class SplitByPattern : public PreTokenizer {
public:
  explicit SplitByPattern(const JsonValue &description)
      : pattern(description.member("pattern")), behavior(readSplitBehavior(description.member("behavior"))),
        invert(description.member("invert").asBool()) {
    description.expectOnlyKeys({"type", "pattern", "behavior", "invert"});
  }

  void split(Words &words) const override {
    std::vector<Span> spans, found;
    std::vector<Segment> segments;
    Pattern::Search search(pattern);
    for (const Span &word : words.spans) {
      search.findAll(std::u32string_view(words.text).substr(word.begin, word.end - word.begin), found);
      for (Span &match : found)
        match = {match.begin + word.begin, match.end + word.begin};
      segmentsOf(found, word.begin, word.end, invert, segments);
      appendSplit(segments, behavior, spans);
    }
    words.spans = std::move(spans);
  }

private:
  Pattern pattern;
  SplitBehavior behavior;
  bool invert;
};

std::unique_ptr<PreTokenizer> makeSequence(const JsonValue &description) {
  description.expectOnlyKeys({"type", "pretokenizers"});
  std::vector<std::unique_ptr<PreTokenizer>> steps;
  for (const JsonValue &step : description.member("pretokenizers").elements())
    steps.push_back(makePreTokenizer(step));
  return std::make_unique<Sequence>(std::move(steps));
}

std::unique_ptr<PreTokenizer> makePunctuation(const JsonValue &description) {
  description.expectOnlyKeys({"type", "behavior"});
  auto behavior = description.optionalMember("behavior");
  return std::make_unique<SplitByCharacter>(isPunctuation,
                                            behavior ? readSplitBehavior(*behavior) : SplitBehavior::Isolated);
}

std::unique_ptr<PreTokenizer> makeDigits(const JsonValue &description) {
  description.expectOnlyKeys({"type", "individual_digits"});
  bool individual = description.member("individual_digits").asBool();
  return std::make_unique<SplitByCharacter>(isNumeric,
                                            individual ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
}

std::unique_ptr<PreTokenizer> makeCharDelimiterSplit(const JsonValue &description) {
  description.expectOnlyKeys({"type", "delimiter"});
  char32_t delimiter = description.member("delimiter").asCharacter();
  return std::make_unique<SplitByCharacter>([delimiter](char32_t c) { return c == delimiter; }, SplitBehavior::Removed);
}

/// Kinds that have nothing to set.
std::unique_ptr<PreTokenizer> makePlain(const std::string &type) {
  if (type == "BertPreTokenizer")
    return std::make_unique<SplitByRole<bertRole>>();
  if (type == "Whitespace")
    return std::make_unique<SplitByRole<wordOrSymbolRole>>();
  if (type == "WhitespaceSplit")
    return std::make_unique<SplitByRole<spaceRole>>();
  return nullptr;
}

std::unique_ptr<PreTokenizer> makeKind(const JsonValue &description, const std::string &type) {
  if (type == "Sequence")
    return makeSequence(description);
  if (type == "ByteLevel")
    return makeByteLevelPreTokenizer(description);
  if (type == "CharDelimiterSplit")
    return makeCharDelimiterSplit(description);
  if (type == "Digits")
    return makeDigits(description);
  if (type == "Metaspace")
    return makeMetaspacePreTokenizer(description);
  if (type == "Punctuation")
    return makePunctuation(description);
  if (type == "Split")
    return std::make_unique<SplitByPattern>(description);
  if (auto plain = makePlain(type)) {
    description.expectOnlyKeys({"type"});
    return plain;
  }
  description.fail("pre-tokenizer type " + inQuotes(type) +
                   " is not supported; supported are: BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, "
                   "Metaspace, Punctuation, Sequence, Split, Whitespace, WhitespaceSplit");
  return std::make_unique<WholeText>();
}

} // namespace

std::unique_ptr<PreTokenizer> tenon::text::makePreTokenizer(const JsonValue &description) {
  if (description.isNull())
    return std::make_unique<WholeText>();
  std::string type = description.member("type").asString();
  return std::make_unique<Bounded>(type, makeKind(description, type));
}
