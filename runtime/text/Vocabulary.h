//===- Vocabulary.h - Tokens and their ids ---------------------*- C++ -*-===//

#ifndef TENON_TEXT_VOCABULARY_H
#define TENON_TEXT_VOCABULARY_H

#include "text/Json.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tenon::text {

/// Tokens and their ids, both ways.
class Vocabulary {
public:
  /// Reads an object of tokens and ids. An id twice, or one that is no int32, is an error of `description`.
  explicit Vocabulary(const JsonValue &description);
  Vocabulary() = default;

  bool add(std::string token, int32_t id);
  /// A token may be listed again: its last id is then the one that it has, and all of them stand for it.
  bool addAgain(std::string token, int32_t id);
  std::optional<int32_t> idOf(std::string_view token) const;
  const std::string *tokenOf(int32_t id) const; ///< Null for an id without one.
  size_t count() const { return ids.size(); }
  int64_t largestId() const { return largest; } ///< -1 for an empty vocabulary.

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Entries = std::unordered_map<std::string, int32_t, Hash, std::equal_to<>>;
  const Entries &entries() const { return ids; }

private:
  Entries ids;
  std::unordered_map<int32_t, const std::string *> tokens;
  int64_t largest = -1;
};

/// The ids of the tokens "<0x00>" to "<0xFF>", for text that has no other.
class ByteTokens {
public:
  ByteTokens() { ids.fill(-1); }
  explicit ByteTokens(const Vocabulary &vocabulary);
  /// Appends the ids of the bytes of `utf8`; nothing and false where one has none.
  bool append(std::string_view utf8, std::vector<int32_t> &out) const;

private:
  std::array<int32_t, 256> ids;
};

} // namespace tenon::text

#endif // TENON_TEXT_VOCABULARY_H
