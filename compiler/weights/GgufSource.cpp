//===- GgufSource.cpp -----------------------------------------------------===//

#include "weights/GgufSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::weights;

std::string GgufSource::tensorName(llvm::StringRef parameter) const {
  auto found = places.find(parameter);
  return found == places.end() ? parameter.str() : found->second.tensor;
}

std::optional<TensorView> GgufSource::find(llvm::StringRef parameter) const {
  auto found = places.find(parameter);
  const GgufTensor *tensor = found == places.end() ? nullptr : file->tensor(found->second.tensor);
  if (!tensor)
    return std::nullopt;
  TensorView view{tensor->type, tensor->shape, file->data(*tensor)};
  auto [name, first, count] = found->second;
  if (count < 0)
    return view;
  // A tensor that has not the rows is shown whole: its shape is then the error.
  if (view.shape.empty() || first > view.shape[0] || count > view.shape[0] - first || view.shape[0] == 0)
    return view;
  uint64_t rowBytes = view.data.size() / view.shape[0];
  if (rowBytes * view.shape[0] != view.data.size())
    return view;
  view.shape[0] = count;
  view.data = view.data.slice(first * rowBytes, count * rowBytes);
  return view;
}

std::vector<std::string> GgufSource::tensorNames() const {
  std::vector<std::string> names;
  for (const GgufTensor &tensor : file->getIndex().tensors)
    names.push_back(tensor.name.str());
  llvm::sort(names);
  return names;
}
