//===- Source.cpp - What a sequence is about ------------------------------===//

#include "Source.h"

#include "Failure.h"
#include "Forward.h"
#include "Session.h"
#include "Sizes.h"

#include <algorithm>
#include <string_view>

namespace tenon::runtime {
namespace {

template <typename... Parts> [[noreturn]] void wrong(const Parts &...parts) {
  fail(TENON_ERROR_LIBRARY, "manifest: ", parts...);
}

int64_t pagesFor(int64_t rows) { return (rows + PagePool::pageTokens - 1) / PagePool::pageTokens; }

/// Every how-many-th row of its input an encoder gives.
int64_t encoderStride(const Entry &encode) {
  const TensorType *hidden = findTensor(encode.outputs, "hidden");
  for (const DerivedDim &dim : encode.derived)
    if (hidden && hidden->shape.size() == 3 && hidden->shape[1].dim == int(dim.dim))
      return dim.divisor;
  return 1;
}

/// What goes into `encode` and `start` for a batch of rows of unequal length.
class SourceBatch {
public:
  SourceBatch(Session &runner, std::span<const SourceInput> inputs) : runner(runner), inputs(inputs) {}

  void run() {
    bool given = inputs[0].hidden != nullptr;
    check();
    given ? takeHidden() : encode();
    start();
  }

private:
  void check() const;
  void checkRow(const SourceInput &input, size_t row) const;
  void encode();
  void takeHidden();
  void start();
  template <typename Value>
  static std::vector<Value> padded(std::span<const SourceInput> inputs, int64_t length, int64_t columns,
                                   const Value *(*rowsOf)(const SourceInput &));
  void runEntry(const Entry &entry, std::vector<void *> arguments, std::vector<int64_t> &dims);

