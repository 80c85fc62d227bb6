//===- Unicode.cpp - Characters as the tokenizers see them ----------------===//

#include "text/Unicode.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <new>
#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>

using namespace tenon::text;

namespace {

struct Range {
  char32_t first, last;
};

/// Word characters that Unicode 15.1 and 16 added, for an ICU that does not have them yet.
constexpr Range kLaterWordCharacters[] = {
    {0x0897, 0x0897},   {0x1c89, 0x1c8a},   {0xa7cb, 0xa7cd},   {0xa7da, 0xa7dc},   {0x105c0, 0x105f3},
    {0x10d40, 0x10d65}, {0x10d69, 0x10d6d}, {0x10d6f, 0x10d85}, {0x10ec2, 0x10ec4}, {0x10efc, 0x10efc},
    {0x11380, 0x11389}, {0x1138b, 0x1138b}, {0x1138e, 0x1138e}, {0x11390, 0x113b5}, {0x113b7, 0x113c0},
    {0x113c2, 0x113c2}, {0x113c5, 0x113c5}, {0x113c7, 0x113ca}, {0x113cc, 0x113d3}, {0x113e1, 0x113e2},
    {0x116d0, 0x116e3}, {0x11bc0, 0x11be0}, {0x11bf0, 0x11bf9}, {0x11f5a, 0x11f5a}, {0x13460, 0x143fa},
    {0x16100, 0x16139}, {0x16d40, 0x16d6c}, {0x16d70, 0x16d79}, {0x18cff, 0x18cff}, {0x1ccf0, 0x1ccf9},
    {0x1e5d0, 0x1e5fa}, {0x2ebf0, 0x2ee5d}};

struct StandIn {
  Range range;
  char32_t known; ///< A character of the same category that every ICU has.
};

/// The characters that Unicode 15.1 and 16 added.
constexpr StandIn kLaterCharacters[] = {
    {{0x897, 0x897}, 0x300},      {{0x1b4e, 0x1b4f}, 0x2020},   {{0x1b7f, 0x1b7f}, 0x2020},
    {{0x1c89, 0x1c89}, 0x13a0},   {{0x1c8a, 0x1c8a}, 0x1d00},   {{0x2427, 0x2429}, 0x2300},
    {{0x2ffc, 0x2fff}, 0x2300},   {{0x31e4, 0x31e5}, 0x2300},   {{0x31ef, 0x31ef}, 0x2300},
    {{0xa7cb, 0xa7cc}, 0x13a0},   {{0xa7cd, 0xa7cd}, 0x1d00},   {{0xa7da, 0xa7da}, 0x13a0},
    {{0xa7db, 0xa7db}, 0x1d00},   {{0xa7dc, 0xa7dc}, 0x13a0},   {{0x105c0, 0x105f3}, 0x4e00},
    {{0x10d40, 0x10d49}, 0x660},  {{0x10d4a, 0x10d4d}, 0x4e00}, {{0x10d4e, 0x10d4e}, 0x2b0},
    {{0x10d4f, 0x10d4f}, 0x4e00}, {{0x10d50, 0x10d65}, 0x13a0}, {{0x10d69, 0x10d6d}, 0x300},
    {{0x10d6e, 0x10d6e}, 0x2010}, {{0x10d6f, 0x10d6f}, 0x2b0},  {{0x10d70, 0x10d85}, 0x1d00},
    {{0x10d8e, 0x10d8f}, 0x2200}, {{0x10ec2, 0x10ec4}, 0x4e00}, {{0x10efc, 0x10efc}, 0x300},
    {{0x11380, 0x11389}, 0x4e00}, {{0x1138b, 0x1138b}, 0x4e00}, {{0x1138e, 0x1138e}, 0x4e00},
    {{0x11390, 0x113b5}, 0x4e00}, {{0x113b7, 0x113b7}, 0x4e00}, {{0x113b8, 0x113ba}, 0x903},
    {{0x113bb, 0x113c0}, 0x300},  {{0x113c2, 0x113c2}, 0x903},  {{0x113c5, 0x113c5}, 0x903},
    {{0x113c7, 0x113ca}, 0x903},  {{0x113cc, 0x113cd}, 0x903},  {{0x113ce, 0x113ce}, 0x300},
    {{0x113cf, 0x113cf}, 0x903},  {{0x113d0, 0x113d0}, 0x300},  {{0x113d1, 0x113d1}, 0x4e00},
    {{0x113d2, 0x113d2}, 0x300},  {{0x113d3, 0x113d3}, 0x4e00}, {{0x113d4, 0x113d5}, 0x2020},
    {{0x113d7, 0x113d8}, 0x2020}, {{0x113e1, 0x113e2}, 0x300},  {{0x116d0, 0x116e3}, 0x660},
    {{0x11bc0, 0x11be0}, 0x4e00}, {{0x11be1, 0x11be1}, 0x2020}, {{0x11bf0, 0x11bf9}, 0x660},
    {{0x11f5a, 0x11f5a}, 0x300},  {{0x13460, 0x143fa}, 0x4e00}, {{0x16100, 0x1611d}, 0x4e00},
    {{0x1611e, 0x16129}, 0x300},  {{0x1612a, 0x1612c}, 0x903},  {{0x1612d, 0x1612f}, 0x300},
    {{0x16130, 0x16139}, 0x660},  {{0x16d40, 0x16d42}, 0x2b0},  {{0x16d43, 0x16d6a}, 0x4e00},
    {{0x16d6b, 0x16d6c}, 0x2b0},  {{0x16d6d, 0x16d6f}, 0x2020}, {{0x16d70, 0x16d79}, 0x660},
    {{0x18cff, 0x18cff}, 0x4e00}, {{0x1cc00, 0x1ccef}, 0x2300}, {{0x1ccf0, 0x1ccf9}, 0x660},
    {{0x1cd00, 0x1ceb3}, 0x2300}, {{0x1e5d0, 0x1e5ed}, 0x4e00}, {{0x1e5ee, 0x1e5ef}, 0x300},
    {{0x1e5f0, 0x1e5f0}, 0x4e00}, {{0x1e5f1, 0x1e5fa}, 0x660},  {{0x1e5ff, 0x1e5ff}, 0x2020},
    {{0x1f8b2, 0x1f8bb}, 0x2300}, {{0x1f8c0, 0x1f8c1}, 0x2300}, {{0x1fa89, 0x1fa89}, 0x2300},
    {{0x1fa8f, 0x1fa8f}, 0x2300}, {{0x1fabe, 0x1fabe}, 0x2300}, {{0x1fac6, 0x1fac6}, 0x2300},
    {{0x1fadc, 0x1fadc}, 0x2300}, {{0x1fadf, 0x1fadf}, 0x2300}, {{0x1fae9, 0x1fae9}, 0x2300},
    {{0x1fbcb, 0x1fbef}, 0x2300}, {{0x2ebf0, 0x2ee5d}, 0x4e00}};

struct CaseRange {
  Range upper;
  int32_t toLower;
};

/// Capitals that Unicode 16 and 17 added.
constexpr CaseRange kLaterCapitals[] = {{{0x1c89, 0x1c89}, 1},    {{0xa7cb, 0xa7cb}, 0x0264 - 0xa7cb},
                                        {{0xa7cc, 0xa7cc}, 1},    {{0xa7ce, 0xa7ce}, 1},
                                        {{0xa7d2, 0xa7d2}, 1},    {{0xa7d4, 0xa7d4}, 1},
                                        {{0xa7da, 0xa7da}, 1},    {{0xa7dc, 0xa7dc}, 0x019b - 0xa7dc},
                                        {{0x10d50, 0x10d65}, 32}, {{0x16ea0, 0x16eb8}, 27}};

bool existedIn(char32_t c, uint8_t unicodeMajor) {
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] != 0 && (age[0] < unicodeMajor || (age[0] == unicodeMajor && age[1] == 0));
}

