//===- GgufSource.cpp -----------------------------------------------------===//

#include "weights/GgufSource.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::weights;

std::optional<TensorView> GgufSource::find(llvm::StringRef parameter) const {
  const GgufTensor *tensor = file->tensor(tensorName(parameter));
  if (!tensor)
    return std::nullopt;
  TensorView stored{tensor->type, tensor->shape, file->data(*tensor)};
  const spec::TensorName *name = names.find(parameter);
  return name && !name->isWhole() ? selectRows(stored, *name) : stored;
}

std::vector<std::string> GgufSource::tensorNames() const {
  std::vector<std::string> list;
  for (const GgufTensor &tensor : file->getIndex().tensors)
    list.push_back(tensor.name.str());
  llvm::sort(list);
  return list;
}
