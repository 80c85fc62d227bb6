//===- Model.cpp - An opened model ----------------------------------------===//

#include "Model.h"

#include "Failure.h"
#include "Forward.h"
#include "Session.h"
#include "Source.h"

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

} // namespace

Model::Model(const std::string &path, WeightLoading loading, const std::string &target, uint64_t cacheBytes)
    : library(path, sessionHooks()), description(checkedManifest(path, library.table())),
      promptList(promptsOf(description)), kernels(&library.target(wantedTarget(target))), packed(openWeights(path, description, library.table(), loading)),
      cacheBytes(cacheBytes) {
  if (findEntry("prefill"))
    checkGenerates(description);
  checkSourceEntries(*this);
  if (findEntry("prefill") && hasTokenizer())
    checkVocabulary();
}

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

const Entry *Model::findEntry(std::string_view name) const {
  for (const Entry &entry : description.entries)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

const Entry *Model::mainEntry() const {
  for (const char *name : {"prefill", "encode"})
    if (const Entry *entry = findEntry(name))
      return entry;
  return description.entries.empty() ? nullptr : &description.entries[0];
}

std::shared_ptr<PagePool> Model::pagePool() const {
  const Entry *prefill = findEntry("prefill");
  if (!prefill)
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", description.name, " does not generate: it has no entry point prefill");
  std::lock_guard lock(poolMutex);
  if (!madePool)
    madePool = std::make_shared<PagePool>(prefill->statesOf(ownPages), prefill->limits.positions, cacheBytes);
  return madePool;
}

std::shared_ptr<PagePool> Model::sourcePool() const {
  const Entry &start = entry("start");
  const Entry *encode = findEntry("encode");
  std::lock_guard lock(poolMutex);
  if (!madeSourcePool)
    madeSourcePool = std::make_shared<PagePool>(start.states, encode ? encode->limits.positions : 0, cacheBytes);
  return madeSourcePool;
}

tenon_entry_fn Model::code(const Entry &entry) const {
  return library.table().entries[&entry - description.entries.data()];
}

} // namespace tenon::runtime