uint32_t categoryMask(char32_t c) { return U_GET_GC_MASK(static_cast<UChar32>(c)); }

bool hasProperty(char32_t c, UProperty property) { return u_hasBinaryProperty(static_cast<UChar32>(c), property); }

/// ICU's normaliser, blind to characters later than Unicode 9. They then stand still and combine with nothing, which is
/// what unassigned characters do.
class Normalizer9 {
public:
  explicit Normalizer9(const icu::Normalizer2 *current, UErrorCode &status)
      : known(UNICODE_STRING_SIMPLE("[:age=9.0:]"), status), filtered(*current, known) {
    known.freeze();
  }
  const icu::Normalizer2 &get() const { return filtered; }

private:
  icu::UnicodeSet known;
  icu::FilteredNormalizer2 filtered;
};

const icu::Normalizer2 *currentNormalizer(NormalizationForm form, UErrorCode &status) {
  switch (form) {
  case NormalizationForm::NFC:
    return icu::Normalizer2::getNFCInstance(status);
  case NormalizationForm::NFD:
    return icu::Normalizer2::getNFDInstance(status);
  case NormalizationForm::NFKC:
    return icu::Normalizer2::getNFKCInstance(status);
  case NormalizationForm::NFKD:
    return icu::Normalizer2::getNFKDInstance(status);
  }
  return nullptr;
}

