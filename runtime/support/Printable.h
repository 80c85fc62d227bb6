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

/// Gives `append` a name piece by piece as a message shows it: on one line, whatever it holds. What steers a terminal
/// (control characters, separators of lines, directions of writing) and what is no UTF-8 comes as \xNN. Ends where
/// `append` returns false, having no room for a piece; returns whether it had for all.
template <typename Append> bool appendPrintable(std::string_view name, Append append) {
  while (!name.empty()) {
    size_t bytes = 0;
    char32_t c = firstCharacter(name, bytes);
    bool steers = c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
                  (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C;
    size_t taken = bytes == 0 ? 1 : bytes;
    char numbers[16];
    std::string_view piece = name.substr(0, taken);
    if (bytes == 0 || steers) {
      constexpr char digits[] = "0123456789abcdef";
      for (size_t index = 0; index < taken; ++index) {
        auto byte = static_cast<unsigned char>(name[index]);
        char *to = numbers + 4 * index;
        to[0] = '\\', to[1] = 'x', to[2] = digits[byte >> 4], to[3] = digits[byte & 15];
      }
      piece = {numbers, 4 * taken};
    }
    if (!append(piece))
      return false;
    name.remove_prefix(taken);
  }
  return true;
}

/// The same as a string; what is longer than `most` bytes ends with "...".
inline std::string printable(std::string_view name, size_t most = 120) {
  std::string shown;
  bool whole = appendPrintable(name, [&](std::string_view piece) {
    bool fits = piece.size() <= most - shown.size();
    if (fits)
      shown += piece;
    return fits;
  });
  return whole ? shown : shown + "...";
}

} // namespace tenon

#endif // TENON_SUPPORT_PRINTABLE_H
