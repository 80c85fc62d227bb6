//===- Forward.cpp - New tokens through a model that generates ------------===//

#include "Forward.h"

#include "Failure.h"
#include "Session.h"
#include "Sizes.h"

#include <algorithm>

namespace tenon::runtime {

void bindDims(const TensorType &tensor, std::initializer_list<int64_t> shape, std::vector<int64_t> &dims) {
  size_t axis = 0;
  for (int64_t value : shape)
    if (const Extent &extent = tensor.shape[axis++]; extent.dim >= 0)
      dims[size_t(extent.dim)] = value;
}

void bindStates(const Model &model, const Entry &entry, std::vector<void *> &arguments, std::vector<int64_t> &dims) {
  for (const StateType &state : entry.states) {
    const PagePool &pool = *model.pools()[state.pool];
    dims[size_t(state.pagesDim)] = pool.pageCount();
    arguments.push_back(pool.state(state.place));
  }
}

std::vector<int32_t> pageMatrix(const TensorType &input, std::span<const std::span<const int32_t>> tables,
                                std::vector<int64_t> &dims) {
  auto rows = int64_t(tables.size()), slots = int64_t(1);
  for (std::span<const int32_t> table : tables)
    slots = std::max(slots, int64_t(table.size()));
  bindDims(input, {rows, slots}, dims);
  std::vector<int32_t> pages(elementCount({rows, slots}, rows, " rows of ", slots, " pages"), 0);
  for (size_t row = 0; row < tables.size(); ++row)
    std::transform(tables[row].begin(), tables[row].end(), pages.begin() + int64_t(row) * slots,
                   [](int32_t page) { return std::max(page, 0); });
  return pages;
}

namespace {

/// What one input of a call is, a number or more for each row; its dims are bound.
std::vector<int32_t> inputOf(std::span<const Step> steps, const TensorType &input, std::vector<int64_t> &dims) {
  std::vector<std::span<const int32_t>> tables;
  std::vector<int32_t> values;
  int64_t rows = int64_t(steps.size()), length = 1;
  if (input.role == Role::Pages) {
    for (const Step &step : steps)
      tables.push_back(input.source < 0 ? step.sequence->pages(input.table)
                                        : step.sequence->source()->pages(size_t(input.source), input.table));
    return pageMatrix(input, tables, dims);
  }
  if (input.role == Role::Tokens) {
    for (const Step &step : steps)
      length = std::max(length, int64_t(step.tokens.size()));
    bindDims(input, {rows, length}, dims);
    values.assign(elementCount({rows, length}, rows, " rows of ", length, " tokens"), 0);
    for (size_t row = 0; row < steps.size(); ++row)
      std::copy(steps[row].tokens.begin(), steps[row].tokens.end(), values.begin() + int64_t(row) * length);
    return values;
  }
  bindDims(input, {rows}, dims);
  for (const Step &step : steps)
    values.push_back(int32_t(input.role == Role::SourceLengths ? step.sequence->source()->rows(size_t(input.source))
                             : input.role == Role::Past        ? step.sequence->rows()
                                                               : int64_t(step.tokens.size())));
  return values;
}

float *outputOf(const ForwardOutputs &outputs, const TensorType &type) {
  switch (type.role) {
  case Role::Logits:
    return outputs.logits;
  case Role::AllLogits:
    return outputs.allLogits;
  case Role::Hidden:
    return outputs.hidden;
  default:
    return nullptr;
  }
}

/// Room for the new tokens of all rows, given back unless they were used.
class PreparedRows {
public:
  explicit PreparedRows(std::span<const Step> steps) : steps(steps) {
    try {
      for (const Step &step : steps)
        step.sequence->prepare(int64_t(step.tokens.size()));
    } catch (...) {
      trim();
      throw;
    }
  }
  ~PreparedRows() { trim(); }

private:
  void trim() noexcept {
    for (const Step &step : steps)
      step.sequence->trim();
  }

