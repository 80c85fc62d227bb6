//===- Precompiled.cpp - SentencePiece's table of replacements ------------===//
//
// The table: the trie's size in bytes, a double-array trie from UTF-8 strings to offsets, and the replacements, each
// ended by a NUL. Numbers are 32-bit and little-endian.
//
//===----------------------------------------------------------------------===//

#include "text/Normalizer.h"
#include "text/Unicode.h"

#include <algorithm>
#include <optional>

using namespace tenon::text;

namespace {

class Precompiled : public Normalizer {
public:
  explicit Precompiled(const JsonValue &description) {
    description.expectOnlyKeys({"type", "precompiled_charsmap"});
    JsonValue encoded = description.member("precompiled_charsmap");
    std::optional<std::string> bytes = decodeBase64(encoded.asString());
    if (bytes)
      read(*bytes, encoded);
    else
      encoded.fail("expected base64");
  }

  void apply(std::u32string &text, size_t &startLength) const override {
    if (units.empty())
      return;
    std::u32string out;
    Origins origins;
    size_t begin = 0;
    for (size_t end : graphemeEnds(text)) {
      appendReplaced(std::u32string_view(text).substr(begin, end - begin), out, origins);
      begin = end;
    }
    if (origins.changes)
      startLength = origins.startLength(startLength);
    text = std::move(out);
  }

private:
  /// Where the first characters that come out are from, in the way that Hugging Face's library counts: it loses count
  /// where what is removed has nothing before it.
  struct Origins {
    /// For each character that comes out, 1 for one that is new, else minus the number of those removed behind it.
    std::vector<int64_t> steps;
    bool changes = false;

    void add(size_t before, size_t after) {
      constexpr size_t kEnough = 256; // More than one character becomes.
      if (steps.size() > kEnough)
        return;
      changes |= before != 1 || after != 1;
      steps.resize(steps.size() + after, 0);
      for (size_t extra = before; extra < after; ++extra)
        steps[steps.size() - 1 - (extra - before)] = 1;
      if (before > after && !steps.empty())
        steps.back() -= static_cast<int64_t>(before - after);
    }

    size_t startLength(size_t length) const {
      size_t count = 0;
      int64_t at = 0;
      for (int64_t step : steps) {
        int64_t origin = step > 0 ? std::max<int64_t>(at - 1, 0) : at;
        if (origin >= static_cast<int64_t>(length))
          break;
        ++count;
        at += step > 0 ? 0 : 1 - step;
      }
      return count;
    }
  };

  static std::optional<std::string> decodeBase64(std::string_view text);
  void read(std::string_view bytes, const JsonValue &source);

  uint32_t wordAt(std::string_view bytes, size_t index) const {
    uint32_t word = 0;
    for (size_t i = 0; i < 4; ++i)
      word |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[index * 4 + i])) << 8 * i;
    return word;
  }

  static size_t childrenOf(uint32_t unit) { return (unit >> 10) << ((unit & 1u << 9) >> 6); }

  /// What the shortest entry that `key` begins with is replaced by.
  std::optional<std::u32string_view> find(std::string_view key) const;

  /// A short grapheme is looked up as one, and where that finds nothing, each character on its own. As only a prefix
  /// need match, marks behind a character with an entry of its own are lost; the models have been trained so.
  void appendReplaced(std::u32string_view grapheme, std::u32string &out, Origins &origins) const {
    constexpr size_t kLongest = 5; // Bytes.
    if (grapheme.size() > 1) {
      std::string key = encodeUtf8(grapheme);
      auto replacement = key.size() <= kLongest ? find(key) : std::nullopt;
      if (replacement) {
        out += *replacement;
        origins.add(grapheme.size(), replacement->size());
        return;
      }
    }
    for (char32_t c : grapheme) {
      auto replacement = find(encodeUtf8({&c, 1}));
      out += replacement ? *replacement : std::u32string_view(&c, 1);
      origins.add(1, replacement ? replacement->size() : 1);
    }
  }

  std::vector<uint32_t> units;
  std::u32string replacements;
  std::vector<size_t> characterAt; ///< By byte of the replacements' UTF-8.
};

std::optional<std::string> Precompiled::decodeBase64(std::string_view text) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t digits = text.size();
  while (digits > 0 && digits + 2 > text.size() && text[digits - 1] == '=')
    --digits;
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string bytes;
  uint32_t bits = 0, count = 0;
  for (char c : text.substr(0, digits)) {
    size_t digit = kDigits.find(c);
    if (digit == kDigits.npos)
      return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(bits >> count & 0xFF));
    }
  }
  return bytes;
}

void Precompiled::read(std::string_view bytes, const JsonValue &source) {
  if (bytes.empty())
    return;
  size_t trieBytes = bytes.size() < 4 ? 0 : wordAt(bytes, 0);
  if (bytes.size() < 4 || trieBytes > bytes.size() - 4 || trieBytes % 4 != 0)
    return source.fail("expected a trie of a multiple of 4 bytes within the table's " + std::to_string(bytes.size()) +
                       ", found " + std::to_string(trieBytes));
  for (size_t i = 0; i < trieBytes / 4; ++i)
    units.push_back(wordAt(bytes, i + 1));
  std::string_view text = bytes.substr(4 + trieBytes);
  size_t bad;
  if (!decodeUtf8(text, replacements, bad))
    return source.fail("the replacements are not UTF-8 at byte " + std::to_string(bad) + " of " +
                       std::to_string(text.size()));
  for (size_t i = 0; i < replacements.size(); ++i)
    characterAt.insert(characterAt.end(), encodeUtf8({&replacements[i], 1}).size(), i);
}

std::optional<std::u32string_view> Precompiled::find(std::string_view key) const {
  constexpr uint32_t kLabel = 1u << 31 | 0xFF, kHasLeaf = 1u << 8, kValue = (1u << 31) - 1;
  size_t node = childrenOf(units[0]);
  for (char c : key) {
    auto byte = static_cast<uint8_t>(c);
    if (byte == 0)
      break;
    node ^= byte;
    if (node >= units.size() || (units[node] & kLabel) != byte)
      break;
    uint32_t unit = units[node];
    node ^= childrenOf(unit);
    if (!(unit & kHasLeaf))
      continue;
    size_t offset = node < units.size() ? units[node] & kValue : characterAt.size();
    if (offset >= characterAt.size())
      return std::u32string_view();
    std::u32string_view rest = std::u32string_view(replacements).substr(characterAt[offset]);
    return rest.substr(0, rest.find(U'\0'));
  }
  return std::nullopt;
}

} // namespace

std::unique_ptr<Normalizer> tenon::text::makePrecompiled(const JsonValue &description) {
  return std::make_unique<Precompiled>(description);
}
