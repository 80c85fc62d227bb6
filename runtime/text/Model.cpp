//===- Model.cpp - Words to token ids -------------------------------------===//

#include "text/Model.h"

#include <algorithm>
#include <limits>

using namespace tenon::text;

Model::~Model() = default;

Vocabulary::Vocabulary(const JsonValue &description) {
  if (!description.expectObject())
    return;
  ids.reserve(description.size());
  tokens.reserve(description.size());
  for (const auto &[token, id] : description.raw().items()) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > std::numeric_limits<int32_t>::max()) {
      description.fail("token " + inQuotes(token) + ": expected an id from 0 to 2147483647, found " + id.dump());
      return;
    }
    if (!add(token, id.get<int32_t>())) {
      description.fail("tokens " + inQuotes(*tokenOf(id.get<int32_t>())) + " and " + inQuotes(token) +
                       " have the same id, " + id.dump());
      return;
    }
  }
}

bool Vocabulary::add(std::string token, int32_t id) {
  if (tokens.count(id))
    return false;
  auto [entry, isNew] = ids.emplace(std::move(token), id);
  if (!isNew)
    return false;
  tokens.emplace(id, &entry->first); // Nodes of the map stay where they are.
  largest = std::max<int64_t>(largest, id);
  return true;
}

std::optional<int32_t> Vocabulary::idOf(const std::string &token) const {
  auto found = ids.find(token);
  return found == ids.end() ? std::nullopt : std::optional(found->second);
}

const std::string *Vocabulary::tokenOf(int32_t id) const {
  auto found = tokens.find(id);
  return found == tokens.end() ? nullptr : found->second;
}

std::unique_ptr<Model> tenon::text::makeModel(const JsonValue &description) {
  // Files written before the key existed have none, and are told by their other keys.
  auto type = description.optionalMember("type");
  std::string name = type ? type->asString() : "WordPiece";
  if (name == "WordPiece")
    return makeWordPiece(description);
  description.fail("model type " + inQuotes(name) + " is not supported; supported is: WordPiece");
  return nullptr;
}
