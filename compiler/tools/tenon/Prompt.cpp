//===- Prompt.cpp - What one answer is about and begins with --------------===//

#include "Prompt.h"
#include "Command.h"

#include <algorithm>

using namespace tenon;
using namespace tenon::tools;

int64_t tools::lengthOf(const Prompt &prompt, std::span<const tenon_source_info> sources) {
  if (sources.empty())
    return static_cast<int64_t>(prompt.tokens.size());
  int64_t length = 0;
  for (size_t index = 0; index < prompt.sources.size(); ++index) {
    const Source &source = prompt.sources[index];
    if (source.tokens)
      length += static_cast<int64_t>(source.tokens->size());
    if (source.hidden)
      length += static_cast<int64_t>(source.hidden->size()) / sources[index].width;
    if (source.features)
      length += static_cast<int64_t>(source.features->size()) / sources[index].features;
  }
  return length;
}

/// Whether an array can only be [columns, rows], as transformers' feature extractors have it.
static bool isTransposed(const NpyArray &array, int64_t columns) {
  size_t rank = array.shape.size();
  return array.shape[rank - 1] != columns && array.shape[rank - 2] == columns;
}

/// Exchanges the last two extents.
static void transpose(NpyArray &array) {
  size_t rank = array.shape.size();
  auto rows = static_cast<size_t>(array.shape[rank - 1]), columns = static_cast<size_t>(array.shape[rank - 2]);
  std::vector<float> from = std::move(array.floats);
  array.floats.resize(from.size());
  for (size_t index = 0; index < from.size(); ++index) {
    size_t matrix = index / (rows * columns), column = index / rows % columns, row = index % rows;
    array.floats[(matrix * rows + row) * columns + column] = from[index];
  }
  std::swap(array.shape[rank - 1], array.shape[rank - 2]);
}

std::vector<Source> tools::readSourceArray(const std::string &kind, const std::string &path,
                                           const tenon_source_info &info) {
  bool isFeatures = kind == "features";
  NpyArray array = readNpy(path);
  int64_t columns = isFeatures ? info.features : info.width;
  size_t rank = array.shape.size();
  if (isFeatures && array.isFloat && (rank == 2 || rank == 3) && isTransposed(array, columns))
    transpose(array);
  if (!array.isFloat || rank < 2 || rank > 3 || array.shape.back() != columns)
    throw Failure(path + ": expected float32 of shape [rows, " + std::to_string(columns) + "] or [batch, rows, " +
                  std::to_string(columns) + "]" + (isFeatures ? ", or with rows behind" : "") + ", found " +
                  describe(array));
  int64_t batch = rank == 3 ? array.shape[0] : 1, numbers = array.shape[rank - 2] * columns;
  if (batch == 0)
    throw Failure(path + ": expected at least 1 source, found " + describe(array));
  std::vector<Source> sources(static_cast<size_t>(batch));
  for (int64_t row = 0; row < batch; ++row) {
    Source &source = sources[static_cast<size_t>(row)];
    (isFeatures ? source.features : source.hidden)
        .emplace(array.floats.begin() + row * numbers, array.floats.begin() + (row + 1) * numbers);
  }
  return sources;
}

std::vector<float> tools::hiddenStates(Session &session, const Prompt &prompt, const tenon_source_info &info) {
  Source copy = prompt.sources.front(); // Inputs are not const.
  if (copy.hidden)
    return *copy.hidden;
  int64_t length = lengthOf(prompt, {&info, 1});
  if (length == 0)
    return {};
  auto count = static_cast<int32_t>(length);
  tenon_tensor rows{}, lengths{}, hidden{};
  bool tokens = info.features == 0;
  rows.name = tokens ? "tokens" : "features";
  rows.type = tokens ? TENON_I32 : TENON_F32;
  rows.rank = tokens ? 2 : 3;
  rows.shape[0] = 1;
  rows.shape[1] = length;
  rows.shape[2] = info.features;
  rows.data = tokens ? static_cast<void *>(copy.tokens->data()) : copy.features->data();
  rows.bytes = 4 * (tokens ? copy.tokens->size() : copy.features->size());
  lengths.name = "lengths";
  lengths.type = TENON_I32;
  lengths.rank = 1;
  lengths.shape[0] = 1;
  lengths.data = &count;
  lengths.bytes = sizeof count;
  hidden.name = "hidden";
  tenon_tensor inputs[] = {rows, lengths};
  session.call("encode", inputs, {&hidden, 1});
  const auto *values = static_cast<const float *>(hidden.data);
  return {values, values + hidden.shape[1] * hidden.shape[2]};
}

/// Enough rows to fill wide matrix products in each step; enough tokens to fill them when sources are encoded, few
/// enough that working memory stays in the tens of megabytes.
static constexpr size_t kBatchRows = 64;
static constexpr int64_t kBatchTokens = 4096;

std::vector<std::vector<size_t>> tools::batchesOf(std::span<const Prompt *const> prompts,
                                                  std::span<const tenon_source_info> sources) {
  // What is given as hidden states does not go with what is to be encoded.
  auto areHidden = [&](size_t row) {
    std::vector<bool> hidden;
    for (const Source &source : prompts[row]->sources)
      hidden.push_back(source.hidden.has_value());
    return hidden;
  };
  auto key = [&](size_t row) { return std::pair(areHidden(row), lengthOf(*prompts[row], sources)); };
  std::vector<size_t> order;
  for (size_t row = 0; row < prompts.size(); ++row)
    if (!prompts[row]->isBlank && prompts[row]->lost.empty())
      order.push_back(row);
  std::sort(order.begin(), order.end(),
            [&](size_t left, size_t right) { return key(left) != key(right) ? key(left) > key(right) : left < right; });
  std::vector<std::vector<size_t>> batches;
  for (size_t row : order) {
    bool joins = !batches.empty() && batches.back().size() < kBatchRows &&
                 key(batches.back()[0]).first == key(row).first &&
                 (sources.empty() ||
                  key(batches.back()[0]).second * static_cast<int64_t>(batches.back().size() + 1) <= kBatchTokens);
    if (!joins)
      batches.emplace_back();
    batches.back().push_back(row);
  }
  for (std::vector<size_t> &batch : batches)
    std::sort(batch.begin(), batch.end());
  std::sort(batches.begin(), batches.end());
  return batches;
}
