//===- Manifest.cpp - What a library says of itself -----------------------===//

#include "Manifest.h"

#include "Failure.h"
#include "Json.h"
#include "Stacks.h"
#include "tenon/library.h"

#include <algorithm>
#include <array>
#include <charconv>

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

/// What a tensor of a role must be.
struct RoleEntry {
  Role role;
  std::string_view name;
  bool isInput;
  tenon_type type;
  size_t rank;
};

constexpr std::array<RoleEntry, 13> roles = {{{Role::Tokens, "tokens", true, TENON_I32, 2},
                                              {Role::Lengths, "lengths", true, TENON_I32, 1},
                                              {Role::Types, "types", true, TENON_I32, 2},
                                              {Role::Features, "features", true, TENON_F32, 3},
                                              {Role::PromptLengths, "prompt_lengths", true, TENON_I32, 1},
                                              {Role::Past, "past", true, TENON_I32, 1},
                                              {Role::Pages, "pages", true, TENON_I32, 2},
                                              {Role::Rows, "rows", true, TENON_F32, 3},
                                              {Role::SourceLengths, "source_lengths", true, TENON_I32, 1},
                                              {Role::Logits, "logits", false, TENON_F32, 2},
                                              {Role::AllLogits, "all_logits", false, TENON_F32, 3},
                                              {Role::Hidden, "hidden", false, TENON_F32, 3},
                                              {Role::Embedding, "embedding", false, TENON_F32, 2}}};

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

const RoleEntry &roleOf(const std::string &name, bool isInput, const std::string &where) {
  std::string known;
  for (const RoleEntry &entry : roles) {
    if (entry.isInput != isInput)
      continue;
    if (entry.name == name)
      return entry;
    known += concat(known.empty() ? "" : ", ", entry.name);
  }
  wrong("role of ", where, " is \"", name, "\", expected one of ", known);
}

/// Rows of numbers are of a width that is known before a call.
bool hasFixedWidth(Role role) {
  return role == Role::Features || role == Role::Rows || role == Role::Logits || role == Role::AllLogits ||
         role == Role::Hidden || role == Role::Embedding;
}

/// Role, stack and pool of a tensor that is not a state.
void parseRole(const JsonValue &value, bool isInput, const std::string &entry, TensorType &tensor) {
  std::string where = concat("tensor \"", tensor.name, "\" of ", entry);
  if (!value.find("role")) {
    for (const char *key : {"stack", "pool"})
      if (value.find(key))
        wrong(where, " has a \"", key, "\" but no \"role\"");
    return;
  }
  const RoleEntry &role = roleOf(stringMember(value, "role", where), isInput, where);
  tensor.role = role.role;
  if (tensor.type != role.type || tensor.shape.size() != role.rank)
    wrong(where, " is ", typeName(tensor.type), " of rank ", tensor.shape.size(), ", expected ", typeName(role.type),
          " of rank ", role.rank, " as its role is ", role.name);
  if (hasFixedWidth(role.role) && tensor.shape.back().dim >= 0)
    wrong("the last extent of ", where, " is not a number");
  if (value.find("stack"))
    tensor.stack = stringMember(value, "stack", where);
  if (role.role == Role::Pages)
    tensor.pool = stringMember(value, "pool", where);
  else if (value.find("pool"))
    wrong(where, " has a \"pool\", expected one on page tables only");
}

