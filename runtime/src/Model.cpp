//===- Model.cpp - An opened model ----------------------------------------===//

#include "Model.h"

#include "Failure.h"
#include "Json.h"
#include "Session.h"
#include "Sizes.h"

#include <algorithm>
#include <cstdlib>

namespace tenon::runtime {
namespace {

/// What the caller asks for, else what the environment does.
std::string wantedTarget(const std::string &target) {
  if (!target.empty())
    return target;
  const char *fromEnvironment = std::getenv("TENON_TARGET");
  return fromEnvironment ? fromEnvironment : "";
}

Manifest checkedManifest(const std::string &path, const tenon_library &table) {
  Manifest manifest = parseManifest({table.manifest, table.manifest_size});
  if (manifest.entries.size() != table.entry_count || manifest.kernelCount != table.kernel_count)
    fail(TENON_ERROR_LIBRARY, path, ": the manifest lists ", manifest.entries.size(), " entry points and ",
         manifest.kernelCount, " kernels, the table has ", table.entry_count, " and ", table.kernel_count);
  return manifest;
}

std::vector<tenon_prompt> promptsOf(const Manifest &manifest) {
  std::vector<tenon_prompt> list;
  for (const NamedPrompt &prompt : manifest.prompts)
    list.push_back({prompt.name.c_str(), prompt.text.c_str(), prompt.text.size()});
  return list;
}

Weights openWeights(const std::string &path, const Manifest &manifest, const tenon_library &table,
                    WeightLoading loading) {
  if (table.weights && !manifest.weights)
    fail(TENON_ERROR_LIBRARY, path, ": there are weights in the library, and the manifest has no id of theirs");
  if (table.weights)
    return Weights::embedded(table.weights, table.weights_size, manifest.weights->id, loading);
  if (manifest.weights)
    return Weights::open(path, *manifest.weights, loading);
  return Weights();
}

/// The "max_length" of the "truncation" of a tokenizer.json; 0 for none.
int64_t tokenizerTruncation(std::string_view json) {
  // The vocabulary, most of the file, is passed over.
  JsonValue root = parseJson(json, "truncation");
  const JsonValue *truncation = root.find("truncation");
  const JsonValue *length = truncation ? truncation->find("max_length") : nullptr;
  bool limits = length && length->is(JsonValue::Kind::Integer) && length->integer > 0;
  return limits ? std::min<int64_t>(length->integer, INT32_MAX) : 0;
}

/// Of a text that may not be there.
std::string_view viewOf(const char *text, uint64_t size) { return text ? std::string_view(text, size_t(size)) : ""; }

} // namespace

Model::Model(const std::string &path, WeightLoading loading, const std::string &target, uint64_t cacheBytes)
    : library(path, sessionHooks()), description(checkedManifest(path, library.table())),
      promptList(promptsOf(description)), kernels(&library.target(wantedTarget(target))), packed(openWeights(path, description, library.table(), loading)),
      cacheBytes(cacheBytes) {}

const Entry &Model::entry(std::string_view name) const {
  std::string names;
  for (const Entry &entry : description.entries) {
    if (entry.name == name)
      return entry;
    names += concat(names.empty() ? "" : ", ", entry.name);
  }
  fail(TENON_ERROR_INVALID_ARGUMENT, "model has no entry point \"", name, "\", it has ",
       names.empty() ? "none" : names);
}

const Entry *Model::mainEntry() const {
  for (const char *name : {"prefill", "encode"})
    if (const Entry *entry = findEntry(name))
      return entry;
  return description.entries.empty() ? nullptr : &description.entries[0];
}

/// How many rows of one sequence and its sources a pool keeps at most, as far as there are limits.
int64_t Model::mostRows(size_t pool) const {
  auto holds = [pool](const std::vector<size_t> &pools) {
    return std::find(pools.begin(), pools.end(), pool) != pools.end();
  };
  int64_t rows = holds(description.ownPools) ? entry("prefill").limits.positions : 0;
  for (const SourceStack &source : description.sources)
    if (source.encode >= 0 && holds(source.pools))
      rows += description.entries[size_t(source.encode)].limits.positions;
  return std::min<int64_t>(rows, INT32_MAX);
}

/// Pools that keep rows of what is written share the memory for caches; those that do not have as much again.
std::vector<std::shared_ptr<PagePool>> Model::makePools() const {
  CheckedSize pageBytes[2] = {0, 0};
  std::vector<bool> isOwn(description.pools.size(), false);
  for (size_t pool : description.ownPools)
    isOwn[pool] = true;
  for (size_t pool = 0; pool < isOwn.size(); ++pool)
    for (const StateType &state : description.pools[pool].states)
      pageBytes[isOwn[pool]] += CheckedSize(state.pageFloats) * state.layers * sizeof(float);
  std::vector<std::shared_ptr<PagePool>> made;
  for (size_t pool = 0; pool < isOwn.size(); ++pool)
    made.push_back(std::make_shared<PagePool>(description.pools[pool].states, mostRows(pool), cacheBytes,
                                              pageBytes[isOwn[pool]].as<uint64_t>().value_or(0)));
  return made;
}

std::span<const std::shared_ptr<PagePool>> Model::pools() const {
  if (!findEntry("prefill"))
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", description.name, " does not generate: it has no entry point prefill");
  std::lock_guard lock(poolMutex);
  if (madePools.empty())
    madePools = makePools();
  return madePools;
}

tenon_entry_fn Model::code(const Entry &entry) const {
  return library.table().entries[&entry - description.entries.data()];
}

std::string_view Model::tokenizerJson() const {
  return viewOf(library.table().tokenizer, library.table().tokenizer_size);
}

std::string_view Model::answerTokenizerJson() const {
  return viewOf(library.table().target_tokenizer, library.table().target_tokenizer_size);
}

const std::string *Model::tokenOf(bool isWritten, int32_t id) const {
  try {
    return hasTokenizer() ? (isWritten ? answerTokenizer() : tokenizer()).tokenOf(id) : nullptr;
  } catch (const Failure &) {
    return nullptr; // The id is what is to be told of.
  }
}

void Model::failToken(bool isWritten, int32_t id, int64_t vocab, std::string_view place) const {
  const std::string *token = tokenOf(isWritten, id);
  std::string name = token ? concat(", token \"", *token, "\" of the tokenizer") : "";
  fail(TENON_ERROR_OUT_OF_RANGE, place, ": id ", id, name, ", expected 0 to ", vocab - 1);
}

size_t Model::textTokenLimit() const {
  // Of a model that writes about a source, texts are sources.
  const Entry *entry = mainEntry();
  if (!description.sources.empty() && description.sources[0].encode >= 0)
    entry = &description.entries[size_t(description.sources[0].encode)];
  const Limits limits = entry ? entry->limits : Limits();
  if (limits.textTokens != 0)
    return size_t(limits.textTokens);
  std::lock_guard lock(truncationMutex);
  try {
    if (truncation < 0)
      truncation = hasTokenizer() ? tokenizerTruncation(tokenizerJson()) : 0;
  } catch (const JsonError &failure) {
    fail(TENON_ERROR_TOKENIZER, "tokenizer of ", description.name, ": ", failure.message);
  }
  if (truncation == 0 || limits.positions == 0)
    return size_t(std::max(truncation, limits.positions));
  return size_t(std::min(truncation, limits.positions));
}

} // namespace tenon::runtime
