//===- Manifest.cpp - The JSON that a library says about itself -----------===//

#include "codegen/Manifest.h"

#include "tenon/library.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tenon;

/// Token types default to the first one, as in the models that have them, and a prompt to none.
static bool isOptional(const EntryTensor &tensor) {
  std::optional<EntryRole> role = symbolizeEntryRole(tensor.role);
  return role == EntryRole::Types || role == EntryRole::PromptLengths;
}

static json::Value tensorJson(const EntryPoint &entry, const EntryTensor &tensor) {
  json::Array shape;
  size_t dynamic = 0;
  for (int64_t size : tensor.type.getShape())
    shape.push_back(mlir::ShapedType::isDynamic(size) ? json::Value(entry.dims[tensor.dims[dynamic++]])
                                                      : json::Value(size));
  json::Object object{{"name", tensor.name},
                      {"type", tensor.type.getElementType().isF32() ? "f32" : "i32"},
                      {"shape", std::move(shape)}};
  for (auto [key, text] : {std::pair("role", &tensor.role), {"stack", &tensor.stack}, {"pool", &tensor.pool}})
    if (!text->empty())
      object[key] = *text;
  if (isOptional(tensor))
    object["optional"] = true;
  if (tensor.window > 0)
    object["window"] = tensor.window;
  return object;
}

static json::Object limitsJson(const EntryPoint &entry, int64_t textTokens) {
  json::Object limits;
  for (const auto &[name, value] : entry.limits)
    if (value > 0)
      limits[name] = value;
  if (!entry.behind.empty())
    limits["behind"] = entry.behind;
  if (textTokens > 0)
    limits["text_tokens"] = textTokens;
  return limits;
}

static json::Object timestampsJson(const spec::Timestamps &timestamps) {
  return json::Object{{"begin", timestamps.begin}, {"none", timestamps.none}, {"step", timestamps.step}};
}

static json::Object audioJson(const spec::Audio &audio) {
  return json::Object{{"rate", audio.rate},
                      {"window", audio.window},
                      {"hop", audio.hop},
                      {"bins", audio.bins},
                      {"frames", audio.frames}};
}

static json::Object tokensJson(const spec::SpecialTokens &tokens) {
  json::Object object;
  using List = std::pair<StringRef, const std::vector<int64_t> &>;
  for (auto [name, ids] : {List("start", tokens.start), List("forced", tokens.forced),
                           List("suppress", tokens.suppress), List("suppress_first", tokens.suppressFirst)})
    if (!ids.empty())
      object[name] = json::Array(ids);
  if (tokens.forcedLast)
    object["forced_last"] = *tokens.forcedLast;
  if (tokens.timestamps)
    object["timestamps"] = timestampsJson(*tokens.timestamps);
  if (tokens.noSpeech)
    object["no_speech"] = *tokens.noSpeech;
  if (tokens.previous)
    object["previous"] = *tokens.previous;
  if (tokens.bos)
    object["bos"] = *tokens.bos;
  if (!tokens.eos.empty())
    object["eos"] = json::Array(tokens.eos);
  if (tokens.pad)
    object["pad"] = *tokens.pad;
  if (tokens.addBos)
    object["add_bos"] = true;
  return object;
}

static json::Object generationJson(const spec::Generation &generation) {
  json::Object object;
  for (const spec::GenerationNumber &number : spec::generationNumbers)
    if (auto found = generation.numbers.find(number.name); found != generation.numbers.end())
      object[StringRef(number.name)] =
          number.isWhole ? json::Value(static_cast<int64_t>(found->second)) : json::Value(found->second);
  if (!generation.badWords.empty())
    object["bad_words"] = json::Array(generation.badWords);
  if (!generation.stop.empty())
    object["stop"] = json::Array(generation.stop);
  return object;
}

static json::Array promptsJson(const std::vector<spec::Prompt> &prompts) {
  json::Array list;
  for (const spec::Prompt &prompt : prompts)
    list.push_back(json::Object{{"name", prompt.name}, {"text", prompt.text}});
  return list;
}

static json::Object chatTokensJson(const std::vector<spec::ChatToken> &tokens) {
  json::Object object;
  for (const spec::ChatToken &token : tokens)
    object[token.name] = token.text;
  return object;
}

static json::Object bufferJson(const EntryBuffer &buffer) {
  json::Array shape;
  size_t dynamic = 0;
  for (int64_t size : buffer.type.getShape())
    shape.push_back(mlir::ShapedType::isDynamic(size) ? json::Value(buffer.sizes[dynamic++]) : json::Value(size));
  json::Object object{{"name", buffer.name},
                      {"type", buffer.type.getElementType().isF32() ? "f32" : "i32"},
                      {"shape", std::move(shape)},
                      {"steps", json::Array{buffer.begin, buffer.end}}};
  if (!buffer.until.empty())
    object["until"] = buffer.until;
  return object;
}

