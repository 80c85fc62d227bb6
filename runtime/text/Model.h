//===- Model.h - Words to token ids ----------------------------*- C++ -*-===//

#ifndef TENON_TEXT_MODEL_H
#define TENON_TEXT_MODEL_H

#include "text/Json.h"
#include "text/Vocabulary.h"
#include "text/Words.h"

#include <memory>
#include <unordered_set>
#include <vector>

namespace tenon::text {

using IdSet = std::unordered_set<int32_t>;

class Model {
public:
  virtual ~Model();
  /// Appends the ids of all words. Those of `barred` are not given for text that spells them, but still where a model
  /// knows no other id, as the unknown token is. Throws TextError for text that the vocabulary has no ids for.
  virtual void tokenize(const Words &words, const IdSet &barred, std::vector<int32_t> &ids) const = 0;
  virtual const Vocabulary &vocabulary() const = 0;
};

/// The `model` of a tokenizer.json; null after an error, which is in `description`.
std::unique_ptr<Model> makeModel(const JsonValue &description);

std::unique_ptr<Model> makeBytePairs(const JsonValue &description);
std::unique_ptr<Model> makeUnigram(const JsonValue &description);
std::unique_ptr<Model> makeWordPiece(const JsonValue &description);

} // namespace tenon::text

#endif // TENON_TEXT_MODEL_H