/// Nothing is told twice.
void checkRolesDiffer(const std::vector<TensorType> &tensors, const std::string &where) {
  for (size_t index = 0; index < tensors.size(); ++index) {
    const TensorType &one = tensors[index];
    auto isSame = [&](const TensorType &other) {
      return other.role == one.role && other.stack == one.stack && other.pool == one.pool;
    };
    if (one.role != Role::None && std::any_of(tensors.begin(), tensors.begin() + ptrdiff_t(index), isSame))
      wrong(where, " has two tensors whose role is ", roleName(one.role),
            one.stack.empty() ? "" : concat(" of stack \"", one.stack, "\""),
            one.pool.empty() ? "" : concat(" in pool \"", one.pool, "\""));
  }
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
  Limits limits;
  limits.vocab = numberOrZero(value, "vocab");
  limits.positions = numberOrZero(value, "positions");
  limits.types = numberOrZero(value, "types");
  limits.fewestRows = numberOrZero(value, "fewest_rows");
  limits.textTokens = numberOrZero(value, "text_tokens");
  if (value.find("behind"))
    limits.behind = stringMember(value, "behind", concat("\"limits\" of ", where));
  return limits;
}

/// "ceil(NAME/DIVISOR)" where NAME is another of the dims.
std::optional<DerivedDim> derivedDim(const std::vector<std::string> &dims, size_t dim, const std::string &where) {
  constexpr std::string_view head = "ceil(";
  std::string_view text = dims[dim];
  if (!text.starts_with(head))
    return std::nullopt;
  size_t slash = text.find('/');
  auto of = std::find(dims.begin(), dims.end(), text.substr(head.size(), slash - std::min(slash, head.size())));
  int64_t divisor = 0;
  const char *end = text.data() + text.size();
  if (slash != std::string_view::npos) {
    auto [rest, error] = std::from_chars(text.data() + slash + 1, end, divisor);
    if (error != std::errc() || std::string_view(rest, size_t(end - rest)) != ")")
      divisor = 0;
  }
  if (of == dims.end() || of->starts_with(head) || divisor < 1 || divisor > INT32_MAX)
    wrong("dim \"", text, "\" of ", where, " is not ceil(dim/number) of another of its dims");
  return DerivedDim{dim, size_t(of - dims.begin()), divisor};
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
    bound = bound || std::any_of(entry.derived.begin(), entry.derived.end(),
                                 [&](const DerivedDim &derived) { return derived.dim == dim; });
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
  for (size_t dim = 0; dim < entry.dims.size(); ++dim)
    if (std::optional<DerivedDim> derived = derivedDim(entry.dims, dim, where))
      entry.derived.push_back(*derived);
  for (const JsonValue &input : arrayMember(value, "inputs", where))
    parseRole(input, true, where, entry.inputs.emplace_back(parseTensor(input, entry.dims, where)));
  checkRolesDiffer(entry.inputs, where);
  if (const JsonValue *states = value.find("states"); states && !states->is(Kind::Null))
    for (const JsonValue &state : arrayMember(value, "states", where))
      entry.states.push_back(parseState(state, entry.dims, where));
  const JsonValue *limits = value.find("limits");
  entry.limits = limits ? parseLimits(*limits, where) : common;
  if (value.find("prefix"))
    entry.prefix = stringMember(value, "prefix", where);
  entry.weightBytes = numberOrZero(value, "weight_bytes");
  for (const JsonValue &output : arrayMember(value, "outputs", where))
    parseRole(output, false, where, entry.outputs.emplace_back(parseTensor(output, entry.dims, where)));
  checkRolesDiffer(entry.outputs, where);
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

TimestampTokens parseTimestamps(const JsonValue &value) {
  std::string_view where = "\"timestamps\" of \"tokens\"";
  TimestampTokens tokens;
  tokens.begin = tokenId(member(value, "begin", where), "begin");
  tokens.none = tokenId(member(value, "none", where), "none");
  const JsonValue &step = member(value, "step", where);
  tokens.step = step.is(Kind::Integer) ? double(step.integer) : 0;
  if (step.is(Kind::OtherNumber))
    std::from_chars(step.text.data(), step.text.data() + step.text.size(), tokens.step);
  if (!(tokens.step > 0))
    wrong("\"step\" of ", where, " is ", step.show(), ", expected a number of seconds above 0");
  return tokens;
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
  for (auto [key, list] : {std::pair("start", &tokens.start),
                           {"forced", &tokens.forced},
                           {"suppress", &tokens.suppress},
                           {"suppress_first", &tokens.suppressFirst}})
    if (given(value, key))
      for (const JsonValue &id : arrayMember(value, key, "\"tokens\""))
        list->push_back(tokenId(id, key));
  for (auto [key, id] :
       {std::pair("forced_last", &tokens.forcedLast), {"no_speech", &tokens.noSpeech}, {"previous", &tokens.previous}})
    if (const JsonValue *found = given(value, key))
      *id = tokenId(*found, key);
  if (const JsonValue *timestamps = given(value, "timestamps"))
    tokens.timestamps = parseTimestamps(*timestamps);
  return tokens;
}

AudioFormat parseAudio(const JsonValue &value) {
  AudioFormat audio;
  for (auto [key, number] : {std::pair("rate", &audio.rate),
                             {"window", &audio.window},
                             {"hop", &audio.hop},
                             {"bins", &audio.bins},
                             {"frames", &audio.frames}})
    *number = wholeNumber(member(value, key, "\"audio\""), 1, concat("\"", key, "\" of \"audio\""));
  return audio;
}

std::vector<NamedPrompt> parsePrompts(const std::vector<JsonValue> &list) {
  std::vector<NamedPrompt> prompts;
  for (const JsonValue &value : list) {
    prompts.push_back({stringMember(value, "name", "a prompt"), stringMember(value, "text", "a prompt")});
    const std::string &name = prompts.back().name;
    if (std::any_of(prompts.begin(), prompts.end() - 1, [&](const NamedPrompt &other) { return other.name == name; }))
      wrong("two of \"prompts\" have the name \"", name, "\"");
  }
  return prompts;
}

ChatTokens parseChatTokens(const JsonValue &value) {
  if (!value.is(Kind::Object))
    wrong("\"chat_tokens\" is ", value.kindName(), ", expected an object");
  ChatTokens tokens;
  for (const std::string &name : value.keys)
    tokens.emplace_back(name, stringMember(value, name.c_str(), "\"chat_tokens\""));
  return tokens;
}

void readPrompts(const JsonValue &root, Manifest &manifest) {
  if (given(root, "lower_case"))
    manifest.lowerCase = member(root, "lower_case", Kind::Boolean, "true or false", "the manifest").boolean;
  if (given(root, "prompts"))
    manifest.prompts = parsePrompts(arrayMember(root, "prompts", "the manifest"));
  if (!given(root, "default_prompt"))
    return;
  manifest.defaultPrompt = stringMember(root, "default_prompt", "the manifest");
  if (!manifest.findPrompt(manifest.defaultPrompt))
    wrong("\"default_prompt\" is \"", manifest.defaultPrompt, "\", which is none of \"prompts\"");
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
  findStacks(manifest);
  manifest.kernelCount = arrayMember(root, "kernels", "the manifest").size();
  if (const JsonValue *tokens = given(root, "tokens"))
    manifest.tokens = parseTokens(*tokens);
  if (const JsonValue *generation = given(root, "generation"))
    manifest.generation = GenerationDefaults(*generation);
  if (const JsonValue *audio = given(root, "audio"))
    manifest.audio = parseAudio(*audio);
  readPrompts(root, manifest);
  if (given(root, "chat_template"))
    manifest.chatTemplate = stringMember(root, "chat_template", "the manifest");
  if (const JsonValue *tokens = given(root, "chat_tokens"))
    manifest.chatTokens = parseChatTokens(*tokens);
  if (const JsonValue *weights = root.find("weights"); weights && !weights->is(Kind::Null))
    manifest.weights = parseWeights(*weights);
  if (const JsonValue *spec = root.find("spec"); spec && spec->is(Kind::String))
    manifest.spec = spec->text;
  return manifest;
}

} // namespace

std::string_view roleName(Role role) {
  for (const RoleEntry &entry : roles)
    if (entry.role == role)
      return entry.name;
  return "none";
}

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
