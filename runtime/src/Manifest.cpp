//===- Manifest.cpp - What a library says of itself -----------------------===//

#include "Manifest.h"

#include "Failure.h"
#include "Json.h"
#include "tenon/library.h"

#include <algorithm>
#include <array>

namespace tenon::runtime {
namespace {

struct TypeEntry {
  std::string_view name;
  tenon_type type;
  size_t bytes;
};

constexpr std::array<TypeEntry, 8> types = {{{"f32", TENON_F32, 4},
                                             {"i32", TENON_I32, 4},
                                             {"f64", TENON_F64, 8},
                                             {"i64", TENON_I64, 8},
                                             {"f16", TENON_F16, 2},
                                             {"bf16", TENON_BF16, 2},
                                             {"i8", TENON_I8, 1},
                                             {"u8", TENON_U8, 1}}};

template <typename... Parts> [[noreturn]] void wrong(const Parts &...parts) {
  fail(TENON_ERROR_LIBRARY, "manifest: ", parts...);
}

using Kind = JsonValue::Kind;

/// A member that must be there.
const JsonValue &member(const JsonValue &object, const char *key, std::string_view where) {
  if (!object.is(Kind::Object))
    wrong(where, " is ", object.kindName(), ", expected an object");
  const JsonValue *found = object.find(key);
  if (!found)
    wrong(where, " has no \"", key, "\"");
  return *found;
}

/// The same, of a kind.
const JsonValue &member(const JsonValue &object, const char *key, Kind kind, const char *expected,
                        std::string_view where) {
  const JsonValue &value = member(object, key, where);
  if (!value.is(kind))
    wrong("\"", key, "\" of ", where, " is ", value.kindName(), ", expected ", expected);
  return value;
}

const std::string &stringMember(const JsonValue &object, const char *key, std::string_view where) {
  return member(object, key, Kind::String, "a string", where).text;
}

const std::vector<JsonValue> &arrayMember(const JsonValue &object, const char *key, std::string_view where) {
  return member(object, key, Kind::Array, "an array", where).items;
}

/// A whole number of at least `least`.
int64_t wholeNumber(const JsonValue &value, int64_t least, std::string_view what) {
  if (!value.is(Kind::Integer) || value.integer < least)
    wrong(what, " is ", value.show(), ", expected a whole number of at least ", least);
  return value.integer;
}

/// The number under `key`, or 0 if there is none.
int64_t numberOrZero(const JsonValue &object, const char *key) {
  const JsonValue *found = object.find(key);
  return found ? wholeNumber(*found, 1, concat("\"", key, "\"")) : 0;
}

tenon_type typeOf(const std::string &name, std::string_view where) {
  for (const TypeEntry &entry : types)
    if (entry.name == name)
      return entry.type;
  wrong("type of ", where, " is \"", name, "\", expected one of f32, i32, f64, i64, f16, bf16, i8, u8");
}

Extent parseExtent(const JsonValue &value, const std::vector<std::string> &dims, std::string_view where) {
  Extent extent;
  if (!value.is(Kind::String)) {
    extent.fixed = wholeNumber(value, 1, concat("an extent of ", where));
    return extent;
  }
  auto found = std::find(dims.begin(), dims.end(), value.text);
  if (found == dims.end())
    wrong("extent \"", value.text, "\" of ", where, " is not one of the entry point's dims");
  extent.dim = int(found - dims.begin());
  return extent;
}

TensorType parseTensor(const JsonValue &value, const std::vector<std::string> &dims, const std::string &entry) {
  TensorType tensor;
  tensor.name = stringMember(value, "name", concat("a tensor of ", entry));
  std::string where = concat("tensor \"", tensor.name, "\" of ", entry);
  tensor.type = typeOf(stringMember(value, "type", where), where);
  const std::vector<JsonValue> &shape = arrayMember(value, "shape", where);
  if (shape.size() > TENON_MAX_RANK)
    wrong(where, " has rank ", shape.size(), ", expected at most ", TENON_MAX_RANK);
  for (const JsonValue &extent : shape)
    tensor.shape.push_back(parseExtent(extent, dims, where));
  if (const JsonValue *optional = value.find("optional")) {
    if (!optional->is(Kind::Boolean))
      wrong("\"optional\" of ", where, " is ", optional->show(), ", expected true or false");
    tensor.optional = optional->boolean;
  }
  return tensor;
}

/// [layers, one of the dims, floats of a page], of f32.
StateType parseState(const JsonValue &value, const std::vector<std::string> &dims, const std::string &entry) {
  TensorType tensor = parseTensor(value, dims, entry);
  StateType state;
  state.name = tensor.name;
  bool pool = tensor.type == TENON_F32 && tensor.shape.size() == 3 && tensor.shape[0].dim < 0 &&
              tensor.shape[1].dim >= 0 && tensor.shape[2].dim < 0;
  if (!pool)
    wrong("state \"", tensor.name, "\" of ", entry, " is not f32 of shape [number, dim, number]");
  state.layers = tensor.shape[0].fixed;
  state.pagesDim = tensor.shape[1].dim;
  state.pageFloats = tensor.shape[2].fixed;
  if (state.pageFloats > INT32_MAX || state.layers > INT32_MAX)
    wrong("state \"", tensor.name, "\" of ", entry, " has ", state.layers, " layers of pages of ", state.pageFloats,
          " floats, expected at most ", INT32_MAX);
  state.window = numberOrZero(value, "window");
  return state;
}

Limits parseLimits(const JsonValue &value, std::string_view where) {
  if (!value.is(Kind::Object))
    wrong("\"limits\" of ", where, " is ", value.kindName(), ", expected an object");
  return {numberOrZero(value, "vocab"), numberOrZero(value, "positions"), numberOrZero(value, "types"),
          numberOrZero(value, "text_tokens")};
}

/// Each dim gets its value from an input, so one that no caller need give would have none.
void checkDimsAreBound(const Entry &entry) {
  for (size_t dim = 0; dim < entry.dims.size(); ++dim) {
    bool bound = std::any_of(entry.inputs.begin(), entry.inputs.end(), [&](const TensorType &input) {
      return !input.optional && std::any_of(input.shape.begin(), input.shape.end(),
                                            [&](const Extent &extent) { return extent.dim == int(dim); });
    });
    bound = bound || std::any_of(entry.states.begin(), entry.states.end(),
                                 [&](const StateType &state) { return state.pagesDim == int(dim); });
    if (!bound)
      wrong("dim \"", entry.dims[dim], "\" of entry point \"", entry.name, "\" occurs in no input that must be given");
  }
}

Entry parseEntry(const JsonValue &value, const Limits &common) {
  Entry entry;
  entry.name = stringMember(value, "name", "an entry point");
  std::string where = concat("entry point \"", entry.name, "\"");
  for (const JsonValue &dim : arrayMember(value, "dims", where)) {
    if (!dim.is(Kind::String))
      wrong("a dim of ", where, " is ", dim.show(), ", expected a string");
    entry.dims.push_back(dim.text);
  }
  for (const JsonValue &input : arrayMember(value, "inputs", where))
    entry.inputs.push_back(parseTensor(input, entry.dims, where));
  if (const JsonValue *states = value.find("states"); states && !states->is(Kind::Null))
    for (const JsonValue &state : arrayMember(value, "states", where))
      entry.states.push_back(parseState(state, entry.dims, where));
  const JsonValue *limits = value.find("limits");
  entry.limits = limits ? parseLimits(*limits, where) : common;
  entry.weightBytes = numberOrZero(value, "weight_bytes");
  for (const JsonValue &output : arrayMember(value, "outputs", where))
    entry.outputs.push_back(parseTensor(output, entry.dims, where));
  checkDimsAreBound(entry);
  return entry;
}

int32_t tokenId(const JsonValue &value, const char *key) {
  int64_t id = wholeNumber(value, 0, concat("\"", key, "\" of \"tokens\""));
  if (id > INT32_MAX)
    wrong("\"", key, "\" of \"tokens\" is ", id, ", expected at most ", INT32_MAX);
  return int32_t(id);
}

/// The member of that name, unless it is missing or null.
const JsonValue *given(const JsonValue &object, const char *key) {
  const JsonValue *found = object.find(key);
  return found && !found->is(Kind::Null) ? found : nullptr;
}

SpecialTokens parseTokens(const JsonValue &value) {
  if (!value.is(Kind::Object))
    wrong("\"tokens\" is ", value.kindName(), ", expected an object");
  SpecialTokens tokens;
  if (const JsonValue *bos = given(value, "bos"))
    tokens.bos = tokenId(*bos, "bos");
  if (const JsonValue *pad = given(value, "pad"))
    tokens.pad = tokenId(*pad, "pad");
  if (given(value, "eos"))
    for (const JsonValue &eos : arrayMember(value, "eos", "\"tokens\""))
      tokens.eos.push_back(tokenId(eos, "eos"));
  if (given(value, "add_bos"))
    tokens.addBos = member(value, "add_bos", Kind::Boolean, "true or false", "\"tokens\"").boolean;
  if (tokens.addBos && tokens.bos < 0)
    wrong("\"tokens\" has \"add_bos\" but no \"bos\"");
  return tokens;
}

/// `decode` continues what `prefill` began, in the same memory.
void checkSameStates(const std::vector<Entry> &entries) {
  const Entry *first = nullptr;
  for (const Entry &entry : entries) {
    if (entry.states.empty())
      continue;
    first = first ? first : &entry;
    bool same = std::equal(entry.states.begin(), entry.states.end(), first->states.begin(), first->states.end(),
                           [](const StateType &left, const StateType &right) {
                             return left.name == right.name && left.layers == right.layers &&
                                    left.pageFloats == right.pageFloats && left.window == right.window;
                           });
    if (!same)
      wrong("entry points \"", first->name, "\" and \"", entry.name, "\" have different states");
  }
}

WeightFileName parseWeights(const JsonValue &value) {
  WeightFileName weights;
  weights.file = stringMember(value, "file", "\"weights\"");
  weights.bytes = uint64_t(wholeNumber(member(value, "bytes", "\"weights\""), 8, "\"bytes\" of \"weights\""));
  weights.id = stringMember(value, "id", "\"weights\"");
  return weights;
}

Manifest readManifest(const JsonValue &root) {
  Manifest manifest;
  const JsonValue &version = member(root, "tenon", "the manifest");
  if (!version.is(Kind::Integer) || version.integer != TENON_LIBRARY_VERSION)
    wrong("is version ", version.show(), ", this runtime reads version ", TENON_LIBRARY_VERSION);
  manifest.name = stringMember(root, "name", "the manifest");
  manifest.width = numberOrZero(root, "width");
  const JsonValue *common = root.find("limits");
  Limits limits = common ? parseLimits(*common, "the manifest") : Limits();
  for (const JsonValue &entry : arrayMember(root, "entries", "the manifest"))
    manifest.entries.push_back(parseEntry(entry, limits));
  checkSameStates(manifest.entries);
  manifest.kernelCount = arrayMember(root, "kernels", "the manifest").size();
  if (const JsonValue *tokens = given(root, "tokens"))
    manifest.tokens = parseTokens(*tokens);
  if (given(root, "chat_template"))
    manifest.chatTemplate = stringMember(root, "chat_template", "the manifest");
  if (const JsonValue *weights = root.find("weights"); weights && !weights->is(Kind::Null))
    manifest.weights = parseWeights(*weights);
  if (const JsonValue *spec = root.find("spec"); spec && spec->is(Kind::String))
    manifest.spec = spec->text;
  return manifest;
}

} // namespace

size_t elementBytes(tenon_type type) {
  for (const TypeEntry &entry : types)
    if (entry.type == type)
      return entry.bytes;
  return 0;
}

std::string typeName(tenon_type type) {
  for (const TypeEntry &entry : types)
    if (entry.type == type)
      return std::string(entry.name);
  return concat("type ", int(type));
}

Manifest parseManifest(std::string_view json) {
  try {
    return readManifest(parseJson(json));
  } catch (const JsonError &failure) {
    wrong(failure.message);
  }
}

} // namespace tenon::runtime
