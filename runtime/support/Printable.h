//===- Printable.h - Names out of files, in messages ------------*- C++ -*-===//

#ifndef TENON_SUPPORT_PRINTABLE_H
#define TENON_SUPPORT_PRINTABLE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon {

/// The first character of UTF-8 text and its length in bytes; of what is none, the first byte and 0.
inline char32_t firstCharacter(std::string_view text, size_t &bytes) {
  auto byte = [&](size_t index) { return static_cast<unsigned char>(text[index]); };
  unsigned lead = byte(0);
  bytes = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : 4;
  char32_t character = bytes == 1 ? lead : lead & (0x7F >> bytes);
  bool good = (lead < 0x80 || (lead >= 0xC2 && lead < 0xF5)) && bytes <= text.size();
  for (size_t index = 1; good && index < bytes; ++index) {
    good = (byte(index) & 0xC0) == 0x80;
    character = character << 6 | (byte(index) & 0x3F);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (good && character >= least[bytes] && character <= 0x10FFFF && (character < 0xD800 || character > 0xDFFF))
    return character;
  bytes = 0;
  return lead;
}

/// A name that comes from a file as a message shows it: on one line, whatever it holds. What steers a terminal (control
/// characters, separators of lines, directions of writing) and what is no UTF-8 is written as \xNN, and what is longer
/// than `most` bytes ends with "...".
inline std::string printable(std::string_view name, size_t most = 120) {
  constexpr char digits[] = "0123456789abcdef";
  std::string shown;
  while (!name.empty()) {
    size_t bytes = 0;
    char32_t c = firstCharacter(name, bytes);
    bool steers = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
                  (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C;
    std::string piece(name.substr(0, bytes));
    if (bytes == 0 || steers) {
      piece.clear();
      for (unsigned char byte : name.substr(0, bytes == 0 ? 1 : bytes))
        piece += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    if (shown.size() + piece.size() > most)
      return shown + "...";
    shown += piece;
    name.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return shown;
}

} // namespace tenon

#endif // TENON_SUPPORT_PRINTABLE_H
