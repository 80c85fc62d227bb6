//===- Export.cpp - A model as spec, weights and tokenizer ----------------===//

#include "import/Import.h"
#include "runtime/support/Printable.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "support/AtomicFile.h"
#include "runtime/support/CheckedSize.h"
#include "weights/Convert.h"
#include "weights/Quantized.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <unistd.h>

using namespace tenon;
using namespace tenon::import;

static constexpr size_t chunkBytes = 1 << 20;
static constexpr int64_t chunkFloats = chunkBytes / sizeof(float);

namespace {
struct Tensor {
  std::string name;
  weights::TensorView view;

  /// Whether the tensor is written byte for byte: the format has no blocks of numbers, and rows of another tensor do
  /// not lie together.
  bool isCopied() const { return !view.selection && !weights::isQuantized(view.type) && !weights::isScaled(view.type); }
  weights::StorageType type() const { return isCopied() ? view.type : weights::StorageType::F32; }
  CheckedSize bytes() const {
    return isCopied() ? CheckedSize(view.data.size()) : CheckedSize(view.elements()) * CheckedSize(sizeof(float));
  }
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
        missing += "\n  tensor '" + printable(imported.source->tensorName(name)) + "'" +
                   (view ? " has shape " + weights::shapeText(view->shape) + "; expected " : " is missing; expected ") +
                   "shape " + weights::shapeText(parameter.shape);
    }
  if (!missing.empty())
    return llvm::createStringError("the weights in '" + imported.source->path() + "' do not fit the model:" + missing);
  // As the format's own writer does it: large elements first, so that all are aligned.
  llvm::sort(tensors, [](const Tensor &a, const Tensor &b) {
    uint64_t left = weights::storageBytes(a.type()), right = weights::storageBytes(b.type());
    return left != right ? left > right : a.name < b.name;
  });
  return tensors;
}

static llvm::Error writeCopied(const weights::TensorView &view, const weights::WeightSource &source, AtomicFile &file) {
  for (size_t begin = 0; begin < view.data.size(); begin += chunkBytes) {
    llvm::ArrayRef<uint8_t> bytes = view.data.drop_front(begin).take_front(chunkBytes);
    if (llvm::Error error = file.append(bytes))
      return error;
    source.release(bytes);
  }
  return llvm::Error::success();
}

static llvm::Error writeWidened(const Tensor &tensor, const weights::WeightSource &source, AtomicFile &file) {
  if (!weights::isFloat(tensor.view.type))
    return llvm::createStringError("tensor '" + printable(source.tensorName(tensor.name)) + "' has type " +
                                   weights::storageName(tensor.view.type) + "; expected floating-point numbers");
  std::vector<float> values(std::min(chunkFloats, tensor.view.elements()));
  for (int64_t begin = 0, count = tensor.view.elements(); begin < count; begin += chunkFloats) {
    llvm::MutableArrayRef<float> part(values.data(), std::min(chunkFloats, count - begin));
    source.release(weights::readFloats(tensor.view, begin, part.size(), part.data()));
    if (llvm::Error error =
            file.append(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(part.data()), part.size() * sizeof(float))))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Error writeWeights(const ImportedModel &imported, const std::string &path) {
  llvm::Expected<std::vector<Tensor>> tensors = collectTensors(imported);
  if (!tensors)
    return tensors.takeError();
  std::vector<weights::SafetensorsEntry> entries;
  CheckedSize offset = 0;
  for (const Tensor &tensor : *tensors) {
    CheckedSize end = offset + tensor.bytes();
    if (!end.isValid())
      return llvm::createStringError("the weights take more than 2^63 bytes");
    entries.push_back({tensor.name, tensor.type(), tensor.view.shape, offset.get(), end.get()});
    offset = end;
  }
  llvm::Expected<std::unique_ptr<AtomicFile>> file = AtomicFile::create(path);
  if (!file)
    return file.takeError();
  if (llvm::Error error = (*file)->append(weights::safetensorsHeader(entries, {{"format", "pt"}}, 8)))
    return error;
  for (const Tensor &tensor : *tensors)
    if (llvm::Error error = tensor.isCopied() ? writeCopied(tensor.view, *imported.source, **file)
                                              : writeWidened(tensor, *imported.source, **file))
      return error;
  return (*file)->commit();
}

namespace {
/// A directory to write into, with those above it. What was made and is still empty at the end goes again.
class OutputDirectory {
public:
  llvm::Error make(llvm::StringRef path) {
    for (llvm::StringRef each = path; !each.empty() && !llvm::sys::fs::exists(each);
         each = llvm::sys::path::parent_path(each))
      made.push_back(each.str());
    // As the user's mask permits; LLVM's default would shut others out.
    if (std::error_code code =
            llvm::sys::fs::create_directories(path, /*IgnoreExisting=*/true, llvm::sys::fs::all_all))
      return llvm::createStringError("cannot create directory '" + path + "': " + code.message());
    return llvm::Error::success();
  }
  ~OutputDirectory() {
    for (const std::string &each : made)
      ::rmdir(each.c_str());
  }

private:
  std::vector<std::string> made; ///< The innermost first.
};
} // namespace

llvm::Error tenon::import::exportModel(const ImportedModel &imported, llvm::StringRef directory) {
  if (!imported.source)
    return llvm::createStringError("model '" + imported.model.name +
                                   "' has no weights to write; its spec needs 'weights'");
  // What is written would take the place of what it is read from.
  std::string own = imported.source->path();
  llvm::StringRef ownDirectory = llvm::sys::path::parent_path(own);
  if (llvm::sys::fs::equivalent(ownDirectory.empty() ? "." : ownDirectory, directory))
    return llvm::createStringError("'" + directory + "' has the model's own weights, '" + own +
                                   "'; expected another directory");
  OutputDirectory output;
  if (llvm::Error error = output.make(directory))
    return error;
  spec::Model model = imported.model;
  model.weights = "model.safetensors";
  model.names.clear();
  model.tokenizer = imported.tokenizer.empty() ? "" : "tokenizer.json";
  model.targetTokenizer = imported.targetTokenizer.empty() ? "" : "target_tokenizer.json";
  model.chatTemplate = imported.chatTemplate.empty() ? "" : "chat_template.jinja";
  std::string prefix = directory.str() + "/";
  if (llvm::Error error = writeWeights(imported, prefix + model.weights))
    return error;
  if (!model.tokenizer.empty())
    if (llvm::Error error = writeFileAtomically(prefix + model.tokenizer, imported.tokenizer))
      return error;
  if (!model.targetTokenizer.empty())
    if (llvm::Error error = writeFileAtomically(prefix + model.targetTokenizer, imported.targetTokenizer))
      return error;
  if (!model.chatTemplate.empty())
    if (llvm::Error error = writeFileAtomically(prefix + model.chatTemplate, imported.chatTemplate))
      return error;
  return writeFileAtomically(prefix + "model.yaml", spec::writeSpec(model));
}
