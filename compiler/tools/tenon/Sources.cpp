//===- Sources.cpp - What a model is to write about -----------------------===//

#include "Sources.h"
#include "Command.h"
#include "Manifest.h"

#include <algorithm>
#include <numeric>

using namespace tenon;
using namespace tenon::tools;

namespace {

/// Enough rows to fill wide matrix products in each step; enough tokens to fill them when sources are encoded, few
/// enough that working memory stays in the tens of megabytes.
constexpr size_t kBatchRows = 64;
constexpr int64_t kBatchTokens = 4096;

bool isBlank(const std::string &text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

void addArrays(const std::string &input, const tenon_model_info &info, std::vector<SourceRow> &rows) {
  auto [name, path] = splitAssignment("--input", input);
  NpyArray array = readNpy(path);
  size_t rank = array.shape.size();
  int64_t columns = name == "hidden" ? info.source_width : info.source_features;
  if (!array.isFloat || (rank != 2 && rank != 3) || array.shape.back() != columns)
    throw Failure("--input " + input + ": expected float32 of shape [rows, " + std::to_string(columns) +
                  "] or [batch, rows, " + std::to_string(columns) + "]");
  int64_t batch = rank == 3 ? array.shape[0] : 1;
  int64_t numbers = array.shape[rank - 2] * columns;
  for (int64_t row = 0; row < batch; ++row) {
    std::vector<float> part(array.floats.begin() + row * numbers, array.floats.begin() + (row + 1) * numbers);
    SourceRow &made = rows.emplace_back();
    made.asText = info.has_tokenizer != 0;
    (name == "hidden" ? made.source.hidden : made.source.features) = std::move(part);
  }
}

void checkRow(const SourceRow &row, size_t index, const tenon_model_info &info) {
  std::string name = "source " + std::to_string(index);
  int64_t length = lengthOf(row, info);
  if (length == 0 && !row.blank)
    throw Failure(name + " is empty, expected at least 1 token");
  bool encoded = row.source.hidden.empty();
  if (encoded && info.source_positions != 0 && length > info.source_positions)
    throw Failure(name + " has " + std::to_string(length) + (info.source_features ? " rows" : " tokens") +
                  ", the model takes at most " + std::to_string(info.source_positions));
}

} // namespace

bool tools::givesSources(const RunArguments &arguments, const Model &model) {
  tenon_model_info info = model.info();
  return info.has_source &&
         std::all_of(arguments.inputs.begin(), arguments.inputs.end(), [&](const std::string &input) {
           std::string name = splitAssignment("--input", input).first;
           return name == "hidden" || (name == "features" && info.source_features != 0);
         });
}

int64_t tools::lengthOf(const SourceRow &row, const tenon_model_info &info) {
  const Source &source = row.source;
  if (!source.hidden.empty())
    return static_cast<int64_t>(source.hidden.size()) / info.source_width;
  if (!source.features.empty())
    return static_cast<int64_t>(source.features.size()) / info.source_features;
  return static_cast<int64_t>(source.tokens.size());
}

std::vector<SourceRow> tools::readSources(const RunArguments &arguments, const Model &model) {
  tenon_model_info info = model.info();
  std::vector<SourceRow> rows;
  std::vector<std::string> texts = readTexts(arguments.texts);
  if (info.source_features && !(texts.empty() && arguments.tokens.empty()))
    throw Failure(arguments.library +
                  ": the model reads no tokens but features: give --audio or --input features=FILE.npy");
  if (!texts.empty() && !info.has_tokenizer)
    throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
  for (const std::string &text : texts) {
    SourceRow &row = rows.emplace_back();
    row.asText = true;
    row.blank = isBlank(text);
    if (!row.blank)
      row.source.tokens = model.tokenize(text, INT32_MAX);
  }
  for (const std::string &text : arguments.tokens)
    rows.emplace_back().source.tokens = parseTokens(text);
  for (const std::string &input : arguments.inputs)
    addArrays(input, info, rows);
  for (size_t row = 0; row < rows.size(); ++row)
    checkRow(rows[row], row, info);
  return rows;
}

std::vector<std::vector<size_t>> tools::batchesOf(const std::vector<SourceRow> &rows, const tenon_model_info &info) {
  // What is given as hidden states does not go with what is to be encoded.
  auto key = [&](size_t row) { return std::pair(!rows[row].source.hidden.empty(), lengthOf(rows[row], info)); };
  std::vector<size_t> order;
  for (size_t row = 0; row < rows.size(); ++row)
    if (!rows[row].blank)
      order.push_back(row);
  std::sort(order.begin(), order.end(),
            [&](size_t left, size_t right) { return key(left) != key(right) ? key(left) > key(right) : left < right; });
  std::vector<std::vector<size_t>> batches;
  for (size_t row : order) {
    bool joins = !batches.empty() && batches.back().size() < kBatchRows &&
                 key(batches.back()[0]).first == key(row).first &&
                 key(batches.back()[0]).second * static_cast<int64_t>(batches.back().size() + 1) <= kBatchTokens;
    if (!joins)
      batches.emplace_back();
    batches.back().push_back(row);
  }
  return batches;
}

std::vector<float> tools::hiddenStates(const Model &model, Session &session, const SourceRow &row) {
  if (!row.source.hidden.empty())
    return row.source.hidden;
  tenon_model_info info = model.info();
  int64_t length = lengthOf(row, info);
  auto count = static_cast<int32_t>(length);
  SourceRow copy = row; // Inputs are not const.
  tenon_tensor rows{}, lengths{}, hidden{};
  bool tokens = info.source_features == 0;
  rows.name = tokens ? "tokens" : "features";
  rows.type = tokens ? TENON_I32 : TENON_F32;
  rows.rank = tokens ? 2 : 3;
  rows.shape[0] = 1;
  rows.shape[1] = length;
  rows.shape[2] = tokens ? 0 : info.source_features;
  rows.data = tokens ? static_cast<void *>(copy.source.tokens.data()) : copy.source.features.data();
  rows.bytes = 4 * (tokens ? copy.source.tokens.size() : copy.source.features.size());
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
