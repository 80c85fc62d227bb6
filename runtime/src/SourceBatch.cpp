//===- SourceBatch.cpp - Sources of several sequences, read together ------===//

#include "Source.h"

#include "Failure.h"
#include "Forward.h"
#include "Session.h"
#include "Sizes.h"
#include "SourceColumn.h"

#include <algorithm>

namespace tenon::runtime {
namespace {

/// Rows of a tensor that holds all: one at least, since tensors without elements are not passed to kernels.
int64_t rowsFor(const std::vector<int32_t> &lengths) {
  return std::max(*std::max_element(lengths.begin(), lengths.end()), 1);
}

/// Rows of all sequences, each from a multiple of `length` on, zeros behind their ends.
template <typename Value>
std::vector<Value> padded(const std::vector<SourceInput> &inputs, int64_t length, int64_t columns,
                          const Value *(*valuesOf)(const SourceInput &)) {
  std::vector<Value> all(elementCount({inputs.size(), length, columns}, inputs.size(), " sources of up to ", length,
                                      " rows of ", columns, " numbers"),
                         Value(0));
  for (size_t row = 0; row < inputs.size(); ++row)
    std::copy_n(valuesOf(inputs[row]), rowsOf(inputs[row]) * columns, all.begin() + int64_t(row) * length * columns);
  return all;
}

/// The inputs of one call, and the dims that they bind.
struct CallInputs {
  explicit CallInputs(const Entry &entry) : dims(entry.dims.size(), 1) {}

  void add(std::vector<int32_t> values) { arguments.push_back(integers.emplace_back(std::move(values)).data()); }
  void add(std::vector<float> values) { arguments.push_back(floats.emplace_back(std::move(values)).data()); }

  std::vector<int64_t> dims;
  std::vector<void *> arguments;

private:
  std::vector<std::vector<int32_t>> integers;
  std::vector<std::vector<float>> floats;
};

class SourceBatch {
public:
  SourceBatch(Session &runner, std::span<Sequence *const> sequences, std::span<const SourceInput> inputs)
      : runner(runner), model(runner.model()), start(model.entry("start")), sequences(sequences) {
    const std::vector<SourceStack> &stacks = model.manifest().sources;
    for (size_t source = 0; source < model.manifest().givenSources; ++source)
      columns.emplace_back(model, source, inputs);
    for (size_t source = columns.size(); source < stacks.size(); ++source)
      columns.push_back(SourceColumn::ofParts(model, source, columns[size_t(stacks[source].lastPart)]));
  }

  void run() {
    checkAllRead();
    acquirePages();
    runStart();
    for (size_t row = 0; row < sequences.size(); ++row)
      sequences[row]->begin(std::move(sources[row]));
  }

private:
  const SourceColumn &columnOf(const TensorType &input) const { return columns[size_t(input.source)]; }
  const Entry &encoderOf(const SourceColumn &column) const;
  void checkEncoder(const SourceColumn &column, std::vector<bool> &read) const;
  void checkPositions(const Entry &encode, const SourceColumn &column) const;
  void checkAllRead() const;
  void acquirePages();
  void runStart();
  std::vector<float> hiddenFor(const TensorType &input, std::vector<int64_t> &dims);
  std::vector<float> encoded(const SourceColumn &column);
  void addInput(const TensorType &input, CallInputs &call);
  void addTable(const TensorType &input, CallInputs &call) const;

