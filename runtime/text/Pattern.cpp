//===- Pattern.cpp - A string or a regular expression ---------------------===//

#include "text/Pattern.h"
#include "text/TextError.h"

using namespace tenon::text;

Pattern::Pattern(const JsonValue &description) {
  description.expectOnlyKeys({"String", "Regex"});
  if (description.failed())
    return;
  if (auto expression = description.optionalMember("Regex")) {
    regex.emplace(*expression);
    return;
  }
  string = description.member("String").asCharacters();
  if (string.empty())
    description.fail("expected a string of at least one character, found an empty one");
}

Pattern::Search::Search(const Pattern &pattern) : pattern(pattern) {
  if (pattern.regex)
    regex.emplace(*pattern.regex);
}

void Pattern::Search::findAll(std::u32string_view text, std::vector<Span> &matches) {
  if (regex)
    return regex->findAll(text, matches);
  matches.clear();
  for (size_t at = text.find(pattern.string); at != text.npos; at = text.find(pattern.string, matches.back().end))
    matches.push_back({at, at + pattern.string.size()});
}

std::u32string Pattern::replace(std::u32string_view text, std::u32string_view content) const {
  std::vector<Span> matches;
  Search(*this).findAll(text, matches);
  return replaced(text, matches, content);
}

std::u32string Pattern::replaced(std::u32string_view text, const std::vector<Span> &matches,
                                 std::u32string_view content) {
  checkStage("Replace", text.size() + matches.size() * content.size());
  std::u32string out;
  size_t done = 0;
  for (const Span &match : matches) {
    out.append(text.substr(done, match.begin - done)).append(content);
    done = match.end;
  }
  return out.append(text.substr(done));
}
