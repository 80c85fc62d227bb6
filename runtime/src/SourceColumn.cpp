//===- SourceColumn.cpp - One source of several sequences -----------------===//

#include "SourceColumn.h"

#include "Failure.h"
#include "Sizes.h"

#include <algorithm>

namespace tenon::runtime {
namespace {

SourceKind kindOf(const SourceInput &input) {
  if (input.tokens.data())
    return SourceKind::Tokens;
  return input.features ? SourceKind::Features : input.hidden ? SourceKind::Hidden : SourceKind::None;
}

const char *kindName(SourceKind kind) {
  static constexpr const char *names[] = {"nothing", "tokens", "features", "hidden states"};
  return names[size_t(kind)];
}

} // namespace

int64_t rowsOf(const SourceInput &input) { return input.tokens.data() ? int64_t(input.tokens.size()) : input.rows; }

SourceColumn::SourceColumn(const Model &model, size_t source)
    : model(model), number(source), alone(model.manifest().givenSources == 1),
      described(&model.manifest().sources[source]), numbers(sourceShape(model, source)) {
  if (described->encode >= 0)
    encode = &model.manifest().entries[size_t(described->encode)];
}

SourceColumn::SourceColumn(const Model &model, size_t source, std::span<const SourceInput> all)
    : SourceColumn(model, source) {
  for (size_t at = source; at < all.size(); at += model.manifest().givenSources)
    inputs.push_back(all[at]);
  sort = kindOf(inputs[0]);
  std::vector<int32_t> rows;
  for (size_t row = 0; row < inputs.size(); ++row) {
    checkKind(row);
    if (sort != SourceKind::None)
      checkRow(row);
    rows.push_back(int32_t(rowsOf(inputs[row])));
  }
  countRows(rows, encode && sort != SourceKind::Hidden);
}

SourceColumn SourceColumn::ofParts(const Model &model, size_t source, const SourceColumn &last) {
  SourceColumn column(model, source);
  column.inputs.resize(last.given().size());
  column.countRows(last.given(), true);
  return column;
}

void SourceColumn::countRows(const std::vector<int32_t> &rows, bool isEncoded) {
  givenCounts = hiddenCounts = rows;
  if (isEncoded)
    for (int32_t &count : hiddenCounts)
      count = int32_t(encode->hiddenRows(count));
}

void SourceColumn::failMissing(size_t row) const {
  fail(TENON_ERROR_INVALID_ARGUMENT, place(row), " is missing: give it ", expected(),
       numbers.width != 0 ? " or hidden states" : "");
}

/// One of several sources may be missing, as far as that can be told here.
void SourceColumn::checkKind(size_t row) const {
  const SourceInput &input = inputs[row];
  int kinds = int(input.tokens.data() != nullptr) + int(input.features != nullptr) + int(input.hidden != nullptr);
  if (kinds > 1 || (kinds == 0 && input.rows != 0))
    fail(TENON_ERROR_INVALID_ARGUMENT, place(row), " has ", kinds, " of tokens, features and hidden, expected one");
  if (kinds == 0 && (alone || sort != SourceKind::None))
    failMissing(row);
  if (kindOf(input) != sort)
    fail(TENON_ERROR_INVALID_ARGUMENT, place(row), " is of another kind than ", place(0));
}

void SourceColumn::checkRow(size_t row) const {
  const SourceInput &input = inputs[row];
  bool isHidden = sort == SourceKind::Hidden, takesFeatures = numbers.features != 0;
  int64_t width = isHidden ? numbers.width : numbers.features;
  if (isHidden && numbers.width == 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name,
         " reads more than the last hidden states of a source, ", place(row), " has these: give it ", expected());
  if (!isHidden && takesFeatures != (sort == SourceKind::Features))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name, " encodes ", expected(), ", ", place(row),
         " has ", kindName(sort));
  int64_t positions = isHidden || numbers.positions == 0 ? INT32_MAX : numbers.positions;
  if (rowsOf(input) > positions)
    fail(TENON_ERROR_OUT_OF_RANGE, place(row), " has ", rowsOf(input), takesFeatures ? " rows" : " tokens",
         ", the model takes at most ", positions);
  if (sort == SourceKind::Features && rowsOf(input) < numbers.fewest)
    fail(TENON_ERROR_OUT_OF_RANGE, place(row), " has ", rowsOf(input), " rows, the model takes at least ",
         numbers.fewest);
  elementCount({rowsOf(input), std::max<int64_t>(width, 1)}, place(row), " has ", rowsOf(input), " rows");
  for (size_t position = 0; position < input.tokens.size(); ++position)
    if (int32_t id = input.tokens[position]; id < 0 || (numbers.vocab != 0 && id >= numbers.vocab))
      model.failToken(false, id, numbers.vocab, concat(place(row), ", token ", position));
}

} // namespace tenon::runtime
