//===- SpacePreTokenizers.cpp - Words that carry their spaces -------------===//
//
// ByteLevel (GPT-2) and Metaspace (SentencePiece): a word keeps the space before it, as a character of its own.
//
//===----------------------------------------------------------------------===//

#include "text/ByteAlphabet.h"
#include "text/PreTokenizer.h"
#include "text/Unicode.h"

using namespace tenon::text;

namespace {

/// The length of an English contraction's end ('s, 't, 're, 've, 'm, 'll, 'd) at the start of `text`; 0 for none.
size_t contraction(std::u32string_view text) {
  if (text.size() < 2 || text[0] != U'\'')
    return 0;
  switch (text[1]) {
  case U's':
  case U't':
  case U'm':
  case U'd':
    return 2;
  case U'r':
  case U'v':
    return text.size() > 2 && text[2] == U'e' ? 3 : 0;
  case U'l':
    return text.size() > 2 && text[2] == U'l' ? 3 : 0;
  default:
    return 0;
  }
}

enum class Kind { Letter, Number, Space, Other };

Kind kindOf(char32_t c) {
  return isLetter(c) ? Kind::Letter : isNumber(c) ? Kind::Number : isWhitespace(c) ? Kind::Space : Kind::Other;
}

/// What GPT-2's expression matches at the start of `text`:
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t gpt2Word(std::u32string_view text) {
  if (size_t length = contraction(text))
    return length;
  size_t end = text[0] == U' ' && text.size() > 1 && kindOf(text[1]) != Kind::Space ? 1 : 0;
  Kind kind = kindOf(text[end]);
  for (++end; end < text.size() && kindOf(text[end]) == kind; ++end)
    ;
  // The last space before something else belongs to that, unless there is no other.
  return kind == Kind::Space && end < text.size() && end > 1 ? end - 1 : end;
}

class ByteLevel : public PreTokenizer {
public:
  explicit ByteLevel(const JsonValue &description) : addPrefixSpace(description.member("add_prefix_space").asBool()) {
    // Where tokens lie in the text is not reported here.
    description.expectOnlyKeys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    auto regex = description.optionalMember("use_regex");
    useRegex = !regex || regex->asBool();
  }

  void split(Words &words) const override {
    Words out;
    out.text.reserve(words.text.size() + words.text.size() / 2);
    std::u32string prefixed;
    for (size_t i = 0; i < words.spans.size(); ++i) {
      std::u32string_view word = words[i];
      size_t start = words.startLengthOf(i);
      if (addPrefixSpace && word[0] != U' ') {
        prefixed.assign(1, U' ').append(word);
        word = prefixed;
        start += start != 0 ? 1 : 0;
      }
      out.startLength += encodeUtf8(word.substr(0, start)).size();
      while (!word.empty()) {
        size_t length = useRegex ? gpt2Word(word) : word.size();
        size_t begin = out.text.size();
        appendAsBytes(word.substr(0, length), out.text);
        out.spans.push_back({begin, out.text.size()});
        word.remove_prefix(length);
      }
    }
    words = std::move(out);
  }

private:
  bool addPrefixSpace, useRegex;
};

class Metaspace : public PreTokenizer {
public:
  explicit Metaspace(const JsonValue &description)
      : scheme(readPrependScheme(description)), mark(description.member("replacement").asCharacter()) {
    description.expectOnlyKeys({"type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep"});
    auto split = description.optionalMember("split");
    splits = !split || split->asBool();
  }

  void split(Words &words) const override {
    Words out;
    out.text.reserve(words.text.size() + words.spans.size());
    for (size_t i = 0; i < words.spans.size(); ++i) {
      std::u32string_view word = words[i];
      size_t begin = out.text.size();
      size_t start = words.startLengthOf(i);
      bool prepends = scheme == PrependScheme::Always || (scheme == PrependScheme::First && start != 0);
      if (prepends && word[0] != U' ' && word[0] != mark) {
        out.text.push_back(mark);
        start += start != 0 ? 1 : 0;
      }
      out.startLength += start;
      for (char32_t c : word)
        out.text.push_back(c == U' ' ? mark : c);
      appendWords(out, begin);
    }
    words = std::move(out);
  }

private:
  /// A mark begins a word.
  void appendWords(Words &out, size_t begin) const {
    size_t end = out.text.size();
    for (size_t i = begin + 1; splits && i < end; ++i)
      if (out.text[i] == mark) {
        out.spans.push_back({begin, i});
        begin = i;
      }
    out.spans.push_back({begin, end});
  }

  PrependScheme scheme;
  char32_t mark;
  bool splits;
};

} // namespace

PrependScheme tenon::text::readPrependScheme(const JsonValue &description) {
  PrependScheme scheme = PrependScheme::Always;
  auto named = description.optionalMember("prepend_scheme");
  if (named) {
    std::string name = named->asString();
    if (name == "first")
      scheme = PrependScheme::First;
    else if (name == "never")
      scheme = PrependScheme::Never;
    else if (name != "always")
      named->fail("scheme " + inQuotes(name) + " is not supported; supported are: always, first, never");
  }
  // What files had before there were schemes.
  auto prefix = description.optionalMember("add_prefix_space");
  if (!prefix || prefix->asBool() || scheme == PrependScheme::Never)
    return scheme;
  if (named)
    prefix->fail("false contradicts the prepend_scheme, expected true");
  return PrependScheme::Never;
}

std::unique_ptr<PreTokenizer> tenon::text::makeByteLevelPreTokenizer(const JsonValue &description) {
  return std::make_unique<ByteLevel>(description);
}

std::unique_ptr<PreTokenizer> tenon::text::makeMetaspacePreTokenizer(const JsonValue &description) {
  return std::make_unique<Metaspace>(description);
}