  Session &runner;
  std::span<const SourceInput> inputs;
  std::vector<int32_t> lengths; ///< rows of hidden states
  int64_t length = 0;           ///< the longest of them
  std::vector<float> hidden;    ///< [batch, length, width]
};

int64_t rowsOf(const SourceInput &input) { return input.tokens.empty() ? input.rows : int64_t(input.tokens.size()); }

/// Rows whose numbers kernels can count.
void checkCount(int64_t rows, int64_t columns, size_t row) {
  elementCount({rows, std::max<int64_t>(columns, 1)}, "source ", row, " has ", rows, " rows");
}

void SourceBatch::checkRow(const SourceInput &input, size_t row) const {
  int kinds = int(!input.tokens.empty()) + int(input.features != nullptr) + int(input.hidden != nullptr);
  if (rowsOf(input) < 1)
    fail(TENON_ERROR_OUT_OF_RANGE, "source ", row, " is empty, expected at least 1 token or row");
  if (kinds != 1)
    fail(TENON_ERROR_INVALID_ARGUMENT, "source ", row, " has ", kinds, " of tokens, features and hidden, expected one");
  if ((input.features != nullptr) != (inputs[0].features != nullptr) ||
      (input.hidden != nullptr) != (inputs[0].hidden != nullptr))
    fail(TENON_ERROR_INVALID_ARGUMENT, "source ", row, " is of another kind than source 0");
  if (input.hidden)
    return checkCount(input.rows, sourceWidth(runner.model()), row);
  const Entry &entry = runner.model().entry("encode");
  bool takesFeatures = entry.hasInput("features");
  if (takesFeatures != (input.features != nullptr))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", runner.model().manifest().name, " encodes ",
         takesFeatures ? "features" : "tokens", ", source ", row, " has ", takesFeatures ? "tokens" : "features");
  int64_t positions = entry.limits.positions ? entry.limits.positions : INT32_MAX;
  if (rowsOf(input) > positions)
    fail(TENON_ERROR_OUT_OF_RANGE, "source ", row, " has ", rowsOf(input), takesFeatures ? " rows" : " tokens",
         ", the model takes at most ", positions);
  checkCount(rowsOf(input), sourceFeatures(runner.model()), row);
  for (size_t position = 0; position < input.tokens.size(); ++position)
    if (int32_t id = input.tokens[position]; id < 0 || (entry.limits.vocab != 0 && id >= entry.limits.vocab))
      runner.model().failToken(entry, id, entry.limits.vocab,
                               concat("source ", row, ", token ", position));
}

void SourceBatch::check() const {
  for (size_t row = 0; row < inputs.size(); ++row)
    checkRow(inputs[row], row);
}

/// Rows of all sequences, each from a multiple of `length` on, zeros behind their ends.
template <typename Value>
std::vector<Value> SourceBatch::padded(std::span<const SourceInput> inputs, int64_t length, int64_t columns,
                                       const Value *(*rowsOfInput)(const SourceInput &)) {
  std::vector<Value> all(elementCount({inputs.size(), length, columns}, inputs.size(), " sources of up to ", length,
                                      " rows of ", columns, " numbers"),
                         Value(0));
  for (size_t row = 0; row < inputs.size(); ++row)
    std::copy_n(rowsOfInput(inputs[row]), rowsOf(inputs[row]) * columns, all.begin() + int64_t(row) * length * columns);
  return all;
}

void SourceBatch::runEntry(const Entry &entry, std::vector<void *> arguments, std::vector<int64_t> &dims) {
  entry.derive(dims);
  for (const TensorType &output : entry.outputs)
    arguments.push_back(output.name == "hidden" ? hidden.data() : nullptr);
  runner.run(entry, arguments, dims);
}

void SourceBatch::encode() {
  const Entry &entry = runner.model().entry("encode");
  auto batch = int64_t(inputs.size());
  int64_t longest = 0, stride = encoderStride(entry);
  std::vector<int32_t> given;
  for (const SourceInput &input : inputs) {
    given.push_back(int32_t(rowsOf(input)));
    lengths.push_back(int32_t((rowsOf(input) + stride - 1) / stride));
    longest = std::max(longest, rowsOf(input));
  }
  length = (longest + stride - 1) / stride;
  int64_t width = sourceWidth(runner.model());
  hidden.resize(elementCount({batch, length, width}, batch, " sources of up to ", longest, " rows"));
  std::vector<int32_t> tokens, types;
  std::vector<float> features;
  std::vector<void *> arguments;
  std::vector<int64_t> dims(entry.dims.size(), 1);
  for (const TensorType &input : entry.inputs) {
    if (input.name == "features") {
      int64_t columns = input.shape.back().fixed;
      features = padded<float>(inputs, longest, columns, [](const SourceInput &each) { return each.features; });
      bindDims(input, {batch, longest, columns}, dims);
      arguments.push_back(features.data());
    } else if (input.name == "tokens") {
      tokens = padded<int32_t>(inputs, longest, 1, [](const SourceInput &each) { return each.tokens.data(); });
      bindDims(input, {batch, longest}, dims);
      arguments.push_back(tokens.data());
    } else if (input.name == "types") {
      types.assign(size_t(batch * longest), 0);
      bindDims(input, {batch, longest}, dims);
      arguments.push_back(types.data());
    } else {
      bindDims(input, {batch}, dims);
      arguments.push_back(given.data());
    }
  }
  runEntry(entry, std::move(arguments), dims);
}

void SourceBatch::takeHidden() {
  for (const SourceInput &input : inputs) {
    lengths.push_back(int32_t(input.rows));
    length = std::max(length, input.rows);
  }
  hidden =
      padded<float>(inputs, length, sourceWidth(runner.model()), [](const SourceInput &each) { return each.hidden; });
}

void SourceBatch::start() {
  const Entry &entry = runner.model().entry("start");
  std::shared_ptr<PagePool> pool = runner.model().sourcePool();
  auto batch = int64_t(inputs.size()), slots = pagesFor(length);
  std::vector<std::shared_ptr<const Source>> sources;
  std::vector<int32_t> pages(elementCount({batch, slots}, batch, " sources of up to ", slots, " pages"), 0);
  for (size_t row = 0; row < inputs.size(); ++row) {
    sources.push_back(std::make_shared<Source>(pool, lengths[row], inputs[row].tokens));
    std::copy(sources[row]->pages().begin(), sources[row]->pages().end(), pages.begin() + int64_t(row) * slots);
  }
  std::vector<void *> arguments;
  std::vector<int64_t> dims(entry.dims.size(), 1);
  for (const TensorType &input : entry.inputs) {
    if (input.name == "source") {
      bindDims(input, {batch, length, input.shape.back().fixed}, dims);
      arguments.push_back(hidden.data());
    } else if (input.name == "source_pages") {
      bindDims(input, {batch, slots}, dims);
      arguments.push_back(pages.data());
    } else {
      bindDims(input, {batch}, dims);
      arguments.push_back(lengths.data());
    }
  }
  for (size_t index = 0; index < entry.states.size(); ++index) {
    dims[size_t(entry.states[index].pagesDim)] = pool->pageCount();
    arguments.push_back(pool->state(index));
  }
  runner.run(entry, arguments, dims);
  for (size_t row = 0; row < inputs.size(); ++row)
    inputs[row].sequence->begin(std::move(sources[row]));
}

} // namespace

