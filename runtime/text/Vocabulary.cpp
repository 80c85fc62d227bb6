//===- Vocabulary.cpp - Tokens and their ids ------------------------------===//

#include "text/Vocabulary.h"

#include "text/ByteAlphabet.h"

#include <algorithm>
#include <limits>

using namespace tenon::text;

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
  return ids.find(token) == ids.end() && addAgain(std::move(token), id);
}

bool Vocabulary::addAgain(std::string token, int32_t id) {
  if (tokens.count(id))
    return false;
  auto [entry, isNew] = ids.try_emplace(std::move(token), id);
  entry->second = id;
  tokens.emplace(id, &entry->first); // Nodes of the map stay where they are.
  largest = std::max<int64_t>(largest, id);
  return true;
}

std::optional<int32_t> Vocabulary::idOf(std::string_view token) const {
  auto found = ids.find(token);
  return found == ids.end() ? std::nullopt : std::optional(found->second);
}

const std::string *Vocabulary::tokenOf(int32_t id) const {
  auto found = tokens.find(id);
  return found == tokens.end() ? nullptr : found->second;
}

ByteTokens::ByteTokens(const Vocabulary &vocabulary) {
  for (size_t byte = 0; byte < ids.size(); ++byte)
    ids[byte] = vocabulary.idOf(tokenOfByte(static_cast<uint8_t>(byte))).value_or(-1);
}

bool ByteTokens::append(std::string_view utf8, std::vector<int32_t> &out) const {
  auto idOf = [this](char byte) { return ids[static_cast<uint8_t>(byte)]; };
  if (std::any_of(utf8.begin(), utf8.end(), [&](char byte) { return idOf(byte) < 0; }))
    return false;
  for (char byte : utf8)
    out.push_back(idOf(byte));
  return true;
}
