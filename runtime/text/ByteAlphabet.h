//===- ByteAlphabet.h - Bytes as printable characters ----------*- C++ -*-===//
//
// GPT-2's alphabet: every byte is one character, printable Latin-1 ones themselves, the others from U+0100 on.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_BYTEALPHABET_H
#define TENON_TEXT_BYTEALPHABET_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::text {

char32_t characterOfByte(uint8_t byte);
std::optional<uint8_t> byteOfCharacter(char32_t c);

/// Appends the bytes of `text`'s UTF-8 as characters.
void appendAsBytes(std::u32string_view text, std::u32string &out);

/// The byte that a token such as "<0x0A>" stands for.
std::optional<uint8_t> byteOfToken(std::string_view token);
std::string tokenOfByte(uint8_t byte);

} // namespace tenon::text

#endif // TENON_TEXT_BYTEALPHABET_H