template <NormalizationForm form> const icu::Normalizer2 &normalizer9() {
  static const Normalizer9 instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2 *current = currentNormalizer(form, status);
    if (U_FAILURE(status))
      throw std::bad_alloc(); // ICU's own data is built in: only memory can be missing.
    return Normalizer9(current, status);
  }();
  return instance.get();
}

const icu::Normalizer2 &normalizerOf(NormalizationForm form) {
  switch (form) {
  case NormalizationForm::NFC:
    return normalizer9<NormalizationForm::NFC>();
  case NormalizationForm::NFD:
    return normalizer9<NormalizationForm::NFD>();
  case NormalizationForm::NFKC:
    return normalizer9<NormalizationForm::NFKC>();
  case NormalizationForm::NFKD:
    break;
  }
  return normalizer9<NormalizationForm::NFKD>();
}

/// The length of the well-formed character at the start of `bytes`, 0 if there is none (RFC 3629: no surrogates,
/// nothing overlong, nothing above U+10FFFF).
size_t decodeOne(std::string_view bytes, char32_t &c) {
  auto byte = [&](size_t i) { return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : uint8_t(0); };
  auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  uint8_t lead = byte(0);
  if (lead < 0x80) {
    c = lead;
    return 1;
  }
  if (lead >= 0xC2 && lead < 0xE0 && continues(1)) {
    c = (lead & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    return 2;
  }
  if (lead >= 0xE0 && lead < 0xF0 && continues(1) && continues(2)) {
    c = (lead & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return c >= 0x800 && !(c >= 0xD800 && c < 0xE000) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead < 0xF5 && continues(1) && continues(2) && continues(3)) {
    c = (lead & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    return c >= 0x10000 && c < 0x110000 ? 4 : 0;
  }
  return 0;
}

} // namespace

bool tenon::text::decodeUtf8(std::string_view utf8, std::u32string &out, size_t &badOffset) {
  out.reserve(out.size() + utf8.size());
  for (size_t offset = 0; offset < utf8.size();) {
    char32_t c;
    size_t length = decodeOne(utf8.substr(offset), c);
    if (length == 0) {
      badOffset = offset;
      return false;
    }
    out.push_back(c);
    offset += length;
  }
  return true;
}

Utf8Prefix tenon::text::utf8Prefix(std::string_view bytes) {
  char32_t ignored;
  if (size_t length = decodeOne(bytes, ignored))
    return {Utf8Prefix::Character, length};
  auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  uint8_t lead = byte(0);
  if (lead < 0xC2 || lead > 0xF4)
    return {Utf8Prefix::Stray, 1};
  // The second byte has limits of its own: against overlong forms, surrogates and what lies beyond U+10FFFF.
  uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  size_t whole = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, length = 1;
  if (bytes.size() > 1 && byte(1) >= least && byte(1) <= most)
    for (++length; length < whole && length < bytes.size() && (byte(length) & 0xC0) == 0x80;)
      ++length;
  return {Utf8Prefix::Cut, length};
}

std::string tenon::text::encodeUtf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char32_t c : text)
    forEachUtf8Byte(c, [&](uint8_t byte) { out.push_back(static_cast<char>(byte)); });
  return out;
}