Source::Source(std::shared_ptr<PagePool> from, int64_t rows, std::span<const int32_t> tokens)
    : pool(std::move(from)), rowCount(rows), read(tokens.begin(), tokens.end()) {
  pool->acquire(size_t(pagesFor(rows)), table);
}

void setSources(Session &runner, std::span<const SourceInput> inputs) {
  runner.refuseAfterFork();
  if (!hasSource(runner.model()))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", runner.model().manifest().name,
         " attends to no source: it has no entry point start");
  SourceBatch(runner, inputs).run();
}

void encodeSource(Session &session, const float *features, int64_t rows, int64_t columns) {
  if (int64_t expected = sourceFeatures(session.model()); columns != expected)
    fail(TENON_ERROR_INVALID_ARGUMENT, "rows of ", columns, " features, the encoder of ",
         session.model().manifest().name, " takes ", expected);
  SourceInput input{&session.sequence()};
  input.features = features;
  input.rows = rows;
  setSources(session, {&input, 1});
}

bool hasSource(const Model &model) { return model.findEntry("start") != nullptr; }

void checkSourceEntries(const Model &model) {
  const Entry *start = model.findEntry("start"), *prefill = model.findEntry("prefill");
  if (prefill && prefill->hasInput("source_lengths") != (start != nullptr))
    wrong("entry point \"prefill\" ", start ? "takes no source, but there is an entry point \"start\""
                                            : "takes a source, but there is no entry point \"start\"");
  if (!start)
    return;
  checkTensor(*start, start->inputs, "source", TENON_F32, 3);
  checkTensor(*start, start->inputs, "source_lengths", TENON_I32, 1);
  checkTensor(*start, start->inputs, "source_pages", TENON_I32, 2);
  if (start->inputs.size() != 3 || start->states.empty() || !start->statesOf(ownPages).empty())
    wrong("entry point \"start\" has ", start->inputs.size(), " inputs and ", start->states.size(),
          " states, expected source, source_lengths, source_pages and states of \"", sourcePages, "\"");
  if (start->inputs[0].shape.back().dim >= 0 && sourceWidth(model) == 0)
    wrong("the last extent of input \"source\" of entry point \"start\" is not a number");
  const Entry *encode = model.findEntry("encode");
  if (!encode)
    return;
  checkTensor(*encode, encode->outputs, "hidden", TENON_F32, 3);
  if (int64_t given = lastExtent(*encode, "hidden"); given != sourceWidth(model))
    wrong("entry point \"encode\" gives rows of ", given, " numbers, \"start\" takes ", sourceWidth(model));
}

int64_t sourceFeatures(const Model &model) {
  const Entry *encode = model.findEntry("encode");
  const TensorType *features = encode ? findTensor(encode->inputs, "features") : nullptr;
  return features ? features->shape.back().fixed : 0;
}

int64_t sourceWidth(const Model &model) {
  const Entry *start = model.findEntry("start");
  const TensorType *source = start ? findTensor(start->inputs, "source") : nullptr;
  return source ? source->shape.back().fixed : 0;
}

} // namespace tenon::runtime
