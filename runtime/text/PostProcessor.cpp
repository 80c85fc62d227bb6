//===- PostProcessor.cpp - Special tokens around a text -------------------===//

#include "text/PostProcessor.h"

#include "text/TextError.h"

#include <algorithm>
#include <limits>

using namespace tenon::text;

size_t Template::specialCount() const {
  size_t count = 0;
  for (const Piece &piece : pieces)
    count += piece.ids.size();
  return count;
}

void Template::apply(const std::vector<int32_t> &textIds, bool addSpecial, Encoding &out) const {
  size_t count = addSpecial ? specialCount() : 0;
  for (const Piece &piece : pieces)
    count += piece.ids.empty() ? textIds.size() : 0;
  checkStage("the post-processor", count, "tokens");
  for (const Piece &piece : pieces) {
    if (!piece.ids.empty() && !addSpecial)
      continue;
    const std::vector<int32_t> &ids = piece.ids.empty() ? textIds : piece.ids;
    out.ids.insert(out.ids.end(), ids.begin(), ids.end());
    out.types.insert(out.types.end(), ids.size(), piece.type);
  }
}

Template Template::followedBy(const Template &next) const {
  std::vector<Piece> all;
  for (const Piece &outer : next.pieces) {
    if (!outer.ids.empty())
      all.push_back(outer);
    else
      for (const Piece &inner : pieces)
        all.push_back({inner.ids, outer.type});
  }
  return Template(std::move(all));
}

int64_t Template::largestId() const {
  int64_t largest = -1;
  for (const Piece &piece : pieces)
    for (int32_t id : piece.ids)
      largest = std::max<int64_t>(largest, id);
  return largest;
}

namespace {

constexpr int64_t kLargestId = std::numeric_limits<int32_t>::max();

int32_t asId(const JsonValue &value) { return static_cast<int32_t>(value.asCount(kLargestId)); }

std::vector<int32_t> specialIds(const JsonValue &special, const std::string &name) {
  std::vector<int32_t> ids;
  JsonValue entry = special.member(name);
  if (entry.failed())
    return ids;
  entry.expectOnlyKeys({"id", "ids", "tokens"});
  for (const JsonValue &id : entry.member("ids").elements())
    ids.push_back(asId(id));
  if (ids.empty())
    entry.fail("expected at least one id, found none");
  return ids;
}

Template::Piece templatePiece(const JsonValue &piece, const JsonValue &special) {
  piece.expectOnlyKeys({"SpecialToken", "Sequence"});
  if (piece.size() != 1) {
    piece.fail("expected one of SpecialToken and Sequence, found " + std::to_string(piece.size()) + " keys");
    return {};
  }
  if (auto token = piece.optionalMember("SpecialToken")) {
    token->expectOnlyKeys({"id", "type_id"});
    return {specialIds(special, token->member("id").asString()), asId(token->member("type_id"))};
  }
  JsonValue sequence = piece.member("Sequence");
  sequence.expectOnlyKeys({"id", "type_id"});
  if (std::string id = sequence.member("id").asString(); id != "A")
    sequence.fail("sequence " + inQuotes(id) + " in a template for one text; expected A");
  return {{}, asId(sequence.member("type_id"))};
}

Template makeTemplateProcessing(const JsonValue &description) {
  description.expectOnlyKeys({"type", "single", "pair", "special_tokens"});
  std::vector<Template::Piece> pieces;
  JsonValue special = description.member("special_tokens");
  special.expectObject();
  for (const JsonValue &piece : description.member("single").elements())
    pieces.push_back(templatePiece(piece, special));
  return Template(std::move(pieces));
}

/// `["[CLS]", 101]`
int32_t tokenAndId(const JsonValue &pair) {
  std::vector<JsonValue> parts = pair.elements();
  if (parts.size() != 2) {
    pair.fail("expected a token and its id, found " + std::to_string(parts.size()) + " elements");
    return 0;
  }
  parts[0].asString();
  return asId(parts[1]);
}

Template makeClsSep(const JsonValue &description) {
  int32_t cls = tokenAndId(description.member("cls")), sep = tokenAndId(description.member("sep"));
  return Template({{{cls}, 0}, {{}, 0}, {{sep}, 0}});
}

Template makeSequence(const JsonValue &description) {
  description.expectOnlyKeys({"type", "processors"});
  Template all({{{}, 0}});
  for (const JsonValue &step : description.member("processors").elements()) {
    if (description.failed())
      break;
    all = all.followedBy(makeTemplate(step));
    // Templates that repeat the text make each other grow.
    constexpr size_t kMost = 1024;
    if (size_t count = all.pieceCount(); count > kMost)
      step.fail("the processors together have " + std::to_string(count) + " pieces, expected at most " +
                std::to_string(kMost));
  }
  return all;
}

} // namespace

Template tenon::text::makeTemplate(const JsonValue &description) {
  Template none({{{}, 0}});
  if (description.isNull())
    return none;
  std::string type = description.member("type").asString();
  if (type == "TemplateProcessing")
    return makeTemplateProcessing(description);
  if (type == "BertProcessing") {
    description.expectOnlyKeys({"type", "sep", "cls"});
    return makeClsSep(description);
  }
  if (type == "RobertaProcessing") {
    // The last two only move the offsets of tokens, which are not reported here.
    description.expectOnlyKeys({"type", "sep", "cls", "trim_offsets", "add_prefix_space"});
    return makeClsSep(description);
  }
  if (type == "ByteLevel") {
    // It moves the offsets of tokens only.
    description.expectOnlyKeys({"type", "add_prefix_space", "trim_offsets", "use_regex"});
    return none;
  }
  if (type == "Sequence")
    return makeSequence(description);
  description.fail("post-processor type " + inQuotes(type) +
                   " is not supported; supported are: BertProcessing, ByteLevel, RobertaProcessing, Sequence, "
                   "TemplateProcessing");
  return none;
}
