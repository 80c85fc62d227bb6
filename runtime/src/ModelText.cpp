//===- ModelText.cpp - The text side of a model ---------------------------===//

#include "Failure.h"
#include "Model.h"
#include "text/Tokenizer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tenon::runtime {

const text::Tokenizer &Model::tokenizer() const {
  std::lock_guard lock(tokenizerMutex);
  if (builtTokenizer)
    return *builtTokenizer;
  if (!hasTokenizer())
    fail(TENON_ERROR_TOKENIZER, "model ", description.name, " has no tokenizer");
  std::string error;
  builtTokenizer =
      text::Tokenizer::fromJson({library.table().tokenizer, size_t(library.table().tokenizer_size)}, error);
  if (!builtTokenizer)
    fail(TENON_ERROR_TOKENIZER, "tokenizer of ", description.name, ": ", error);
  return *builtTokenizer;
}

std::vector<int32_t> Model::tokenize(std::string_view text, size_t maxTokens) const {
  text::Encoding encoding;
  std::string error;
  if (!tokenizer().encode(text, maxTokens, encoding, error))
    fail(TENON_ERROR_TOKENIZER, error);
  return std::move(encoding.ids);
}

std::string Model::detokenize(const std::vector<int32_t> &ids) const { return tokenizer().decode(ids); }

size_t Model::textTokenLimit() const {
  const Limits &limits = description.limits;
  if (limits.textTokens != 0)
    return size_t(limits.textTokens);
  std::lock_guard lock(tokenizerMutex);
  if (truncation < 0)
    truncation =
        hasTokenizer() ? tokenizerTruncation({library.table().tokenizer, size_t(library.table().tokenizer_size)}) : 0;
  if (truncation == 0 || limits.positions == 0)
    return size_t(std::max(truncation, limits.positions));
  return size_t(std::min(truncation, limits.positions));
}

int64_t tokenizerTruncation(std::string_view json) {
  using Json = nlohmann::json;
  // The vocabulary, most of the file, is passed over.
  auto keep = [](int depth, Json::parse_event_t event, Json &parsed) {
    return event != Json::parse_event_t::key || depth != 1 || parsed == "truncation";
  };
  Json root = Json::parse(json, keep, /*allow_exceptions=*/false);
  if (!root.is_object() || !root.contains("truncation") || !root["truncation"].is_object())
    return 0;
  const Json &length = root["truncation"].value("max_length", Json());
  return length.is_number_unsigned() ? int64_t(std::min<uint64_t>(length.get<uint64_t>(), INT32_MAX)) : 0;
}

} // namespace tenon::runtime
