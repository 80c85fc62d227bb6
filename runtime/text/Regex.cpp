//===- Regex.cpp - Regular expressions of a tokenizer.json ----------------===//

#include "text/Regex.h"

#include "text/TextError.h"
#include "text/Unicode.h"

#include <new>
#include <optional>
#include <unicode/regex.h>
#include <unicode/unistr.h>

using namespace tenon::text;

namespace {

/// Oniguruma's \w, inside and outside of a bracketed set.
constexpr std::string_view kWord = R"([[\w\u00b2\u00b3\u00b9\u00bc-\u00be]--[\u200c\u200d]])";
constexpr std::string_view kNotWord = R"([^[\w\u00b2\u00b3\u00b9\u00bc-\u00be]--[\u200c\u200d]])";

constexpr std::string_view kSupportedEscapes =
    R"(\p \P \s \S \d \D \w \W \r \n \t \f \a \e \A \z \x \u and \ before punctuation)";

/// Rewrites a pattern from Oniguruma's syntax to ICU's, or says what of it is not supported.
class Translation {
public:
  explicit Translation(std::string_view pattern) : pattern(pattern) {}

  std::optional<std::string> run() {
    while (at < pattern.size() && problem.empty()) {
      char c = pattern[at];
      if (c == '\\')
        escape();
      else if (c == '(' && depthInSet == 0)
        group();
      else if (c == '[')
        openSet();
      else
        plain(c);
    }
    return problem.empty() ? std::optional(out) : std::nullopt;
  }

  std::string problem;

private:
  char next(size_t ahead = 1) const { return at + ahead < pattern.size() ? pattern[at + ahead] : '\0'; }

  void copy(size_t count) {
    out += pattern.substr(at, count);
    at += count;
  }

  void escape() {
    char c = next();
    if (c == 'w' || c == 'W') {
      out += c == 'w' ? kWord : kNotWord;
      at += 2;
    } else if (static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("pPsSdDrntfaeAzxu").find(c) != std::string_view::npos ||
               (c > ' ' && c < 0x7F && !isWordCharacter(static_cast<char32_t>(c)))) {
      size_t end = (c == 'p' || c == 'P' || c == 'x') && next(2) == '{' ? pattern.find('}', at) : at + 1;
      copy(end == pattern.npos ? pattern.size() - at : end + 1 - at);
    } else {
      problem = "\\" + std::string(1, c) + " is not supported; supported are: " + std::string(kSupportedEscapes);
    }
  }

  void group() {
    if (next() != '?') {
      copy(1);
      return;
    }
    char kind = next(2);
    if (kind == ':' || kind == '=' || kind == '!' || kind == '>')
      return copy(3);
    if (kind == '<' && (next(3) == '=' || next(3) == '!'))
      return copy(4);
    if (kind == 'i' && (next(3) == ':' || (next(3) == ')' && at == 0)))
      return copy(4);
    problem = "group \"" + std::string(pattern.substr(at, 4)) +
              "\" is not supported; supported are: (, (?:, (?=, (?!, (?<=, (?<!, (?>, (?i: and (?i) at the start";
  }

  void openSet() {
    if (next() == ':') {
      problem = "[:name:] is not supported; supported is: \\p{name}";
      return;
    }
    ++depthInSet;
    copy(next() == '^' ? 2 : 1);
    // A bracket that comes first stands for itself in neither library's default syntax.
  }

  void plain(char c) {
    if (c == ']' && depthInSet > 0)
      --depthInSet;
    if (depthInSet == 0 && c == '{')
      if (size_t end = pattern.find('}', at);
          end != pattern.npos && end + 1 < pattern.size() && pattern[end + 1] == '+') {
        problem = "a + behind {} is not supported; supported are: {}, {}? and a group around the inner one";
        return;
      }
    // ICU gives these a meaning inside a set that Oniguruma does not.
    if (depthInSet > 0 && ((c == '-' && next() == '-') || (c == '{') || (c == '}') || (c == '$')))
      out += '\\';
    if (depthInSet > 0 && c == '&' && next() == '&')
      return copy(2);
    copy(1);
  }

  std::string_view pattern;
  std::string out;
  size_t at = 0, depthInSet = 0;
};

/// ICU counts a step for every 10,000 states that it saves: this allows 50 for a character, where the expressions of
/// the well-known tokenizers need about ten.
int32_t stepsFor(size_t characters) { return static_cast<int32_t>(1000 + characters / 200); }
constexpr int32_t kStackBytes = 1 << 26;

} // namespace

