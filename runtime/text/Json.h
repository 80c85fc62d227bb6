//===- Json.h - Checked reading of a JSON file -----------------*- C++ -*-===//
//
// Every question asked of a value names what is expected. The first answer that disappoints is kept, with the place it
// was found in, and all later ones give harmless defaults: a reader asks everything and looks for an error once.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TEXT_JSON_H
#define TENON_TEXT_JSON_H

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

/// Owns what a text holds. Taking it apart needs no memory; nlohmann::json's own destructor does, and ends the process
/// where there is none.
struct JsonDocument {
  JsonDocument() = default;
  JsonDocument(const JsonDocument &) = delete;
  JsonDocument &operator=(const JsonDocument &) = delete;
  ~JsonDocument();
  nlohmann::json root;
};

/// Parses; throws nothing but std::bad_alloc. Rejects nesting deeper than 32 and objects that have a key twice.
bool parseJson(std::string_view text, JsonDocument &out, std::string &error);

class JsonValue {
public:
  JsonValue(const nlohmann::json &value, std::string path, std::string &error)
      : value(&value), path(std::move(path)), error(&error) {}

  bool isNull() const { return value->is_null(); }
  size_t size() const { return value->size(); }
  const nlohmann::json &raw() const { return *value; }

  /// The member `key`: an error and null where it is missing.
  JsonValue member(std::string_view key) const;
  /// The member `key` unless it is missing or null.
  std::optional<JsonValue> optionalMember(std::string_view key) const;
  /// `standIn` in the place of the member `key`.
  JsonValue elsewhere(const nlohmann::json &standIn, std::string_view key) const;
  /// The elements, none and an error unless this is an array.
  std::vector<JsonValue> elements() const;

  std::string asString() const;
  std::u32string asCharacters() const; ///< A string, decoded.
  char32_t asCharacter() const;        ///< A string of one character.
  double asNumber() const;
  bool asBool() const;
  /// An integer in [0, `largest`].
  int64_t asCount(int64_t largest) const;

  /// An error unless this is an object.
  bool expectObject() const;
  /// An error unless this is an array.
  bool expectArray() const;
  /// An error for the first key that is not one of `keys`.
  void expectOnlyKeys(std::initializer_list<std::string_view> keys) const;

  void fail(std::string_view message) const;
  bool failed() const { return !error->empty(); }

private:
  void failType(std::string_view expected) const;

  const nlohmann::json *value;
  std::string path;
  std::string *error;
};

/// `"text"` for a message: shortened when long, without control characters.
std::string inQuotes(std::string_view text);

} // namespace tenon::text

#endif // TENON_TEXT_JSON_H
