//===- Json.h - JSON as the runtime reads it --------------------*- C++ -*-===//
//
// nlohmann's parser with a document of our own: destroying nlohmann's allocates, which ends the process when there is
// no memory, and it keeps the last of several members of one name.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_JSON_H
#define TENON_RUNTIME_JSON_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

struct JsonValue {
  enum class Kind { Null, Boolean, Integer, OtherNumber, String, Array, Object };

  Kind kind = Kind::Null;
  bool boolean = false;
  int64_t integer = 0;           ///< exact; larger ones are OtherNumber
  std::string text;              ///< of a String, or an OtherNumber as it was written
  std::vector<std::string> keys; ///< of an Object, one for each of `items`
  std::vector<JsonValue> items;

  bool is(Kind other) const { return kind == other; }
  /// The member of that name; nullptr if there is none or this is no object.
  const JsonValue *find(std::string_view key) const;
  /// "object", "string", ...
  const char *kindName() const;
  /// A number as digits, anything else as its kind.
  std::string show() const;
};

struct JsonError {
  std::string message;
};

/// Parses a whole text; a JsonError says what is wrong with it. With `only`, members of the outermost object that have
/// another name are checked and passed over.
JsonValue parseJson(std::string_view text, std::string_view only = {});

} // namespace tenon::runtime

#endif // TENON_RUNTIME_JSON_H