  Session &runner;
  const Model &model;
  const Entry &start;
  std::span<Sequence *const> sequences;
  std::vector<SourceColumn> columns; ///< one for each of the model's sources
  std::vector<std::shared_ptr<const Source>> sources;
};

//===----------------------------------------------------------------------===//
// What is missing or in vain
//===----------------------------------------------------------------------===//

const Entry &SourceBatch::encoderOf(const SourceColumn &column) const {
  if (column.stack().encode < 0)
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name, " has no entry point that encodes ",
         column.place(0), ": give it hidden states");
  return model.manifest().entries[size_t(column.stack().encode)];
}

/// Positions that come behind another source's rows are fewer.
void SourceBatch::checkPositions(const Entry &encode, const SourceColumn &column) const {
  const Limits &limits = encode.limits;
  if (limits.behindSource < 0 || limits.positions == 0)
    return;
  const SourceColumn &before = columns[size_t(limits.behindSource)];
  int64_t positions = encode.hiddenRows(limits.positions);
  for (size_t row = 0; row < sequences.size(); ++row)
    if (int64_t rows = encode.hiddenRows(column.given()[row]); rows > positions - before.hidden()[row])
      fail(TENON_ERROR_OUT_OF_RANGE, column.place(row), " has ", rows, " rows behind the ", before.hidden()[row],
           " of \"", limits.behind, "\", the model has ", positions, " positions");
}

/// What an encoder reads besides is given as what it reads.
void SourceBatch::checkEncoder(const SourceColumn &column, std::vector<bool> &read) const {
  const Entry &encode = encoderOf(column);
  for (const TensorType &input : encode.inputs) {
    const SourceColumn &other = columnOf(input);
    read[size_t(input.source)] = true;
    if (other.kind() == SourceKind::None || other.kind() == SourceKind::Hidden)
      fail(TENON_ERROR_INVALID_ARGUMENT, other.place(0),
           other.kind() == SourceKind::None ? " is missing" : " is given as hidden states", ", and ", column.place(0),
           " is encoded with it: give it ", other.expected());
  }
  checkPositions(encode, column);
}

/// All that is read is there, and all that is there is read.
void SourceBatch::checkAllRead() const {
  std::vector<bool> read(columns.size(), false);
  for (const TensorType &input : start.inputs) {
    const SourceColumn &column = columnOf(input);
    read[size_t(input.source)] = true;
    bool isJoined = column.stack().lastPart >= 0;
    if (!isJoined || input.role == Role::SourceLengths) { // of joined rows there are as many as of their last part
      auto counted = size_t(isJoined ? column.stack().lastPart : input.source);
      read[counted] = true;
      if (columns[counted].kind() == SourceKind::None)
        columns[counted].failMissing(0);
    }
    if (input.role == Role::Rows && column.kind() != SourceKind::Hidden)
      checkEncoder(column, read);
    if (input.role == Role::Lengths && column.stack().encode >= 0)
      checkPositions(encoderOf(column), column);
  }
  for (size_t source = 0; source < columns.size(); ++source)
    if (!read[source] && columns[source].kind() != SourceKind::None)
      fail(TENON_ERROR_INVALID_ARGUMENT, columns[source].place(0),
           " is given, but nothing reads it where others are given as hidden states");
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

void SourceBatch::acquirePages() {
  for (size_t row = 0; row < sequences.size(); ++row) {
    std::vector<int64_t> rows;
    std::vector<int32_t> tokens;
    for (const SourceColumn &column : columns) {
      rows.push_back(column.hidden()[row]);
      std::span<const int32_t> own = column.rows()[row].tokens;
      if (!own.empty() && !tokens.empty())
        tokens.push_back(-1);
      tokens.insert(tokens.end(), own.begin(), own.end());
    }
    sources.push_back(std::make_shared<Source>(model, rows, std::move(tokens)));
  }
}

void SourceBatch::runStart() {
  CallInputs call(start);
  for (const TensorType &input : start.inputs)
    input.role == Role::Pages ? addTable(input, call) : addInput(input, call);
  start.derive(call.dims);
  bindStates(model, start, call.arguments, call.dims);
  runner.run(start, call.arguments, call.dims);
}

void SourceBatch::addTable(const TensorType &input, CallInputs &call) const {
  std::vector<std::span<const int32_t>> tables;
  for (const std::shared_ptr<const Source> &source : sources)
    tables.push_back(source->pages(size_t(input.source), input.table));
  call.add(pageMatrix(input, tables, call.dims));
}

/// [batch, longest, width]: given, or made by the stack's entry point.
std::vector<float> SourceBatch::hiddenFor(const TensorType &input, std::vector<int64_t> &dims) {
  const SourceColumn &column = columnOf(input);
  int64_t length = rowsFor(column.hidden()), width = column.shape().width;
  bindDims(input, {int64_t(sequences.size()), length, width}, dims);
  if (column.kind() != SourceKind::Hidden)
    return encoded(column);
  return padded<float>(column.rows(), length, width, [](const SourceInput &each) { return each.hidden; });
}

std::vector<float> SourceBatch::encoded(const SourceColumn &column) {
  const Entry &encode = encoderOf(column);
  int64_t length = rowsFor(column.hidden()), width = column.shape().width;
  std::vector<float> hidden(elementCount({sequences.size(), length, width}, sequences.size(), " sources of up to ",
                                         rowsFor(column.given()), " rows"));
  CallInputs call(encode);
  for (const TensorType &input : encode.inputs)
    addInput(input, call);
  encode.derive(call.dims);
  for (const TensorType &output : encode.outputs)
    call.arguments.push_back(output.role == Role::Hidden ? hidden.data() : nullptr);
  runner.run(encode, call.arguments, call.dims);
  return hidden;
}

void SourceBatch::addInput(const TensorType &input, CallInputs &call) {
  const SourceColumn &column = columnOf(input);
  auto batch = int64_t(sequences.size()), length = rowsFor(column.given()), features = column.shape().features;
  switch (input.role) {
  case Role::Rows:
    return call.add(hiddenFor(input, call.dims));
  case Role::Features:
    bindDims(input, {batch, length, features}, call.dims);
    return call.add(
        padded<float>(column.rows(), length, features, [](const SourceInput &each) { return each.features; }));
  case Role::Tokens:
    bindDims(input, {batch, length}, call.dims);
    return call.add(
        padded<int32_t>(column.rows(), length, 1, [](const SourceInput &each) { return each.tokens.data(); }));
  case Role::Types:
    bindDims(input, {batch, length}, call.dims);
    return call.add(std::vector<int32_t>(size_t(batch * length), 0));
  default: // one number for each sequence
    bindDims(input, {batch}, call.dims);
    return call.add(input.role == Role::SourceLengths   ? column.hidden()
                    : input.role == Role::PromptLengths ? std::vector<int32_t>(size_t(batch), 0)
                                                        : column.given());
  }
}

} // namespace

void setSources(Session &runner, std::span<Sequence *const> sequences, std::span<const SourceInput> inputs) {
  runner.refuseAfterFork();
  if (runner.model().manifest().hasPrefix)
    return setPrefixes(runner, sequences, inputs);
  SourceBatch(runner, sequences, inputs).run();
}

void encodeSource(Session &session, const float *features, int64_t rows, int64_t columns) {
  const Model &model = session.model();
  requireSource(model);
  if (size_t count = model.manifest().givenSources; count != 1)
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name, " attends to ", count,
         " sources, expected sound alone");
  if (int64_t expected = sourceShape(model, 0).features; columns != expected)
    fail(TENON_ERROR_INVALID_ARGUMENT, "rows of ", columns, " features, the encoder of ", model.manifest().name,
         " takes ", expected);
  SourceInput input;
  input.features = features;
  input.rows = rows;
  Sequence *sequence = &session.sequence();
  setSources(session, {&sequence, 1}, {&input, 1});
}

} // namespace tenon::runtime