bool tenon::text::isWhitespace(char32_t c) {
  if (c < 0x80)
    return c == ' ' || (c >= '\t' && c <= '\r');
  return hasProperty(c, UCHAR_WHITE_SPACE);
}

bool tenon::text::isControl(char32_t c) {
  if (c < 0x80)
    return c < 0x20 || c == 0x7F;
  uint32_t mask = categoryMask(c);
  return (mask & (U_GC_CC_MASK | U_GC_CO_MASK)) || ((mask & U_GC_CF_MASK) && existedIn(c, 8));
}

bool tenon::text::isPunctuation(char32_t c) {
  if (c < 0x80)
    return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
  // Two characters were punctuation in Unicode 8 and have another category since.
  return ((categoryMask(c) & U_GC_P_MASK) && existedIn(c, 8)) || c == 0x166D || c == 0x111C9;
}

bool tenon::text::isNonspacingMark(char32_t c) {
  if (c < 0x300)
    return false;
  // Unicode 8's categories: U+1734 has left Mn since; U+1885, U+1886, U+A9BD and U+111C9 have joined it.
  if (c == 0x1734)
    return true;
  if (c == 0x1885 || c == 0x1886 || c == 0xA9BD || c == 0x111C9)
    return false;
  return (categoryMask(c) & U_GC_MN_MASK) && existedIn(c, 8);
}

bool tenon::text::isCombiningMark(char32_t c) {
  if (c < 0x300)
    return false;
  // Unicode 9's categories: U+1CF2 and U+1CF3 have left M* since; U+111C9 has joined it.
  if (c == 0x1CF2 || c == 0x1CF3)
    return true;
  return c != 0x111C9 && (categoryMask(c) & U_GC_M_MASK) && existedIn(c, 9);
}

bool tenon::text::isWordCharacter(char32_t c) {
  if (c < 0x80)
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  if (categoryMask(c) & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK))
    return true;
  if (hasProperty(c, UCHAR_ALPHABETIC) || hasProperty(c, UCHAR_JOIN_CONTROL))
    return true;
  const Range *range = std::lower_bound(std::begin(kLaterWordCharacters), std::end(kLaterWordCharacters), c,
                                        [](const Range &range, char32_t c) { return range.last < c; });
  return range != std::end(kLaterWordCharacters) && range->first <= c;
}

char32_t tenon::text::asKnownToIcu(char32_t c) {
  if (c < kLaterCharacters[0].range.first)
    return c;
  const StandIn *found = std::lower_bound(std::begin(kLaterCharacters), std::end(kLaterCharacters), c,
                                          [](const StandIn &entry, char32_t c) { return entry.range.last < c; });
  return found != std::end(kLaterCharacters) && found->range.first <= c ? found->known : c;
}

bool tenon::text::isLetter(char32_t c) {
  if (c < 0x80)
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  return categoryMask(asKnownToIcu(c)) & U_GC_L_MASK;
}

