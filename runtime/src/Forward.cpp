//===- Forward.cpp - New tokens through a model that generates ------------===//

#include "Forward.h"

#include "Failure.h"
#include "Session.h"
#include "Sizes.h"

#include <algorithm>
#include <string_view>

namespace tenon::runtime {
namespace {

template <typename... Parts> [[noreturn]] void wrong(const Parts &...parts) {
  fail(TENON_ERROR_LIBRARY, "manifest: ", parts...);
}

} // namespace

const TensorType *findTensor(const std::vector<TensorType> &tensors, std::string_view name) {
  for (const TensorType &tensor : tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

void checkTensor(const Entry &entry, const std::vector<TensorType> &tensors, const char *name, tenon_type type,
                 size_t rank) {
  const TensorType *tensor = findTensor(tensors, name);
  if (!tensor || tensor->type != type || tensor->shape.size() != rank)
    wrong("entry point \"", entry.name, "\" has no \"", name, "\" of type ", typeName(type), " and rank ", rank);
}

int64_t lastExtent(const Entry &entry, std::string_view output) {
  const TensorType *tensor = findTensor(entry.outputs, output);
  return tensor ? tensor->shape.back().fixed : 0;
}

void bindDims(const TensorType &tensor, std::initializer_list<int64_t> shape, std::vector<int64_t> &dims) {
  size_t axis = 0;
  for (int64_t value : shape)
    if (const Extent &extent = tensor.shape[axis++]; extent.dim >= 0)
      dims[size_t(extent.dim)] = value;
}

namespace {

void checkEntry(const Entry &entry) {
  static constexpr std::string_view inputs[] = {"tokens", "lengths", "past", "pages", "source_lengths", "source_pages"};
  checkTensor(entry, entry.inputs, "tokens", TENON_I32, 2);
  checkTensor(entry, entry.inputs, "lengths", TENON_I32, 1);
  checkTensor(entry, entry.inputs, "past", TENON_I32, 1);
  checkTensor(entry, entry.inputs, "pages", TENON_I32, 2);
  for (const TensorType &input : entry.inputs)
    if (std::find(std::begin(inputs), std::end(inputs), input.name) == std::end(inputs))
      wrong("entry point \"", entry.name, "\" has an input \"", input.name,
            "\", expected tokens, lengths, past and pages, and maybe source_lengths and source_pages");
  if (entry.hasInput("source_lengths") || entry.hasInput("source_pages")) {
    checkTensor(entry, entry.inputs, "source_lengths", TENON_I32, 1);
    checkTensor(entry, entry.inputs, "source_pages", TENON_I32, 2);
  }
  checkTensor(entry, entry.outputs, "logits", TENON_F32, 2);
  if (entry.states.empty())
    wrong("entry point \"", entry.name, "\" has no states");
  for (const TensorType &output : entry.outputs)
    if (output.shape.empty() || output.shape.back().dim >= 0)
      wrong("the last extent of output \"", output.name, "\" of entry point \"", entry.name, "\" is not a number");
  if (int64_t scores = lastExtent(entry, "logits"); scores < entry.limits.vocab)
    wrong("entry point \"", entry.name, "\" takes ", entry.limits.vocab, " tokens and gives ", scores, " logits");
}

/// The inputs of one call.
struct Inputs {
  int64_t batch, length, slots, sourceSlots;
  std::vector<int32_t> tokens, lengths, past, pages, sourceLengths, sourcePages;

  explicit Inputs(std::span<const Step> steps) : batch(int64_t(steps.size())), length(1), slots(1), sourceSlots(1) {
    for (const Step &step : steps) {
      length = std::max(length, int64_t(step.tokens.size()));
      slots = std::max(slots, int64_t(step.sequence->pages().size()));
      if (const Source *source = step.sequence->source())
        sourceSlots = std::max(sourceSlots, int64_t(source->pages().size()));
    }
    addSources(steps);
    tokens.assign(elementCount({batch, length}, batch, " rows of ", length, " tokens"), 0);
    pages.assign(elementCount({batch, slots}, batch, " rows of ", slots, " pages"), 0);
    for (size_t row = 0; row < steps.size(); ++row) {
      const Step &step = steps[row];
      std::copy(step.tokens.begin(), step.tokens.end(), tokens.begin() + int64_t(row) * length);
      lengths.push_back(int32_t(step.tokens.size()));
      past.push_back(int32_t(step.sequence->length()));
      std::transform(step.sequence->pages().begin(), step.sequence->pages().end(), pages.begin() + int64_t(row) * slots,
                     [](int32_t page) { return std::max(page, 0); });
    }
  }

private:
  void addSources(std::span<const Step> steps) {
    sourcePages.assign(elementCount({batch, sourceSlots}, batch, " sources of ", sourceSlots, " pages"), 0);
    for (size_t row = 0; row < steps.size(); ++row) {
      const Source *source = steps[row].sequence->source();
      sourceLengths.push_back(source ? int32_t(source->rows()) : 0);
      if (source)
        std::copy(source->pages().begin(), source->pages().end(), sourcePages.begin() + int64_t(row) * sourceSlots);
    }
  }
};

void *inputOf(Inputs &inputs, const TensorType &type, std::vector<int64_t> &dims) {
  if (type.name == "tokens") {
    bindDims(type, {inputs.batch, inputs.length}, dims);
    return inputs.tokens.data();
  }
  if (type.name == "pages") {
    bindDims(type, {inputs.batch, inputs.slots}, dims);
    return inputs.pages.data();
  }
  if (type.name == "source_pages") {
    bindDims(type, {inputs.batch, inputs.sourceSlots}, dims);
    return inputs.sourcePages.data();
  }
  bindDims(type, {inputs.batch}, dims);
  if (type.name == "source_lengths")
    return inputs.sourceLengths.data();
  return type.name == "past" ? inputs.past.data() : inputs.lengths.data();
}

float *outputOf(const ForwardOutputs &outputs, const TensorType &type) {
  if (type.name == "logits")
    return outputs.logits;
  if (type.name == "all_logits")
    return outputs.allLogits;
  return type.name == "hidden" ? outputs.hidden : nullptr;
}

/// Each state is the next one of its pool.
void addStates(const Entry &entry, const Sequence &sequence, std::vector<void *> &arguments,
               std::vector<int64_t> &dims) {
  size_t own = 0, ofSource = 0;
  for (const StateType &state : entry.states) {
    bool isSource = entry.dims[size_t(state.pagesDim)] == sourcePages;
    const PagePool &pool = isSource ? sequence.source()->pagePool() : sequence.pagePool();
    dims[size_t(state.pagesDim)] = pool.pageCount();
    arguments.push_back(pool.state(isSource ? ofSource++ : own++));
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
  if (!entry.hasInput("source_lengths"))
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

} // namespace

void checkGenerates(const Manifest &manifest) {
  for (const Entry &entry : manifest.entries)
    if (entry.name == "prefill" || entry.name == "decode")
      checkEntry(entry);
}

int64_t logitsWidth(const Entry &prefill) { return lastExtent(prefill, "logits"); }

bool givesAllLogits(const Entry &prefill) { return findTensor(prefill.outputs, "all_logits") != nullptr; }

int64_t hiddenWidth(const Entry &prefill) { return lastExtent(prefill, "hidden"); }

void checkTokens(const Model &model, const Entry &prefill, int64_t past, std::span<const int32_t> tokens, size_t row) {
  int64_t positions = prefill.limits.positions ? prefill.limits.positions : INT32_MAX;
  if (int64_t(tokens.size()) > positions - past)
    fail(TENON_ERROR_OUT_OF_RANGE, "row ", row, " would have ", past + int64_t(tokens.size()),
         " tokens, the model takes at most ", positions, past ? concat(", of which ", past, " are cached") : "");
  int64_t vocab = prefill.limits.vocab ? prefill.limits.vocab : logitsWidth(prefill);
  for (size_t position = 0; position < tokens.size(); ++position)
    if (tokens[position] < 0 || tokens[position] >= vocab)
      model.failToken(prefill, tokens[position], vocab, concat("row ", row, ", token ", position));
}

void forward(Session &runner, std::span<const Step> steps, const ForwardOutputs &outputs) {
  runner.refuseAfterFork();
  const Entry &entry = entryFor(runner.model(), steps);
  checkHaveSources(entry, steps);
  PreparedRows prepared(steps);
  Inputs inputs(steps);
  std::vector<int64_t> dims(entry.dims.size(), 1);
  std::vector<void *> arguments;
  for (const TensorType &input : entry.inputs)
    arguments.push_back(inputOf(inputs, input, dims));
  addStates(entry, *steps[0].sequence, arguments, dims);
  for (const TensorType &output : entry.outputs)
    arguments.push_back(outputOf(outputs, output));
  runner.run(entry, arguments, dims);
  for (const Step &step : steps)
    step.sequence->commit(step.tokens);
}

} // namespace tenon::runtime
