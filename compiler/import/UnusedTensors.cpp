//===- UnusedTensors.cpp --------------------------------------------------===//

#include "import/UnusedTensors.h"
#include "spec/Parameters.h"
#include "weights/ByteReader.h"
#include "weights/Convert.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

static constexpr size_t shownNames = 20;

std::string tenon::import::quotedNames(llvm::ArrayRef<std::string> names) {
  std::string text;
  for (const std::string &name : names.take_front(shownNames))
    text += (text.empty() ? "" : ", ") + weights::quotedName(name);
  return text + (names.size() > shownNames ? " and " + std::to_string(names.size() - shownNames) + " more" : "");
}

llvm::Error tenon::import::judgeUnused(const std::vector<std::string> &names, StringRef path, bool ignore,
                                       std::vector<std::string> &notes, LeftOver what) {
  if (names.empty())
    return llvm::Error::success();
  if (!ignore)
    return llvm::createStringError("'" + path + "' has " + what.kind + " that " + what.problem + ": " + quotedNames(names) +
                                   "; with --ignore-unused it goes without them");
  notes.push_back(what.kind.str() + " that are ignored, though they could change what the model computes: " +
                  quotedNames(names));
  return llvm::Error::success();
}

static bool equal(const weights::TensorView &left, const weights::TensorView &right) {
  return left.type == right.type && left.shape == right.shape && left.data == right.data;
}

llvm::Error tenon::import::checkUnusedTensors(ImportedModel &imported, bool ignore) {
  if (!imported.source)
    return llvm::Error::success();
  const weights::WeightSource &source = *imported.source;
  llvm::StringSet<> used;
  for (const spec::Parameter &parameter : spec::parameters(imported.model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::string name = weights::layerName(parameter.name, layer);
      used.insert(source.tensorName(name));
      std::optional<weights::TensorView> view = source.find(name);
      if (!view || llvm::ArrayRef<int64_t>(view->shape) != llvm::ArrayRef(parameter.shape) || !isFloat(view->type))
        return llvm::Error::success();
    }
  llvm::StringSet<> idle;
  idle.insert(imported.idleTensors.begin(), imported.idleTensors.end());
  std::vector<std::string> harmless, others;
  for (const std::string &name : source.tensorNames()) {
    if (used.contains(name))
      continue;
    std::optional<weights::TensorView> view = source.tensor(name);
    bool isCopy = view && llvm::any_of(used.keys(), [&](StringRef other) {
                    std::optional<weights::TensorView> tensor = source.tensor(other);
                    return tensor && equal(*view, *tensor);
                  });
    (idle.contains(name) || isCopy ? harmless : others).push_back(name);
  }
  if (!harmless.empty())
    imported.notes.push_back("tensors that the model does not use: " + quotedNames(harmless));
  return judgeUnused(others, source.path(), ignore, imported.notes);
}
