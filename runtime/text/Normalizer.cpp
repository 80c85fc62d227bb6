//===- Normalizer.cpp - What happens to text before it is split -----------===//

#include "text/Normalizer.h"

#include "text/ByteAlphabet.h"
#include "text/Pattern.h"
#include "text/TextError.h"
#include "text/Unicode.h"

#include <algorithm>

using namespace tenon::text;

Normalizer::~Normalizer() = default;

namespace {

void lowercase(std::u32string &text) {
  std::u32string lower;
  lower.reserve(text.size());
  for (char32_t c : text)
    appendLowercase(c, lower);
  text = std::move(lower);
}

/// Any of them, held to what a stage may make.
class Bounded : public Normalizer {
public:
  Bounded(const std::string &type, std::unique_ptr<Normalizer> inner)
      : stage("normalizer " + type), inner(std::move(inner)) {}
  void apply(std::u32string &text, size_t &startLength) const override {
    inner->apply(text, startLength);
    checkStage(stage, text.size());
  }

private:
  const std::string stage;
  std::unique_ptr<Normalizer> inner;
};

/// What each character becomes does not depend on those before it.
class ByCharacter : public Normalizer {
public:
  void apply(std::u32string &text, size_t &startLength) const final {
    if (startLength != 0) {
      std::u32string start = text.substr(0, startLength);
      transform(start);
      startLength = start.size();
    }
    transform(text);
  }

protected:
  virtual void transform(std::u32string &text) const = 0;
};

class Sequence : public Normalizer {
public:
  explicit Sequence(std::vector<std::unique_ptr<Normalizer>> steps) : steps(std::move(steps)) {}
  void apply(std::u32string &text, size_t &startLength) const override {
    for (const auto &step : steps)
      step->apply(text, startLength);
  }

private:
  std::vector<std::unique_ptr<Normalizer>> steps;
};

class BertNormalizer : public ByCharacter {
public:
  explicit BertNormalizer(const JsonValue &description)
      : cleanText(description.member("clean_text").asBool()),
        spaceChinese(description.member("handle_chinese_chars").asBool()),
        lower(description.member("lowercase").asBool()) {
    auto strip = description.optionalMember("strip_accents");
    stripAccents = strip ? strip->asBool() : lower;
    description.expectOnlyKeys({"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
  }

protected:
  void transform(std::u32string &text) const override {
    if (cleanText)
      clean(text);
    if (spaceChinese)
      separateChinese(text);
    if (stripAccents) {
      normalize(NormalizationForm::NFD, text);
      std::erase_if(text, isNonspacingMark);
    }
    if (lower)
      lowercase(text);
  }

private:
  static void clean(std::u32string &text) {
    std::erase_if(text,
                  [](char32_t c) { return c == 0xFFFD || (isControl(c) && c != U'\t' && c != U'\n' && c != U'\r'); });
    std::replace_if(text.begin(), text.end(), isWhitespace, U' ');
  }

  static void separateChinese(std::u32string &text) {
    if (std::none_of(text.begin(), text.end(), isChineseCharacter))
      return;
    std::u32string spaced;
    spaced.reserve(text.size() * 3);
    for (char32_t c : text) {
      if (isChineseCharacter(c))
        spaced.append({U' ', c, U' '});
      else
        spaced.push_back(c);
    }
    text = std::move(spaced);
  }

  bool cleanText, spaceChinese, lower;
  bool stripAccents; ///< Left open by the file, it follows `lowercase`.
};

class Form : public ByCharacter {
public:
  explicit Form(NormalizationForm form) : form(form) {}

protected:
  void transform(std::u32string &text) const override { normalize(form, text); }

private:
  NormalizationForm form;
};

class Lowercase : public ByCharacter {
protected:
  void transform(std::u32string &text) const override { lowercase(text); }
};

class StripAccents : public ByCharacter {
protected:
  void transform(std::u32string &text) const override { std::erase_if(text, isCombiningMark); }
};

class Strip : public Normalizer {
public:
  explicit Strip(const JsonValue &description)
      : left(description.member("strip_left").asBool()), right(description.member("strip_right").asBool()) {
    description.expectOnlyKeys({"type", "strip_left", "strip_right"});
  }
  void apply(std::u32string &text, size_t &startLength) const override {
    if (right)
      while (!text.empty() && isWhitespace(text.back()))
        text.pop_back();
    size_t leading =
        left ? static_cast<size_t>(std::find_if_not(text.begin(), text.end(), isWhitespace) - text.begin()) : size_t(0);
    text.erase(0, leading);
    startLength -= std::min(startLength, leading);
  }

private:
  bool left, right;
};

class Replace : public Normalizer {
public:
  explicit Replace(const JsonValue &description)
      : pattern(description.member("pattern")), content(description.member("content").asCharacters()) {
    description.expectOnlyKeys({"type", "pattern", "content"});
  }

  void apply(std::u32string &text, size_t &startLength) const override {
    std::vector<Span> matches;
    Pattern::Search(pattern).findAll(text, matches);
    if (matches.empty())
      return;
    checkStage("normalizer Replace", text.size() + matches.size() * content.size());
    startLength = replacedStart(matches, startLength);
    text = Pattern::replaced(text, matches, content);
  }

private:
  /// What is put in counts as coming from the last character that it stands for.
  size_t replacedStart(const std::vector<Span> &matches, size_t startLength) const {
    size_t length = startLength;
    for (const Span &match : matches) {
      if (match.begin >= startLength)
        break;
      length -= std::min(match.end, startLength) - match.begin;
      if (match.end <= startLength)
        length += content.size();
    }
    return length;
  }

  Pattern pattern;
  std::u32string content;
};

class Prepend : public Normalizer {
public:
  explicit Prepend(const JsonValue &description) : prefix(description.member("prepend").asCharacters()) {
    description.expectOnlyKeys({"type", "prepend"});
  }
  void apply(std::u32string &text, size_t &startLength) const override {
    if (text.empty())
      return;
    checkStage("normalizer Prepend", text.size() + prefix.size());
    text.insert(0, prefix);
    startLength += startLength != 0 ? prefix.size() : 0;
  }

private:
  std::u32string prefix;
};

class ByteLevel : public ByCharacter {
protected:
  void transform(std::u32string &text) const override {
    std::u32string bytes;
    appendAsBytes(text, bytes);
    text = std::move(bytes);
  }
};

/// What Google's translation models do: control characters go, and whatever looks like a space becomes one.
class Nmt : public ByCharacter {
protected:
  void transform(std::u32string &text) const override {
    std::erase_if(text, [](char32_t c) {
      return (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
    });
    std::replace_if(text.begin(), text.end(), looksLikeSpace, U' ');
  }

private:
  static bool looksLikeSpace(char32_t c) {
    return c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 || (c >= 0x200B && c <= 0x200F) ||
           c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD;
  }
};

class Identity : public Normalizer {
public:
  void apply(std::u32string &, size_t &) const override {}
};

std::unique_ptr<Normalizer> makeSequence(const JsonValue &description) {
  description.expectOnlyKeys({"type", "normalizers"});
  std::vector<std::unique_ptr<Normalizer>> steps;
  for (const JsonValue &step : description.member("normalizers").elements())
    steps.push_back(makeNormalizer(step));
  return std::make_unique<Sequence>(std::move(steps));
}

/// Kinds that have nothing to set.
std::unique_ptr<Normalizer> makePlain(const std::string &type) {
  if (type == "NFC")
    return std::make_unique<Form>(NormalizationForm::NFC);
  if (type == "NFD")
    return std::make_unique<Form>(NormalizationForm::NFD);
  if (type == "NFKC")
    return std::make_unique<Form>(NormalizationForm::NFKC);
  if (type == "NFKD")
    return std::make_unique<Form>(NormalizationForm::NFKD);
  if (type == "Lowercase")
    return std::make_unique<Lowercase>();
  if (type == "StripAccents")
    return std::make_unique<StripAccents>();
  if (type == "ByteLevel")
    return std::make_unique<ByteLevel>();
  if (type == "Nmt")
    return std::make_unique<Nmt>();
  return nullptr;
}

std::unique_ptr<Normalizer> makeKind(const JsonValue &description, const std::string &type) {
  if (type == "BertNormalizer")
    return std::make_unique<BertNormalizer>(description);
  if (type == "Sequence")
    return makeSequence(description);
  if (type == "Strip")
    return std::make_unique<Strip>(description);
  if (type == "Precompiled")
    return makePrecompiled(description);
  if (type == "SentencePiece")
    return makeSentencePiece(description);
  if (type == "Prepend")
    return std::make_unique<Prepend>(description);
  if (type == "Replace")
    return std::make_unique<Replace>(description);
  if (auto plain = makePlain(type)) {
    description.expectOnlyKeys({"type"});
    return plain;
  }
  description.fail("normalizer type " + inQuotes(type) +
                   " is not supported; supported are: BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, "
                   "Nmt, Precompiled, Prepend, Replace, SentencePiece, Sequence, Strip, StripAccents");
  return std::make_unique<Identity>();
}

} // namespace

std::unique_ptr<Normalizer> tenon::text::makeNormalizer(const JsonValue &description) {
  if (description.isNull())
    return std::make_unique<Identity>();
  std::string type = description.member("type").asString();
  return std::make_unique<Bounded>(type, makeKind(description, type));
}
