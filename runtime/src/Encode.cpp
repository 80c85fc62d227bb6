//===- Encode.cpp - Rows of tokens and texts into embeddings --------------===//

#include "Encode.h"

#include "Failure.h"
#include "Sizes.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tenon::runtime {
namespace {

/// Texts are run in batches of about this many tokens: enough to fill wide matrix products, small enough that the
/// working memory stays in the tens of megabytes. What a row becomes does not depend on the batch.
constexpr size_t batchTokens = 4096;
constexpr size_t batchRows = 64;

tenon_tensor tensor(const char *name, tenon_type type, std::initializer_list<int64_t> shape, void *data) {
  tenon_tensor result{};
  result.name = name;
  result.type = type;
  result.rank = uint32_t(shape.size());
  std::copy(shape.begin(), shape.end(), result.shape);
  result.data = data;
  CheckedSize bytes = elementBytes(type);
  for (int64_t extent : shape)
    bytes *= extent;
  // A caller's buffer is as large as the shape says; what cannot be is refused where shapes are bound.
  result.bytes = bytes.as<size_t>().value_or(SIZE_MAX);
  return result;
}

/// An input or output that encoding relies on.
const TensorType &expected(const TensorType *found, Role role) {
  if (!found)
    fail(TENON_ERROR_INVALID_ARGUMENT, "the model's entry point encode has no ", roleName(role));
  return *found;
}

/// The longest row's length, after checks that do not read the ids.
int32_t checkedLongest(const std::vector<TokenRow> &rows) {
  int32_t longest = 0;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (rows[row].length < 0)
      fail(TENON_ERROR_OUT_OF_RANGE, "length of row ", row, " is ", rows[row].length, ", expected at least 0");
    if (!rows[row].ids && rows[row].length != 0)
      fail(TENON_ERROR_INVALID_ARGUMENT, "row ", row, " of ", rows[row].length, " tokens has no ids");
    longest = std::max(longest, rows[row].length);
  }
  return longest;
}

void clearPadding(float *hidden, const std::vector<TokenRow> &rows, size_t length, size_t width) {
  for (size_t row = 0; row < rows.size(); ++row) {
    size_t used = size_t(rows[row].length);
    std::fill_n(hidden + (row * length + used) * width, (length - used) * width, 0.0f);
  }
}

size_t embeddingWidth(const Session &session) {
  const Entry &encode = session.model().entry("encode");
  return size_t(expected(encode.output(Role::Embedding), Role::Embedding).shape.back().fixed);
}

std::vector<std::vector<int32_t>> tokenizeAll(const Model &model, const std::vector<std::string_view> &texts,
                                              std::string_view prompt, size_t limit) {
  std::vector<std::vector<int32_t>> tokens;
  tokens.reserve(texts.size());
  for (std::string_view text : texts)
    tokens.push_back(model.tokenize(prompt.empty() ? std::string(text) : concat(prompt, text), limit));
  return tokens;
}

} // namespace

int64_t embeddingWidth(const Model &model) {
  const Entry *encode = model.findEntry("encode");
  return encode ? encode->width(Role::Embedding) : 0;
}

void encodeRows(Session &session, const std::vector<TokenRow> &rows, float *hidden, float *embedding) {
  const Entry &entry = session.model().entry("encode");
  if (rows.empty())
    fail(TENON_ERROR_OUT_OF_RANGE, "batch is 0 rows, expected at least 1");
  int32_t longest = checkedLongest(rows);
  int64_t positions = entry.limits.positions;
  if (positions != 0 && longest > positions)
    fail(TENON_ERROR_OUT_OF_RANGE, "the longest row has ", longest, " tokens, the model takes at most ", positions);
  // A batch of empty rows still has a column: tensors without elements are not passed to kernels.
  int64_t batch = int64_t(rows.size()), length = std::max(longest, 1);
  std::vector<int32_t> tokens(elementCount({batch, length}, "batch of ", batch, " rows of ", length, " tokens"), 0);
  std::vector<int32_t> lengths, prompts;
  for (size_t row = 0; row < rows.size(); ++row) {
    std::copy_n(rows[row].ids, rows[row].length, tokens.begin() + int64_t(row) * length);
    lengths.push_back(rows[row].length);
    prompts.push_back(rows[row].prompt);
  }
  auto input = [&](Role role) { return expected(entry.input(role), role).name.c_str(); };
  auto output = [&](Role role) { return expected(entry.output(role), role).name.c_str(); };
  std::vector<tenon_tensor> inputs = {tensor(input(Role::Tokens), TENON_I32, {batch, length}, tokens.data()),
                                      tensor(input(Role::Lengths), TENON_I32, {batch}, lengths.data())};
  if (entry.input(Role::PromptLengths))
    inputs.push_back(tensor(input(Role::PromptLengths), TENON_I32, {batch}, prompts.data()));
  std::vector<tenon_tensor> outputs;
  int64_t hiddenWidth = 0;
  if (hidden && longest != 0) {
    hiddenWidth = expected(entry.output(Role::Hidden), Role::Hidden).shape.back().fixed;
    outputs.push_back(tensor(output(Role::Hidden), TENON_F32, {batch, length, hiddenWidth}, hidden));
  }
  if (embedding)
    outputs.push_back(tensor(output(Role::Embedding), TENON_F32, {batch, int64_t(embeddingWidth(session))}, embedding));
  session.call("encode", inputs.data(), inputs.size(), outputs.data(), outputs.size());
  if (hiddenWidth)
    clearPadding(hidden, rows, size_t(length), size_t(hiddenWidth));
}

void embedTexts(Session &session, const std::vector<std::string_view> &texts, std::string_view prompt,
                float *embeddings) {
  if (texts.empty())
    fail(TENON_ERROR_OUT_OF_RANGE, "0 texts to embed, expected at least 1");
  size_t width = embeddingWidth(session);
  const Model &model = session.model();
  size_t limit = model.textTokenLimit();
  std::vector<std::vector<int32_t>> tokens = tokenizeAll(model, texts, prompt, limit);
  int32_t promptTokens = model.entry("encode").input(Role::PromptLengths) ? model.promptTokens(prompt, limit) : 0;

  // Rows of like length share a batch, so that little is padding.
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return std::pair(tokens[right].size(), left) < std::pair(tokens[left].size(), right);
  });
  std::vector<float> results;
  for (size_t done = 0; done < order.size();) {
    size_t longest = std::max<size_t>(tokens[order[done]].size(), 1);
    size_t count = std::clamp<size_t>(batchTokens / longest, 1, batchRows);
    count = std::min(count, order.size() - done);
    std::vector<TokenRow> rows;
    rows.reserve(count);
    for (size_t row = 0; row < count; ++row)
      rows.push_back({tokens[order[done + row]].data(), int32_t(tokens[order[done + row]].size()), promptTokens});
    results.resize(count * width);
    encodeRows(session, rows, nullptr, results.data());
    for (size_t row = 0; row < count; ++row)
      std::copy_n(results.data() + row * width, width, embeddings + order[done + row] * width);
    done += count;
  }
}

} // namespace tenon::runtime
