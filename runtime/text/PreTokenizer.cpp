//===- PreTokenizer.cpp - Text to words -----------------------------------===//

#include "text/PreTokenizer.h"

#include "text/Unicode.h"

#include <functional>

using namespace tenon::text;

PreTokenizer::~PreTokenizer() = default;

namespace {

/// What a character does to the word that it meets.
enum class Role { Space, Alone, Word, Symbol };

/// Splits where the role changes. Spaces are dropped, an `Alone` character is a word, runs of the other roles are
/// words.
template <typename RoleOf>
void splitByRole(std::u32string_view text, std::vector<std::u32string_view> &words, RoleOf roleOf) {
  size_t start = 0;
  Role run = Role::Space;
  auto endRun = [&](size_t end) {
    if (run != Role::Space && end > start)
      words.push_back(text.substr(start, end - start));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    Role role = roleOf(text[i]);
    if (role == run && role != Role::Alone)
      continue;
    endRun(i);
    start = i;
    run = role;
  }
  endRun(text.size());
}

Role bertRole(char32_t c) { return isWhitespace(c) ? Role::Space : isPunctuation(c) ? Role::Alone : Role::Word; }

/// The regular expression \w+|[^\w\s]+.
Role wordOrSymbolRole(char32_t c) {
  return isWordCharacter(c) ? Role::Word : isWhitespace(c) ? Role::Space : Role::Symbol;
}

Role spaceRole(char32_t c) { return isWhitespace(c) ? Role::Space : Role::Word; }

Role punctuationRole(char32_t c) { return isPunctuation(c) ? Role::Alone : Role::Word; }

template <Role (*roleOf)(char32_t)> class SplitByRole : public PreTokenizer {
public:
  void split(std::u32string_view text, std::vector<std::u32string_view> &words) const override {
    splitByRole(text, words, roleOf);
  }
};

class WholeText : public PreTokenizer {
public:
  void split(std::u32string_view text, std::vector<std::u32string_view> &words) const override {
    if (!text.empty())
      words.push_back(text);
  }
};

/// Each step splits the words of the one before.
class Sequence : public PreTokenizer {
public:
  explicit Sequence(std::vector<std::unique_ptr<PreTokenizer>> steps) : steps(std::move(steps)) {}
  void split(std::u32string_view text, std::vector<std::u32string_view> &words) const override {
    std::vector<std::u32string_view> current, next;
    if (!text.empty())
      current.push_back(text);
    for (const auto &step : steps) {
      next.clear();
      for (std::u32string_view word : current)
        step->split(word, next);
      current.swap(next);
    }
    words.insert(words.end(), current.begin(), current.end());
  }

private:
  std::vector<std::unique_ptr<PreTokenizer>> steps;
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
  if (auto behavior = description.optionalMember("behavior"))
    if (std::string name = behavior->asString(); name != "Isolated")
      behavior->fail("behavior " + inQuotes(name) + " is not supported; supported is: Isolated");
  return std::make_unique<SplitByRole<punctuationRole>>();
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

} // namespace

std::unique_ptr<PreTokenizer> tenon::text::makePreTokenizer(const JsonValue &description) {
  if (description.isNull())
    return std::make_unique<WholeText>();
  std::string type = description.member("type").asString();
  if (type == "Sequence")
    return makeSequence(description);
  if (type == "Punctuation")
    return makePunctuation(description);
  if (auto plain = makePlain(type)) {
    description.expectOnlyKeys({"type"});
    return plain;
  }
  description.fail("pre-tokenizer type " + inQuotes(type) +
                   " is not supported; supported are: BertPreTokenizer, Punctuation, Sequence, Whitespace, "
                   "WhitespaceSplit");
  return std::make_unique<WholeText>();
}
