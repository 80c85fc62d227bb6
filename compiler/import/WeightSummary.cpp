//===- WeightSummary.cpp --------------------------------------------------===//

#include "import/WeightSummary.h"
#include "spec/Parameters.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace tenon;
using namespace tenon::import;

std::vector<StoredParameters> tenon::import::storedParameters(const ImportedModel &imported) {
  std::map<weights::StorageType, StoredParameters> types;
  for (const spec::Parameter &parameter : spec::parameters(imported.model))
    for (int64_t layer = 0; imported.source && layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::optional<weights::TensorView> view = imported.source->find(weights::layerName(parameter.name, layer));
      if (!view)
        continue;
      StoredParameters &stored = types[view->type];
      stored.type = view->type;
      ++stored.parameters;
      stored.numbers += view->elements();
      stored.bytes += view->elements() / weights::blockNumbers(view->type) * weights::storageBytes(view->type);
    }
  std::vector<StoredParameters> list;
  for (const auto &[type, stored] : types)
    list.push_back(stored);
  llvm::sort(list, [](const StoredParameters &a, const StoredParameters &b) {
    return std::tie(a.bytes, a.type) > std::tie(b.bytes, b.type);
  });
  return list;
}

std::string tenon::import::weightSummary(const ImportedModel &imported) {
  uint64_t numbers = 0, bytes = 0;
  std::string types;
  for (const StoredParameters &stored : storedParameters(imported)) {
    numbers += stored.numbers;
    bytes += stored.bytes;
    types += llvm::formatv("{0}{1}{2} {3}", types.empty() ? "" : ", ", stored.parameters,
                           types.empty() ? " tensors" : "", weights::storageName(stored.type))
                 .str();
  }
  if (types.empty())
    return "";
  return llvm::formatv("{0:f1} million numbers in {1:f1} MB: {2}", static_cast<double>(numbers) / 1e6,
                       static_cast<double>(bytes) / 1e6, types);
}
