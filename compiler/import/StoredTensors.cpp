//===- StoredTensors.cpp --------------------------------------------------===//

#include "import/StoredTensors.h"
#include "import/UnusedTensors.h"
#include "runtime/support/Printable.h"
#include "weights/ByteReader.h"
#include "weights/Convert.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;

static constexpr size_t shownMistakes = 20;

const weights::TensorView *StoredTensors::find(llvm::StringRef name) const {
  auto found = tensors.find(name);
  return found == tensors.end() ? nullptr : &found->second;
}

void StoredTensors::addAlias(llvm::StringRef alias, llvm::StringRef name) {
  if (const weights::TensorView *view = find(name)) {
    weights::TensorView copy = *view; // The table may move.
    add(alias, std::move(copy));
    aliases[alias] = name.str();
  }
}

void StoredTensors::use(llvm::StringRef name) {
  used.insert(name);
  if (auto found = aliases.find(name); found != aliases.end())
    used.insert(found->second);
}

/// Empty, or what is wrong.
std::string StoredTensors::placeOne(const spec::Parameter &parameter, int64_t layer, const TensorPart &part,
                                    weights::TableSource &source) {
  use(part.tensor);
  std::string subject = "\n  tensor '" + printable(part.tensor) + "'", expected = weights::shapeText(parameter.shape);
  const weights::TensorView *stored = find(part.tensor);
  if (!stored)
    return subject + " is missing; expected shape " + expected;
  weights::TensorView view = *stored;
  if (part.transpose || part.offset != 0 || part.rows != 0) {
    spec::TensorName name{"", "", part.transpose, part.offset, part.rows, 0};
    if (part.rows != 0 && !stored->shape.empty())
      name.period = part.transpose ? stored->shape.back() : stored->shape.front();
    view = name.count != 0 && name.period == 0 ? *stored : weights::selectRows(*stored, name);
  }
  if (view.shape != llvm::ArrayRef<int64_t>(parameter.shape))
    return subject + " has shape " + weights::shapeText(stored->shape) + "; expected " +
           (part.offset || part.rows ? "rows for '" + parameter.name + "' of shape " : "shape ") +
           (part.transpose ? "transposed " : "") + expected;
  if (!weights::isFloat(view.type))
    return subject + " has type " + weights::storageName(view.type).str() + "; expected floating-point numbers";
  source.add(weights::layerName(parameter.name, layer), part.tensor, std::move(view));
  return "";
}

std::vector<std::string> StoredTensors::leftOver() const {
  std::vector<std::string> names;
  for (llvm::StringRef name : tensors.keys())
    if (!used.contains(name))
      names.push_back(name.str());
  llvm::sort(names);
  return names;
}

llvm::Error StoredTensors::place(ImportedModel &imported,
                                 llvm::function_ref<TensorPart(llvm::StringRef, int64_t)> place,
                                 weights::TableSource &source, llvm::StringRef kind, bool ignoreUnused) {
  std::string mistakes;
  size_t count = 0;
  for (const spec::Parameter &parameter : spec::parameters(imported.model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::string mistake = placeOne(parameter, layer, place(parameter.name, layer), source);
      count += !mistake.empty();
      if (count <= shownMistakes)
        mistakes += mistake;
    }
  if (count > shownMistakes)
    mistakes += "\n  and " + std::to_string(count - shownMistakes) + " more";
  std::vector<std::string> unused = leftOver();
  if (mistakes.empty())
    return judgeUnused(unused, source.path(), ignoreUnused, imported.notes);
  if (!unused.empty())
    mistakes += "\n  " + quotedNames(unused) + ": the model does not use " + (unused.size() == 1 ? "this" : "these");
  return llvm::createStringError("the weights in '" + source.path() + "' do not fit " + kind + ":" + mistakes);
}
