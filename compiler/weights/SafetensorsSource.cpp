//===- SafetensorsSource.cpp ----------------------------------------------===//

#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon::weights;

SafetensorsSource::SafetensorsSource(std::unique_ptr<SafetensorsFile> file, llvm::ArrayRef<spec::TensorName> names)
    : file(std::move(file)) {
  for (const spec::TensorName &name : names)
    tensors[name.parameter] = name.tensor;
}

std::string tenon::weights::layerName(llvm::StringRef pattern, int64_t layer) {
  auto [before, after] = pattern.split('*');
  return pattern.contains('*') ? (before + llvm::Twine(layer) + after).str() : pattern.str();
}

/// The layer in a parameter's name: the one part that is a number, since the names of stacks and sublayers are not.
static llvm::StringRef layerOf(llvm::StringRef parameter) {
  while (!parameter.empty()) {
    auto [part, rest] = parameter.split('.');
    if (!part.empty() && llvm::all_of(part, llvm::isDigit))
      return part;
    parameter = rest;
  }
  return "";
}

std::string SafetensorsSource::tensorName(llvm::StringRef parameter) const {
  llvm::StringRef layer = layerOf(parameter);
  std::string pattern = parameter.str();
  if (!layer.empty())
    pattern.replace(layer.data() - parameter.data(), layer.size(), "*");
  auto found = tensors.find(pattern);
  if (found == tensors.end())
    return parameter.str();
  auto [before, after] = llvm::StringRef(found->second).split('*');
  return layer.empty() ? found->second : (before + layer + after).str();
}

std::optional<TensorView> SafetensorsSource::find(llvm::StringRef parameter) const {
  return file->find(tensorName(parameter));
}

std::vector<std::string> SafetensorsSource::tensorNames() const {
  std::vector<std::string> names;
  for (const SafetensorsEntry &entry : file->entries())
    names.push_back(entry.name);
  llvm::sort(names);
  return names;
}
