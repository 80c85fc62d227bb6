//===- CharacterMap.cpp ---------------------------------------------------===//

#include "text/CharacterMap.h"

#include "text/Unicode.h"

#include <algorithm>

using namespace tenon::text;

namespace {

std::optional<std::string> decodeBase64(std::string_view text) {
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

uint32_t wordAt(std::string_view bytes, size_t index) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i)
    word |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[index * 4 + i])) << 8 * i;
  return word;
}

size_t childrenOf(uint32_t unit) { return (unit >> 10) << ((unit & 1u << 9) >> 6); }

} // namespace

CharacterMap::CharacterMap(const JsonValue &encoded) {
  std::optional<std::string> bytes = decodeBase64(encoded.asString());
  if (bytes)
    read(*bytes, encoded);
  else
    encoded.fail("expected base64");
}

void CharacterMap::read(std::string_view bytes, const JsonValue &source) {
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

/// Nothing for an offset that is not one of a replacement.
std::u32string_view CharacterMap::replacementAt(size_t offset) const {
  if (offset >= characterAt.size())
    return {};
  std::u32string_view rest = std::u32string_view(replacements).substr(characterAt[offset]);
  return rest.substr(0, rest.find(U'\0'));
}

template <typename Visit> void CharacterMap::forEachPrefix(std::string_view key, Visit visit) const {
  constexpr uint32_t kLabel = 1u << 31 | 0xFF, kHasLeaf = 1u << 8, kValue = (1u << 31) - 1;
  size_t node = units.empty() ? 0 : childrenOf(units[0]);
  for (size_t i = 0; i < key.size() && !units.empty(); ++i) {
    auto byte = static_cast<uint8_t>(key[i]);
    if (byte == 0)
      return;
    node ^= byte;
    if (node >= units.size() || (units[node] & kLabel) != byte)
      return;
    uint32_t unit = units[node];
    node ^= childrenOf(unit);
    if (!(unit & kHasLeaf))
      continue;
    size_t offset = node < units.size() ? units[node] & kValue : characterAt.size();
    if (!visit(Match{i + 1, replacementAt(offset)}))
      return;
  }
}

std::optional<CharacterMap::Match> CharacterMap::shortest(std::string_view key) const {
  std::optional<Match> found;
  forEachPrefix(key, [&](Match match) {
    found = match;
    return false;
  });
  return found;
}

std::optional<CharacterMap::Match> CharacterMap::longest(std::string_view key) const {
  std::optional<Match> found;
  forEachPrefix(key, [&](Match match) {
    found = match;
    return true;
  });
  return found;
}
