//===- Normalizer.cpp - What happens to text before it is split -----------===//

#include "text/Normalizer.h"

#include "text/ByteAlphabet.h"
#include "text/Pattern.h"
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

/// Removes characters that `isRemoved` says yes to.
template <typename Predicate> void removeIf(std::u32string &text, bool &keepsStart, Predicate isRemoved) {
  keepsStart = keepsStart && (text.empty() || !isRemoved(text[0]));
  std::erase_if(text, isRemoved);
}

class Sequence : public Normalizer {
public:
  explicit Sequence(std::vector<std::unique_ptr<Normalizer>> steps) : steps(std::move(steps)) {}
  void apply(std::u32string &text, bool &keepsStart) const override {
    for (const auto &step : steps)
      step->apply(text, keepsStart);
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

  void apply(std::u32string &text, bool &keepsStart) const override {
    if (cleanText)
      clean(text, keepsStart);
    if (spaceChinese)
      separateChinese(text);
    if (stripAccents) {
      normalize(NormalizationForm::NFD, text);
      removeIf(text, keepsStart, isNonspacingMark);
    }
    if (lower)
      lowercase(text);
  }

private:
  static void clean(std::u32string &text, bool &keepsStart) {
    removeIf(text, keepsStart,
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
  void apply(std::u32string &text, bool &) const override { normalize(form, text); }

private:
  NormalizationForm form;
};

class Lowercase : public Normalizer {
public:
  void apply(std::u32string &text, bool &) const override { lowercase(text); }
};

class StripAccents : public Normalizer {
public:
  void apply(std::u32string &text, bool &keepsStart) const override { removeIf(text, keepsStart, isCombiningMark); }
};

class Strip : public Normalizer {
public:
  explicit Strip(const JsonValue &description)
      : left(description.member("strip_left").asBool()), right(description.member("strip_right").asBool()) {
    description.expectOnlyKeys({"type", "strip_left", "strip_right"});
  }
  void apply(std::u32string &text, bool &keepsStart) const override {
    if (right)
      while (!text.empty() && isWhitespace(text.back()))
        text.pop_back();
    auto first = std::find_if_not(text.begin(), text.end(), isWhitespace);
    if (!left || first == text.begin())
      return;
    text.erase(text.begin(), first);
    keepsStart = false;
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

  void apply(std::u32string &text, bool &keepsStart) const override {
    std::u32string replaced;
    std::optional<Span> first = pattern.replace(text, content, replaced);
    if (!first)
      return;
    // What stands in for several characters counts as the last of them.
    if (first->begin == 0 && (first->end > 1 || (first->end == 1 && content.empty())))
      keepsStart = false;
    text = std::move(replaced);
  }

private:
  Pattern pattern;
  std::u32string content;
};

class Prepend : public Normalizer {
public:
  explicit Prepend(const JsonValue &description) : prefix(description.member("prepend").asCharacters()) {
    description.expectOnlyKeys({"type", "prepend"});
  }
  void apply(std::u32string &text, bool &) const override {
    if (!text.empty())
      text.insert(0, prefix);
  }

private:
  std::u32string prefix;
};

class ByteLevel : public Normalizer {
public:
  void apply(std::u32string &text, bool &) const override {
    std::u32string bytes;
    appendAsBytes(text, bytes);
    text = std::move(bytes);
  }
};

/// What Google's translation models do: control characters go, and whatever looks like a space becomes one.
class Nmt : public Normalizer {
public:
  void apply(std::u32string &text, bool &keepsStart) const override {
    removeIf(text, keepsStart, [](char32_t c) {
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
  void apply(std::u32string &, bool &) const override {}
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
  if (type == "Precompiled")
    return makePrecompiled(description);
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
                   "Nmt, Precompiled, Prepend, Replace, Sequence, Strip, StripAccents");
  return std::make_unique<Identity>();
}
