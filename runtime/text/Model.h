//===- Model.h - Words to token ids ----------------------------*- C++ -*-===//

#ifndef TENON_TEXT_MODEL_H
#define TENON_TEXT_MODEL_H

#include "text/Json.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tenon::text {

/// Tokens and their ids, both ways.
class Vocabulary {
public:
  /// Reads an object of tokens and ids. An id twice, or one that is no int32, is an error of `description`.
  explicit Vocabulary(const JsonValue &description);
  Vocabulary() = default;

  bool add(std::string token, int32_t id);
  std::optional<int32_t> idOf(const std::string &token) const;
  const std::string *tokenOf(int32_t id) const; ///< Null for an id without one.
  size_t count() const { return ids.size(); }
  int64_t largestId() const { return largest; } ///< -1 for an empty vocabulary.
  const std::unordered_map<std::string, int32_t> &entries() const { return ids; }

private:
  std::unordered_map<std::string, int32_t> ids;
  std::unordered_map<int32_t, const std::string *> tokens;
  int64_t largest = -1;
};

class Model {
public:
  virtual ~Model();
  /// Appends the ids of one word.
  virtual void tokenize(std::u32string_view word, std::vector<int32_t> &ids) const = 0;
  virtual const Vocabulary &vocabulary() const = 0;
};

/// The `model` of a tokenizer.json; null after an error, which is in `description`.
std::unique_ptr<Model> makeModel(const JsonValue &description);

std::unique_ptr<Model> makeWordPiece(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_MODEL_H
