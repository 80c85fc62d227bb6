//===- Normalizer.cpp - What happens to text before it is split -----------===//

#include "text/Normalizer.h"

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

class Sequence : public Normalizer {
public:
  explicit Sequence(std::vector<std::unique_ptr<Normalizer>> steps) : steps(std::move(steps)) {}
  void apply(std::u32string &text) const override {
    for (const auto &step : steps)
      step->apply(text);
  }

private:
  std::vector<std::unique_ptr<Normalizer>> steps;
};

class BertNormalizer : public Normalizer {
public:
  explicit BertNormalizer(const JsonValue &description)
      : cleanText(description.member("clean_text").asBool()),
        spaceChinese(description.member("handle_chinese_chars").asBool()),
        lower(description.member("lowercase").asBool()) {
    auto strip = description.optionalMember("strip_accents");
    stripAccents = strip ? strip->asBool() : lower;
    description.expectOnlyKeys({"type", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase"});
  }

  void apply(std::u32string &text) const override {
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

class Form : public Normalizer {
public:
  explicit Form(NormalizationForm form) : form(form) {}
  void apply(std::u32string &text) const override { normalize(form, text); }

private:
  NormalizationForm form;
};

class Lowercase : public Normalizer {
public:
  void apply(std::u32string &text) const override { lowercase(text); }
};

class StripAccents : public Normalizer {
public:
  void apply(std::u32string &text) const override { std::erase_if(text, isCombiningMark); }
};

class Strip : public Normalizer {
public:
  explicit Strip(const JsonValue &description)
      : left(description.member("strip_left").asBool()), right(description.member("strip_right").asBool()) {
    description.expectOnlyKeys({"type", "strip_left", "strip_right"});
  }
  void apply(std::u32string &text) const override {
    if (right)
      while (!text.empty() && isWhitespace(text.back()))
        text.pop_back();
    if (left)
      text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), isWhitespace));
  }

private:
  bool left, right;
};

/// Every occurrence of one string by another.
class Replace : public Normalizer {
public:
  explicit Replace(const JsonValue &description) {
    description.expectOnlyKeys({"type", "pattern", "content"});
    JsonValue pattern = description.member("pattern");
    pattern.expectOnlyKeys({"String"}); // The other kind is Regex.
    size_t ignored;                     // A JSON string is UTF-8: the parser saw to that.
    decodeUtf8(pattern.member("String").asString(), from, ignored);
    decodeUtf8(description.member("content").asString(), to, ignored);
    if (from.empty())
      pattern.fail("expected a string of at least one character to replace, found an empty one");
  }
  void apply(std::u32string &text) const override {
    size_t at = text.find(from);
    if (at == text.npos)
      return;
    std::u32string replaced;
    size_t done = 0;
    for (; at != text.npos; at = text.find(from, done)) {
      replaced.append(text, done, at - done).append(to);
      done = at + from.size();
    }
    text = replaced.append(text, done);
  }

private:
  std::u32string from, to;
};

class Identity : public Normalizer {
public:
  void apply(std::u32string &) const override {}
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
  return nullptr;
}

} // namespace

std::unique_ptr<Normalizer> tenon::text::makeNormalizer(const JsonValue &description) {
  if (description.isNull())
    return std::make_unique<Identity>();
  std::string type = description.member("type").asString();
  if (type == "BertNormalizer")
    return std::make_unique<BertNormalizer>(description);
  if (type == "Sequence")
    return makeSequence(description);
  if (type == "Strip")
    return std::make_unique<Strip>(description);
  if (type == "Replace")
    return std::make_unique<Replace>(description);
  if (auto plain = makePlain(type)) {
    description.expectOnlyKeys({"type"});
    return plain;
  }
  description.fail("normalizer type " + inQuotes(type) +
                   " is not supported; supported are: BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, Replace, "
                   "Sequence, Strip, StripAccents");
  return std::make_unique<Identity>();
}
