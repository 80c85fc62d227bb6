//===- Manifest.cpp - What a library says of itself -----------------------===//

#include "Manifest.h"

#include "Failure.h"
#include "tenon/library.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace tenon::runtime {
namespace {

using Json = nlohmann::json;

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

/// A member that must be there.
const Json &member(const Json &object, const char *key, std::string_view where) {
  if (!object.is_object())
    wrong(where, " is ", object.type_name(), ", expected an object");
  auto found = object.find(key);
  if (found == object.end())
    wrong(where, " has no \"", key, "\"");
  return *found;
}

std::string stringMember(const Json &object, const char *key, std::string_view where) {
  const Json &value = member(object, key, where);
  if (!value.is_string())
    wrong("\"", key, "\" of ", where, " is ", value.type_name(), ", expected a string");
  return value.get<std::string>();
}

const Json &arrayMember(const Json &object, const char *key, std::string_view where) {
  const Json &value = member(object, key, where);
  if (!value.is_array())
    wrong("\"", key, "\" of ", where, " is ", value.type_name(), ", expected an array");
  return value;
}

/// A whole number of at least `least`.
int64_t wholeNumber(const Json &value, int64_t least, std::string_view what) {
  bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t(INT64_MAX) : value.is_number_integer();
  if (!fits || value.get<int64_t>() < least)
    wrong(what, " is ", value.dump(), ", expected a whole number of at least ", least);
  return value.get<int64_t>();
}

/// The number under `key`, or 0 if there is none.
int64_t numberOrZero(const Json &object, const char *key) {
  auto found = object.find(key);
  return found == object.end() ? 0 : wholeNumber(*found, 1, concat("\"", key, "\""));
}

tenon_type typeOf(const std::string &name, std::string_view where) {
  for (const TypeEntry &entry : types)
    if (entry.name == name)
      return entry.type;
  wrong("type of ", where, " is \"", name, "\", expected one of f32, i32, f64, i64, f16, bf16, i8, u8");
}

Extent parseExtent(const Json &value, const std::vector<std::string> &dims, std::string_view where) {
  Extent extent;
  if (!value.is_string()) {
    extent.fixed = wholeNumber(value, 1, concat("an extent of ", where));
    return extent;
  }
  auto found = std::find(dims.begin(), dims.end(), value.get_ref<const std::string &>());
  if (found == dims.end())
    wrong("extent \"", value.get_ref<const std::string &>(), "\" of ", where, " is not one of the entry point's dims");
  extent.dim = int(found - dims.begin());
  return extent;
}

TensorType parseTensor(const Json &value, const std::vector<std::string> &dims, const std::string &entry) {
  TensorType tensor;
  tensor.name = stringMember(value, "name", concat("a tensor of ", entry));
  std::string where = concat("tensor \"", tensor.name, "\" of ", entry);
  tensor.type = typeOf(stringMember(value, "type", where), where);
  const Json &shape = arrayMember(value, "shape", where);
  if (shape.size() > TENON_MAX_RANK)
    wrong(where, " has rank ", shape.size(), ", expected at most ", TENON_MAX_RANK);
  for (const Json &extent : shape)
    tensor.shape.push_back(parseExtent(extent, dims, where));
  if (auto optional = value.find("optional"); optional != value.end()) {
    if (!optional->is_boolean())
      wrong("\"optional\" of ", where, " is ", optional->type_name(), ", expected true or false");
    tensor.optional = optional->get<bool>();
  }
  return tensor;
}

/// Each dim gets its value from an input, so one that no caller need give would have none.
void checkDimsAreBound(const Entry &entry) {
  for (size_t dim = 0; dim < entry.dims.size(); ++dim) {
    bool bound = std::any_of(entry.inputs.begin(), entry.inputs.end(), [&](const TensorType &input) {
      return !input.optional && std::any_of(input.shape.begin(), input.shape.end(),
                                            [&](const Extent &extent) { return extent.dim == int(dim); });
    });
    if (!bound)
      wrong("dim \"", entry.dims[dim], "\" of entry point \"", entry.name, "\" occurs in no input that must be given");
  }
}

Entry parseEntry(const Json &value) {
  Entry entry;
  entry.name = stringMember(value, "name", "an entry point");
  std::string where = concat("entry point \"", entry.name, "\"");
  for (const Json &dim : arrayMember(value, "dims", where)) {
    if (!dim.is_string())
      wrong("a dim of ", where, " is ", dim.dump(), ", expected a string");
    entry.dims.push_back(dim.get<std::string>());
  }
  for (const Json &input : arrayMember(value, "inputs", where))
    entry.inputs.push_back(parseTensor(input, entry.dims, where));
  for (const Json &output : arrayMember(value, "outputs", where))
    entry.outputs.push_back(parseTensor(output, entry.dims, where));
  checkDimsAreBound(entry);
  return entry;
}

WeightFileName parseWeights(const Json &value) {
  WeightFileName weights;
  weights.file = stringMember(value, "file", "\"weights\"");
  weights.bytes = uint64_t(wholeNumber(member(value, "bytes", "\"weights\""), 8, "\"bytes\" of \"weights\""));
  weights.id = stringMember(value, "id", "\"weights\"");
  return weights;
}

Manifest readManifest(const Json &root) {
  Manifest manifest;
  if (const Json &version = member(root, "tenon", "the manifest"); version != TENON_LIBRARY_VERSION)
    wrong("is version ", version.dump(), ", this runtime reads version ", TENON_LIBRARY_VERSION);
  manifest.name = stringMember(root, "name", "the manifest");
  manifest.width = numberOrZero(root, "width");
  for (const Json &entry : arrayMember(root, "entries", "the manifest"))
    manifest.entries.push_back(parseEntry(entry));
  manifest.kernelCount = arrayMember(root, "kernels", "the manifest").size();
  if (auto limits = root.find("limits"); limits != root.end()) {
    if (!limits->is_object())
      wrong("\"limits\" is ", limits->type_name(), ", expected an object");
    manifest.limits = {numberOrZero(*limits, "vocab"), numberOrZero(*limits, "positions"),
                       numberOrZero(*limits, "types"), numberOrZero(*limits, "text_tokens")};
  }
  if (auto weights = root.find("weights"); weights != root.end() && !weights->is_null())
    manifest.weights = parseWeights(*weights);
  if (auto spec = root.find("spec"); spec != root.end() && spec->is_string())
    manifest.spec = spec->get<std::string>();
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
    return readManifest(Json::parse(json));
  } catch (const Json::exception &failure) {
    wrong(failure.what());
  }
}

} // namespace tenon::runtime