struct Regex::Compiled {
  std::unique_ptr<icu::RegexPattern> pattern;
  std::string text;
};

Regex::Regex(const JsonValue &pattern) {
  auto result = std::make_shared<Compiled>();
  result->text = pattern.asString();
  Translation translation(result->text);
  std::optional<std::string> translated = translation.run();
  if (!translated) {
    pattern.fail("regular expression " + inQuotes(result->text) + ": " + translation.problem);
    return;
  }
  UErrorCode status = U_ZERO_ERROR;
  UParseError where{};
  // In Ruby's syntax ^ and $ are those of lines, which end at \n alone.
  result->pattern.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(*translated),
                                                   UREGEX_MULTILINE | UREGEX_UNIX_LINES, where, status));
  if (status == U_MEMORY_ALLOCATION_ERROR)
    throw std::bad_alloc();
  if (U_FAILURE(status)) {
    pattern.fail("regular expression " + inQuotes(result->text) + ": " + u_errorName(status) + " at character " +
                 std::to_string(where.offset) + " of " + inQuotes(*translated));
    return;
  }
  compiled = std::move(result);
}

struct Regex::Search::State {
  std::shared_ptr<const Compiled> regex;
  std::unique_ptr<icu::RegexMatcher> matcher;
  std::u16string units;
  std::vector<uint32_t> characterAt; ///< By unit; empty where units are characters.
};

Regex::Search::Search(const Regex &regex) : state(std::make_unique<State>()) {
  UErrorCode status = U_ZERO_ERROR;
  state->regex = regex.compiled;
  state->matcher.reset(regex.compiled->pattern->matcher(status));
  state->matcher->setStackLimit(kStackBytes, status);
  if (U_FAILURE(status))
    throw std::bad_alloc();
}

Regex::Search::~Search() = default;

/// Leaves the text in UTF-16 in `units`.
static void convert(std::u32string_view text, std::u16string &units, std::vector<uint32_t> &characterAt) {
  units.clear();
  characterAt.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    char32_t c = asKnownToIcu(text[i]);
    if (c >= 0x10000 && characterAt.empty())
      for (uint32_t before = 0; before < i; ++before)
        characterAt.push_back(before);
    if (c >= 0x10000) {
      units.push_back(static_cast<char16_t>(0xD7C0 + (c >> 10)));
      units.push_back(static_cast<char16_t>(0xDC00 + (c & 0x3FF)));
      characterAt.insert(characterAt.end(), 2, static_cast<uint32_t>(i));
    } else {
      units.push_back(static_cast<char16_t>(c));
      if (!characterAt.empty())
        characterAt.push_back(static_cast<uint32_t>(i));
    }
  }
  if (!characterAt.empty())
    characterAt.push_back(static_cast<uint32_t>(text.size()));
}

void Regex::Search::findAll(std::u32string_view text, std::vector<Span> &matches) {
  matches.clear();
  State &s = *state;
  convert(text, s.units, s.characterAt);
  const icu::UnicodeString subject(false, s.units.data(), static_cast<int32_t>(s.units.size()));
  UErrorCode status = U_ZERO_ERROR;
  s.matcher->reset(subject);
  s.matcher->setTimeLimit(stepsFor(text.size()), status);
  auto toCharacter = [&](int32_t unit) {
    return s.characterAt.empty() ? static_cast<size_t>(unit) : size_t(s.characterAt[static_cast<size_t>(unit)]);
  };
  while (U_SUCCESS(status) && s.matcher->find(status)) {
    Span match{toCharacter(s.matcher->start(status)), toCharacter(s.matcher->end(status))};
    // An empty match right behind a match does not count.
    if (match.begin != match.end || matches.empty() || matches.back().end != match.end)
      matches.push_back(match);
  }
  if (status == U_MEMORY_ALLOCATION_ERROR)
    throw std::bad_alloc();
  if (U_FAILURE(status))
    throw TextError("regular expression " + inQuotes(s.regex->text) + " takes too " +
                    (status == U_REGEX_STACK_OVERFLOW ? "much memory, over " + std::to_string(kStackBytes) + " bytes,"
                                                      : std::string("many steps")) +
                    " on a text of " + std::to_string(text.size()) + " characters");
}
