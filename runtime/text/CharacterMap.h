//===- CharacterMap.h - SentencePiece's table of replacements --*- C++ -*-===//
//
// The table: the trie's size in bytes, a double-array trie from UTF-8 strings to offsets, and the replacements, each
// ended by a NUL. Numbers are 32-bit and little-endian.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_CHARACTERMAP_H
#define TENON_TEXT_CHARACTERMAP_H

#include "text/Json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class CharacterMap {
public:
  /// Reads the base64 in `encoded`, where errors go to.
  explicit CharacterMap(const JsonValue &encoded);

  bool empty() const { return units.empty(); }

  struct Match {
    size_t length = 0; ///< Bytes of the key.
    std::u32string_view replacement;
  };
  /// The shortest entry that `key`, UTF-8, begins with.
  std::optional<Match> shortest(std::string_view key) const;
  /// The longest one.
  std::optional<Match> longest(std::string_view key) const;

private:
  void read(std::string_view bytes, const JsonValue &source);
  /// Calls `visit` with the match of each entry that `key` begins with, shortest first, until it returns false.
  template <typename Visit> void forEachPrefix(std::string_view key, Visit visit) const;
  std::u32string_view replacementAt(size_t offset) const;

  std::vector<uint32_t> units;
  std::u32string replacements;
  std::vector<size_t> characterAt; ///< By byte of the replacements' UTF-8.
};

} // namespace tenon::text

#endif // TENON_TEXT_CHARACTERMAP_H
