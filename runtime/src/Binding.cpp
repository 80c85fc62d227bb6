//===- Binding.cpp - A caller's tensors against the manifest --------------===//

#include "Binding.h"

#include "Failure.h"
#include "Model.h"
#include "Sizes.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <string_view>

namespace tenon::runtime {
namespace {

template <typename... Parts> [[noreturn]] void invalid(const Parts &...parts) {
  fail(TENON_ERROR_INVALID_ARGUMENT, parts...);
}

std::string shapeText(const int64_t *shape, size_t rank) {
  std::string text = "[";
  for (size_t index = 0; index < rank; ++index)
    text += concat(index ? ", " : "", shape[index]);
  return text + "]";
}

std::string nameList(const std::vector<TensorType> &tensors) {
  std::string names;
  for (const TensorType &tensor : tensors)
    names += concat(names.empty() ? "" : ", ", tensor.name);
  return names.empty() ? "none" : names;
}

/// The index of the tensor of that name among the entry point's inputs or outputs.
size_t indexOf(const std::vector<TensorType> &tensors, const char *name, const Entry &entry, std::string_view role) {
  if (!name)
    invalid("an ", role, " of ", entry.name, " has no name, expected one of ", nameList(tensors));
  for (size_t index = 0; index < tensors.size(); ++index)
    if (tensors[index].name == name)
      return index;
  invalid(entry.name, " has no ", role, " \"", name, "\", it has ", nameList(tensors));
}

void checkAlignment(const void *data, tenon_type type, std::string_view what) {
  if (std::bit_cast<uintptr_t>(data) % elementBytes(type) != 0)
    invalid(what, " does not lie on a multiple of its element's ", elementBytes(type), " bytes");
}

/// The bytes of a tensor whose extents are all at least 1.
size_t tensorBytes(const std::vector<int64_t> &shape, tenon_type type, std::string_view what) {
  CheckedSize elements = 1;
  for (int64_t extent : shape)
    elements *= extent;
  if (!(elements <= CheckedSize(elementLimit)))
    fail(TENON_ERROR_OUT_OF_RANGE, what, " of shape ", shapeText(shape.data(), shape.size()), " has more than ",
         elementLimit, " elements");
  return size_t(elements.get()) * elementBytes(type);
}

/// Compares one extent of an input with the manifest, or takes the value of a dim from it.
void bindExtent(const Entry &entry, const Extent &extent, int64_t value, size_t axis, std::vector<int64_t> &dims,
                const std::string &what) {
  if (extent.dim < 0) {
    if (value != extent.fixed)
      invalid("extent ", axis, " of ", what, " is ", value, ", expected ", extent.fixed);
    return;
  }
  const std::string &dim = entry.dims[size_t(extent.dim)];
  if (value < 1)
    fail(TENON_ERROR_OUT_OF_RANGE, "extent ", axis, " (", dim, ") of ", what, " is ", value, ", expected at least 1");
  int64_t &bound = dims[size_t(extent.dim)];
  if (bound != 0 && bound != value)
    invalid("extent ", axis, " (", dim, ") of ", what, " is ", value, ", another input has ", bound);
  bound = value;
}

void bindInput(const Entry &entry, const tenon_tensor &given, Binding &binding) {
  size_t index = indexOf(entry.inputs, given.name, entry, "input");
  const TensorType &type = entry.inputs[index];
  BoundTensor &bound = binding.inputs[index];
  std::string what = concat("input ", type.name);
  if (bound.type)
    invalid(what, " is given twice");
  if (given.type != type.type)
    invalid(what, " is ", typeName(given.type), ", expected ", typeName(type.type));
  if (given.rank != type.shape.size())
    invalid(what, " has rank ", given.rank, ", expected ", type.shape.size());
  for (size_t axis = 0; axis < type.shape.size(); ++axis)
    bindExtent(entry, type.shape[axis], given.shape[axis], axis, binding.dims, what);
  bound.type = &type;
  bound.shape.assign(given.shape, given.shape + given.rank);
  bound.bytes = tensorBytes(bound.shape, type.type, what);
  if (!given.data)
    invalid(what, " has no data");
  if (given.bytes < bound.bytes)
    invalid(what, " has ", given.bytes, " bytes, its shape ", shapeText(given.shape, given.rank), " needs ",
            bound.bytes);
  checkAlignment(given.data, type.type, what);
  bound.data = given.data;
}

void resolveShape(const TensorType &type, const std::vector<int64_t> &dims, std::string_view role, BoundTensor &bound) {
  bound.type = &type;
  bound.shape.clear();
  for (const Extent &extent : type.shape)
    bound.shape.push_back(extent.dim < 0 ? extent.fixed : dims[size_t(extent.dim)]);
  bound.bytes = tensorBytes(bound.shape, type.type, concat(role, " ", type.name));
}

void bindOutput(const Entry &entry, tenon_tensor &wanted, Binding &binding) {
  size_t index = indexOf(entry.outputs, wanted.name, entry, "output");
  BoundTensor &bound = binding.outputs[index];
  std::string what = concat("output ", bound.type->name);
  if (bound.output)
    invalid(what, " is given twice");
  bound.output = &wanted;
  if (!wanted.data)
    return;
  if (wanted.bytes < bound.bytes)
    fail(TENON_ERROR_CAPACITY, what, " has room for ", wanted.bytes, " bytes, its shape ",
         shapeText(bound.shape.data(), bound.shape.size()), " needs ", bound.bytes);
  checkAlignment(wanted.data, bound.type->type, what);
  bound.data = wanted.data;
}

/// The input of that role about that stack, if it is given.
const BoundTensor *givenInput(const Binding &binding, Role role, std::string_view stack) {
  for (const BoundTensor &input : binding.inputs)
    if (input.data && input.type->role == role && input.type->stack == stack)
      return &input;
  return nullptr;
}

/// How many ids, or rows of features, of each sequence count: those that lengths say, else all of them.
std::vector<int64_t> checkedLengths(const Binding &binding, const BoundTensor &read) {
  int64_t rows = read.shape[0], columns = read.shape[1];
  std::vector<int64_t> lengths(size_t(rows), columns);
  const BoundTensor *given = givenInput(binding, Role::Lengths, read.type->stack);
  if (!given)
    return lengths;
  if (given->shape[0] != rows)
    invalid("input ", given->type->name, " has ", given->shape[0], " rows, expected ", rows);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t length = static_cast<const int32_t *>(given->data)[row];
    if (length < 0 || length > columns)
      fail(TENON_ERROR_OUT_OF_RANGE, "length of row ", row, " is ", length, ", expected 0 to ", columns);
    lengths[size_t(row)] = length;
  }
  return lengths;
}

/// Calls `refuse` with the first id that is not below `limit`, and where it stands.
void checkIds(const BoundTensor &ids, int64_t limit, const std::vector<int64_t> &lengths,
              const std::function<void(int32_t id, const std::string &place)> &refuse) {
  const auto *values = static_cast<const int32_t *>(ids.data);
  for (size_t row = 0; limit != 0 && row < lengths.size(); ++row)
    for (int64_t column = 0; column < lengths[row]; ++column)
      if (int32_t id = values[int64_t(row) * ids.shape[1] + column]; id < 0 || id >= limit)
        refuse(id, concat("input ", ids.type->name, ", row ", row, ", position ", column));
}

/// The entry point that has the limits of an input: the one that makes hidden states of its stack.
const Entry &entryOf(const Model &model, const Entry &entry, const TensorType &input) {
  return input.encode >= 0 ? model.manifest().entries[size_t(input.encode)] : entry;
}

/// Positions that come behind the rows of another stack are fewer.
void checkBehind(const Model &model, const Entry &entry, const Binding &binding, const std::vector<int64_t> &lengths) {
  const Limits &limits = entry.limits;
  const BoundTensor *before = givenInput(binding, Role::Lengths, limits.behind);
  if (limits.behind.empty() || limits.positions == 0 || !before || size_t(before->shape[0]) != lengths.size())
    return;
  const Entry &other = entryOf(model, entry, *before->type);
  for (size_t row = 0; row < lengths.size(); ++row)
    if (int64_t rows = other.hiddenRows(static_cast<const int32_t *>(before->data)[row]),
        own = entry.hiddenRows(lengths[row]), positions = entry.hiddenRows(limits.positions);
        own > positions - rows)
      fail(TENON_ERROR_OUT_OF_RANGE, "row ", row, " has ", own, " tokens behind the ", rows, " of \"", limits.behind,
           "\", the model has ", positions, " positions");
}

/// How long the rows of one stack's tokens or features are, which have positions.
std::vector<int64_t> checkRows(const Model &model, const Entry &entry, const Binding &binding,
                               const BoundTensor &given) {
  if (int64_t positions = entry.limits.positions; positions != 0 && given.shape[1] > positions)
    fail(TENON_ERROR_OUT_OF_RANGE, "input ", given.type->name, " has rows of ", given.shape[1],
         given.type->role == Role::Tokens ? " tokens" : " steps", ", the model takes at most ", positions);
  std::vector<int64_t> lengths = checkedLengths(binding, given);
  checkBehind(model, entry, binding, lengths);
  return lengths;
}

/// Of the tokens of one stack, and of what goes with them.
void checkTokenInput(const Model &model, const Entry &entry, const Binding &binding, const BoundTensor &tokens) {
  const Limits &limits = entry.limits;
  std::vector<int64_t> lengths = checkRows(model, entry, binding, tokens);
  checkIds(tokens, limits.vocab, lengths,
           [&](int32_t id, const std::string &place) { model.failToken(false, id, limits.vocab, place); });
  const BoundTensor *types = givenInput(binding, Role::Types, tokens.type->stack);
  if (types && types->shape == tokens.shape)
    checkIds(*types, limits.types, lengths, [&](int32_t id, const std::string &place) {
      fail(TENON_ERROR_OUT_OF_RANGE, place, ": id ", id, ", expected 0 to ", limits.types - 1);
    });
}

void checkLimits(const Model &model, const Entry &entry, const Binding &binding) {
  for (const BoundTensor &input : binding.inputs) {
    if (input.data && input.type->role == Role::Tokens)
      checkTokenInput(model, entryOf(model, entry, *input.type), binding, input);
    if (input.data && input.type->role == Role::Features)
      checkRows(model, entryOf(model, entry, *input.type), binding, input);
  }
}

} // namespace

Binding bind(const Model &model, const Entry &entry, const tenon_tensor *inputs, size_t inputCount,
             tenon_tensor *outputs, size_t outputCount) {
  Binding binding;
  binding.dims.assign(entry.dims.size(), 0);
  binding.inputs.resize(entry.inputs.size());
  binding.outputs.resize(entry.outputs.size());
  for (size_t index = 0; index < inputCount; ++index)
    bindInput(entry, inputs[index], binding);
  for (size_t index = 0; index < entry.inputs.size(); ++index) {
    if (binding.inputs[index].type)
      continue;
    if (!entry.inputs[index].optional)
      invalid("input ", entry.inputs[index].name, " of ", entry.name, " is not given");
    resolveShape(entry.inputs[index], binding.dims, "input", binding.inputs[index]);
  }
  entry.derive(binding.dims);
  for (size_t index = 0; index < entry.outputs.size(); ++index)
    resolveShape(entry.outputs[index], binding.dims, "output", binding.outputs[index]);
  for (size_t index = 0; index < outputCount; ++index)
    bindOutput(entry, outputs[index], binding);
  checkLimits(model, entry, binding);
  return binding;
}

} // namespace tenon::runtime
