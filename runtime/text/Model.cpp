//===- Model.cpp - Words to token ids -------------------------------------===//

#include "text/Model.h"

using namespace tenon::text;

Model::~Model() = default;

/// Files written before the key existed have none, and are told by their other keys.
static std::string typeOf(const JsonValue &description) {
  if (auto type = description.optionalMember("type"))
    return type->asString();
  if (description.optionalMember("merges"))
    return "BPE";
  auto vocabulary = description.optionalMember("vocab");
  return vocabulary && vocabulary->raw().is_array() ? "Unigram" : "WordPiece";
}

std::unique_ptr<Model> tenon::text::makeModel(const JsonValue &description) {
  std::string type = typeOf(description);
  if (type == "BPE")
    return makeBytePairs(description);
  if (type == "Unigram")
    return makeUnigram(description);
  if (type == "WordPiece")
    return makeWordPiece(description);
  description.fail("model type " + inQuotes(type) + " is not supported; supported are: BPE, Unigram, WordPiece");
  return nullptr;
}
