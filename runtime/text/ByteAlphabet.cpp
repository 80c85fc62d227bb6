//===- ByteAlphabet.cpp - Bytes as printable characters -------------------===//

#include "text/ByteAlphabet.h"

#include "text/Unicode.h"

#include <array>

using namespace tenon::text;

namespace {

constexpr bool isItself(unsigned byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

constexpr std::array<uint16_t, 256> kCharacters = [] {
  std::array<uint16_t, 256> characters{};
  uint16_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte)
    characters[byte] = isItself(byte) ? static_cast<uint16_t>(byte) : next++;
  return characters;
}();

constexpr size_t kAlphabetEnd = 0x144; ///< One more than the last character.

constexpr std::array<int16_t, kAlphabetEnd> kBytes = [] {
  std::array<int16_t, kAlphabetEnd> bytes{};
  bytes.fill(-1);
  for (unsigned byte = 0; byte < 256; ++byte)
    bytes[kCharacters[byte]] = static_cast<int16_t>(byte);
  return bytes;
}();

int hexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

char32_t tenon::text::characterOfByte(uint8_t byte) { return kCharacters[byte]; }

std::optional<uint8_t> tenon::text::byteOfCharacter(char32_t c) {
  if (c >= kAlphabetEnd || kBytes[c] < 0)
    return std::nullopt;
  return static_cast<uint8_t>(kBytes[c]);
}

void tenon::text::appendAsBytes(std::u32string_view text, std::u32string &out) {
  for (char32_t c : text)
    forEachUtf8Byte(c, [&](uint8_t byte) { out.push_back(kCharacters[byte]); });
}

std::optional<uint8_t> tenon::text::byteOfToken(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>')
    return std::nullopt;
  int high = hexDigit(token[3]), low = hexDigit(token[4]);
  // Rust's parser of numbers takes a sign.
  if (token[3] == '+' && low >= 0)
    return static_cast<uint8_t>(low);
  if (high < 0 || low < 0)
    return std::nullopt;
  return static_cast<uint8_t>(high << 4 | low);
}

std::string tenon::text::tokenOfByte(uint8_t byte) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  return std::string("<0x") + kDigits[byte >> 4] + kDigits[byte & 15] + ">";
}