  std::span<const Step> steps;
};

/// Answers of a model that attends to a source are about one.
void checkHaveSources(const Entry &entry, std::span<const Step> steps) {
  bool readsOne =
      std::any_of(entry.inputs.begin(), entry.inputs.end(), [](const TensorType &input) { return input.source >= 0; });
  if (!readsOne && entry.prefix.empty())
    return;
  for (size_t row = 0; row < steps.size(); ++row)
    if (!steps[row].sequence->source())
      fail(TENON_ERROR_INVALID_ARGUMENT, "row ", row,
           " has no source: give the session one with tenon_session_set_sources first");
}

/// For rows of one token there may be code of its own.
const Entry &entryFor(const Model &model, std::span<const Step> steps) {
  const Entry *decode = model.findEntry("decode");
  bool single = std::all_of(steps.begin(), steps.end(), [](const Step &step) { return step.tokens.size() == 1; });
  return single && decode ? *decode : model.entry("prefill");
}

/// The rows of its source that a sequence's first position is behind.
int64_t rowsBefore(const Entry &prefill, const Sequence &sequence) {
  int behind = prefill.limits.behindSource;
  return behind >= 0 && sequence.source() ? sequence.source()->rows(size_t(behind)) : 0;
}

} // namespace

const Entry &scoringPrefill(const Model &model) {
  (void)model.pools(); // which fails if it has no prefill
  const Entry &prefill = model.entry("prefill");
  if (!prefill.output(Role::Logits))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name,
         " has no head and gives no scores: tenon_session_score gives its hidden states");
  return prefill;
}

int64_t logitsWidth(const Entry &prefill) { return prefill.width(Role::Logits); }

bool givesAllLogits(const Entry &prefill) { return prefill.output(Role::AllLogits) != nullptr; }

int64_t hiddenWidth(const Entry &prefill) { return prefill.width(Role::Hidden); }

int64_t mostTokens(const Entry &prefill, const Sequence &sequence) {
  if (prefill.limits.positions == 0)
    return INT32_MAX;
  return std::max<int64_t>(prefill.limits.positions - rowsBefore(prefill, sequence), 0);
}

void checkTokens(const Model &model, const Entry &prefill, const Sequence &sequence, std::span<const int32_t> tokens,
                 size_t row) {
  int64_t most = mostTokens(prefill, sequence), past = sequence.length(), before = rowsBefore(prefill, sequence);
  if (int64_t(tokens.size()) > most - past)
    fail(TENON_ERROR_OUT_OF_RANGE, "row ", row, " would have ", past + int64_t(tokens.size()),
         " tokens, the model takes at most ", most,
         before ? concat(" behind the ", before, " rows of \"", prefill.limits.behind, "\"") : "",
         past ? concat(", of which ", past, " are cached") : "");
  int64_t vocab = prefill.limits.vocab ? prefill.limits.vocab : logitsWidth(prefill);
  vocab = vocab ? vocab : INT32_MAX;
  for (size_t position = 0; position < tokens.size(); ++position)
    if (tokens[position] < 0 || tokens[position] >= vocab)
      model.failToken(true, tokens[position], vocab, concat("row ", row, ", token ", position));
}

void forward(Session &runner, std::span<const Step> steps, const ForwardOutputs &outputs) {
  const Entry &entry = entryFor(runner.model(), steps);
  checkHaveSources(entry, steps);
  forward(runner, entry, steps, outputs);
}

void forward(Session &runner, const Entry &entry, std::span<const Step> steps, const ForwardOutputs &outputs) {
  runner.refuseAfterFork();
  PreparedRows prepared(steps);
  std::vector<int64_t> dims(entry.dims.size(), 1);
  std::vector<std::vector<int32_t>> inputs;
  std::vector<void *> arguments;
  for (const TensorType &input : entry.inputs)
    arguments.push_back(inputs.emplace_back(inputOf(steps, input, dims)).data());
  bindStates(runner.model(), entry, arguments, dims);
  for (const TensorType &output : entry.outputs)
    arguments.push_back(outputOf(outputs, output));
  runner.run(entry, arguments, dims);
  for (const Step &step : steps)
    step.sequence->commit(step.tokens);
}

} // namespace tenon::runtime
