//===- Export.cpp - A model as spec, weights and tokenizer ----------------===//

#include "import/Import.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "support/AtomicFile.h"
#include "support/CheckedSize.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;

static constexpr size_t chunkBytes = 1 << 20;

namespace {
struct Tensor {
  std::string name;
  weights::TensorView view;
};
} // namespace

/// Every parameter's tensor, layer by layer. Those that are missing or have another shape are listed in one error.
static llvm::Expected<std::vector<Tensor>> collectTensors(const ImportedModel &imported) {
  std::vector<Tensor> tensors;
  std::string missing;
  for (const spec::Parameter &parameter : spec::parameters(imported.model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::string name = weights::layerName(parameter.name, layer);
      std::optional<weights::TensorView> view = imported.source->find(name);
      if (view && view->shape == llvm::ArrayRef<int64_t>(parameter.shape))
        tensors.push_back({name, std::move(*view)});
      else
        missing += "\n  tensor '" + imported.source->tensorName(name) + "'" +
                   (view ? " has shape " + weights::shapeText(view->shape) + "; expected " : " is missing; expected ") +
                   "shape " + weights::shapeText(parameter.shape);
    }
  if (!missing.empty())
    return llvm::createStringError("the weights in '" + imported.source->path() + "' do not fit the model:" + missing);
  // As the format's own writer does it: large elements first, so that all are aligned.
  llvm::sort(tensors, [](const Tensor &a, const Tensor &b) {
    uint64_t left = weights::storageBytes(a.view.type), right = weights::storageBytes(b.view.type);
    return left != right ? left > right : a.name < b.name;
  });
  return tensors;
}

static llvm::Error writeWeights(const ImportedModel &imported, const std::string &path) {
  llvm::Expected<std::vector<Tensor>> tensors = collectTensors(imported);
  if (!tensors)
    return tensors.takeError();
  std::vector<weights::SafetensorsEntry> entries;
  CheckedSize offset = 0;
  for (const Tensor &tensor : *tensors) {
    CheckedSize end = offset + tensor.view.data.size();
    if (!end.isValid())
      return llvm::createStringError("the weights take more than 2^63 bytes");
    entries.push_back({tensor.name, tensor.view.type, tensor.view.shape, offset.get(), end.get()});
    offset = end;
  }
  llvm::Expected<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  if (llvm::Error error = (*file)->append(weights::safetensorsHeader(entries, {{"format", "pt"}}, 8)))
    return error;
  for (const Tensor &tensor : *tensors)
    for (size_t begin = 0; begin < tensor.view.data.size(); begin += chunkBytes) {
      llvm::ArrayRef<uint8_t> bytes = tensor.view.data.drop_front(begin).take_front(chunkBytes);
      if (llvm::Error error = (*file)->append(bytes))
        return error;
      imported.source->release(bytes);
    }
  return (*file)->commit();
}

llvm::Error tenon::import::exportModel(const ImportedModel &imported, llvm::StringRef directory) {
  if (!imported.source)
    return llvm::createStringError("model '" + imported.model.name +
                                   "' has no weights to write; its spec needs 'weights'");
  // As the user's mask permits; LLVM's default would shut others out.
  if (std::error_code code =
          llvm::sys::fs::create_directories(directory, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
    return llvm::createStringError("cannot create directory '" + directory + "': " + code.message());
  spec::Model model = imported.model;
  model.weights = "model.safetensors";
  model.names.clear();
  model.tokenizer = imported.tokenizerPath.empty() ? "" : "tokenizer.json";
  std::string prefix = directory.str() + "/";
  if (llvm::Error error = writeWeights(imported, prefix + model.weights))
    return error;
  if (!model.tokenizer.empty())
    if (llvm::Error error = writeFileAtomically(prefix + model.tokenizer, imported.tokenizer))
      return error;
  return writeFileAtomically(prefix + "model.yaml", spec::writeSpec(model));
}
