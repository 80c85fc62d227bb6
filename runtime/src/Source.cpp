//===- Source.cpp - What a sequence is about ------------------------------===//

#include "Source.h"

#include "Failure.h"
#include "Model.h"

namespace tenon::runtime {

Source::Source(const Model &model, std::span<const int64_t> rows, std::vector<int32_t> tokens)
    : read(std::move(tokens)) {
  kept.resize(rows.size());
  for (size_t source = 0; source < rows.size(); ++source) {
    kept[source].rows = rows[source];
    for (size_t pool : model.manifest().sources[source].pools)
      kept[source].tables.emplace_back(model.pools()[pool]).prepare(0, rows[source]);
  }
}

void requireSource(const Model &model) {
  if (model.manifest().sources.empty())
    fail(TENON_ERROR_INVALID_ARGUMENT, "model ", model.manifest().name,
         " attends to no source: it has no entry point start");
}

SourceShape sourceShape(const Model &model, size_t source) {
  const Manifest &manifest = model.manifest();
  const SourceStack &stack = manifest.sources[source];
  if (manifest.hasPrefix) {
    const Limits &limits = model.entry("prefill").limits;
    return {.vocab = limits.vocab, .positions = limits.positions};
  }
  const Entry *start = manifest.findEntry("start");
  const Entry *encode = stack.encode >= 0 ? &manifest.entries[size_t(stack.encode)] : nullptr;
  const TensorType *rows = start->input(Role::Rows, stack.name), *features = start->input(Role::Features, stack.name);
  if (!features && encode)
    features = encode->input(Role::Features, stack.name);
  SourceShape shape;
  if (encode) {
    shape.vocab = encode->limits.vocab;
    shape.positions = encode->limits.positions;
    shape.fewest = encode->limits.fewestRows;
  }
  shape.features = features ? features->shape.back().fixed : 0;
  shape.width = rows ? rows->shape.back().fixed : 0;
  return shape;
}

std::string sourcePlace(const Model &model, size_t source, size_t session) {
  const std::vector<SourceStack> &sources = model.manifest().sources;
  return model.manifest().givenSources == 1 ? concat("source ", session)
                             : concat("source \"", sources[source].name, "\" of session ", session);
}

} // namespace tenon::runtime