/// The plan of a call's memory, where every size has a name.
static json::Object memoryJson(const EntryPoint &entry) {
  json::Object sizes;
  for (const DerivedSize &size : entry.sizes) {
    json::Object rule{{"of", size.of}};
    if (!size.length.empty())
      rule["length"] = size.length;
    for (auto [name, number, otherwise] :
         {std::tuple("stride", size.stride, 1), {"tile", size.tile, 1}, {"plus", size.plus, 0}})
      if (number != otherwise)
        rule[name] = number;
    sizes[size.name] = std::move(rule);
  }
  json::Array slots;
  for (const std::vector<EntryBuffer> &slot : entry.memory) {
    json::Array buffers;
    for (const EntryBuffer &buffer : slot) {
      if (static_cast<int64_t>(buffer.sizes.size()) != buffer.type.getNumDynamicDims())
        return {};
      buffers.push_back(bufferJson(buffer));
    }
    slots.push_back(std::move(buffers));
  }
  if (slots.empty())
    return {};
  return json::Object{{"sizes", std::move(sizes)}, {"slots", std::move(slots)}, {"steps", json::Array(entry.steps)}};
}

static json::Value entryJson(const EntryPoint &entry, int64_t textTokens) {
  json::Array dims(entry.dims), inputs, states, outputs;
  for (const EntryTensor &tensor : entry.inputs)
    inputs.push_back(tensorJson(entry, tensor));
  for (const EntryTensor &tensor : entry.states)
    states.push_back(tensorJson(entry, tensor));
  for (const EntryTensor &tensor : entry.outputs)
    outputs.push_back(tensorJson(entry, tensor));
  json::Object object{
      {"name", entry.name}, {"dims", std::move(dims)}, {"inputs", std::move(inputs)}, {"outputs", std::move(outputs)}};
  if (!states.empty())
    object["states"] = std::move(states);
  if (!entry.prefix.empty())
    object["prefix"] = entry.prefix;
  if (entry.weightBytes > 0)
    object["weight_bytes"] = entry.weightBytes;
  if (json::Object limits = limitsJson(entry, textTokens); !limits.empty())
    object["limits"] = std::move(limits);
  if (json::Object memory = memoryJson(entry); !memory.empty())
    object["memory"] = std::move(memory);
  return object;
}

static json::Value kernelJson(KernelOp kernel) {
  json::Object schedules;
  for (auto schedule : kernel.getSchedules().getAsRange<ScheduleAttr>())
    schedules[schedule.getTarget()] = schedule.describe().text();
  return json::Object{
      {"name", kernel.getName()}, {"description", kernel.describe().text()}, {"schedules", std::move(schedules)}};
}

/// What schedules took for granted of CPUs.
static json::Value targetJson(const kernels::TargetModel &target) {
  json::Object object;
  for (const kernels::CpuFigure &figure : kernels::cpuFigures())
    object[figure.name] = target.*figure.value;
  return object;
}

std::string tenon::writeManifest(const ManifestInput &input) {
  json::Array entries, kernels;
  json::Object targets;
  int64_t width = 0;
  for (const EntryPoint &entry : input.entries) {
    entries.push_back(entryJson(entry, input.textTokens));
    width = std::max(width, entry.width);
  }
  for (KernelOp kernel : input.kernels)
    kernels.push_back(kernelJson(kernel));
  for (const kernels::TargetModel &target : input.targets)
    targets[target.name] = targetJson(target);
  json::Object manifest{{"tenon", TENON_LIBRARY_VERSION},
                        {"compiler", TENON_VERSION},
                        {"name", input.name},
                        {"entries", std::move(entries)},
                        {"kernels", std::move(kernels)},
                        {"spec", input.spec},
                        {"ir", input.ir}};
  if (!targets.empty())
    manifest["targets"] = std::move(targets);
  if (width > 0)
    manifest["width"] = width;
  if (json::Object tokens = tokensJson(input.tokens); !tokens.empty())
    manifest["tokens"] = std::move(tokens);
  if (json::Object generation = generationJson(input.generation); !generation.empty())
    manifest["generation"] = std::move(generation);
  if (input.lowerCase)
    manifest["lower_case"] = true;
  if (!input.prompts.empty())
    manifest["prompts"] = promptsJson(input.prompts);
  if (!input.defaultPrompt.empty())
    manifest["default_prompt"] = input.defaultPrompt;
  if (input.audio)
    manifest["audio"] = audioJson(*input.audio);
  if (!input.chatTemplate.empty())
    manifest["chat_template"] = input.chatTemplate;
  if (input.chatTokens)
    manifest["chat_tokens"] = chatTokensJson(*input.chatTokens);
  if (!input.weightsFile.empty())
    manifest["weights"] = json::Object{{"file", input.weightsFile},
                                       {"bytes", static_cast<int64_t>(input.weights.fileBytes)},
                                       {"id", input.weights.id}};
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(manifest));
  return text;
}