bool tenon::text::isNumber(char32_t c) {
  if (c < 0x80)
    return c >= '0' && c <= '9';
  return categoryMask(asKnownToIcu(c)) & U_GC_N_MASK;
}

bool tenon::text::isNumeric(char32_t c) {
  // Numbers that Unicode 17 added.
  return isNumber(c) || (c >= 0x11DE0 && c <= 0x11DE9) || (c >= 0x16FF4 && c <= 0x16FF6);
}

bool tenon::text::isChineseCharacter(char32_t c) {
  return c >= 0x3400 && (c <= 0x4DBF || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
                         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B81F) ||
                         (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0x2F800 && c <= 0x2FA1F));
}

void tenon::text::appendLowercase(char32_t c, std::u32string &out) {
  if (c < 0x80) {
    out.push_back(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return;
  }
  if (c == 0x130) { // The only character that is two in lower case: i with a dot that combines.
    out.append(U"i\u0307");
    return;
  }
  char32_t lower = static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  if (lower == c && c >= 0x1C89)
    for (const CaseRange &range : kLaterCapitals)
      if (c >= range.upper.first && c <= range.upper.last)
        lower = static_cast<char32_t>(static_cast<int32_t>(c) + range.toLower);
  out.push_back(lower);
}

/// Appends `text` in the normal form.
static void appendNormalized(const icu::Normalizer2 &normalizer, std::u32string_view text, std::u32string &out) {
  static_assert(sizeof(char32_t) == sizeof(UChar32));
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString result = normalizer.normalize(
      icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32 *>(text.data()), static_cast<int32_t>(text.size())),
      status);
  if (U_FAILURE(status) || result.isBogus())
    throw std::bad_alloc();
  for (int32_t i = 0; i < result.length(); i = result.moveIndex32(i, 1))
    out.push_back(static_cast<char32_t>(result.char32At(i)));
}

void tenon::text::normalize(NormalizationForm form, std::u32string &text) {
  // Below U+00A0 every form leaves every character alone, and none of these joins what stands before it: only the rest
  // is looked at, each time with the character before it.
  auto isInert = [](char32_t c) { return c < 0xA0; };
  auto at = std::find_if_not(text.begin(), text.end(), isInert);
  if (at == text.end())
    return;
  const icu::Normalizer2 &normalizer = normalizerOf(form);
  std::u32string out;
  out.reserve(text.size());
  auto done = text.begin();
  while (at != text.end()) {
    if (at != done)
      --at;
    out.append(done, at);
    auto begin = at;
    // `begin` may be inert itself; what follows it up to the next inert one is not.
    done = std::find_if(begin + 1, text.end(), isInert);
    appendNormalized(
        normalizer,
        std::u32string_view(text).substr(static_cast<size_t>(begin - text.begin()), static_cast<size_t>(done - begin)),
        out);
    at = std::find_if_not(done, text.end(), isInert);
  }
  text = std::move(out.append(done, text.end()));
}

std::vector<size_t> tenon::text::graphemeEnds(std::u32string_view text) {
  std::vector<size_t> ends;
  // Below the first character that combines, only a carriage return and a line feed belong together.
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) {
    for (size_t i = 0; i < text.size(); ++i)
      if (!(text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n'))
        ends.push_back(i + 1);
    return ends;
  }
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<icu::BreakIterator> boundaries(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  icu::UnicodeString units;
  for (char32_t c : text)
    units.append(static_cast<UChar32>(asKnownToIcu(c)));
  if (U_FAILURE(status) || units.isBogus())
    throw std::bad_alloc();
  boundaries->setText(units);
  size_t character = 0;
  int32_t unit = 0;
  for (int32_t end = boundaries->next(); end != icu::BreakIterator::DONE; end = boundaries->next()) {
    for (; unit < end; ++character)
      unit += U16_LENGTH(asKnownToIcu(text[character]));
    ends.push_back(character);
  }
  return ends;
}
