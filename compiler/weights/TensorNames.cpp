//===- TensorNames.cpp ----------------------------------------------------===//

#include "weights/TensorNames.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::weights;

TensorNames::TensorNames(llvm::ArrayRef<spec::TensorName> list) {
  for (const spec::TensorName &name : list)
    names[name.parameter] = name;
}

/// The layer in a parameter's name: the number behind "layers". Convolutions are numbered too, but each is by itself.
static llvm::StringRef layerOf(llvm::StringRef parameter) {
  llvm::StringRef part = parameter.split(".layers.").second.split('.').first;
  return llvm::all_of(part, llvm::isDigit) ? part : "";
}

const spec::TensorName *TensorNames::find(llvm::StringRef parameter) const {
  llvm::StringRef layer = layerOf(parameter);
  std::string pattern = parameter.str();
  if (!layer.empty())
    pattern.replace(layer.data() - parameter.data(), layer.size(), "*");
  auto found = names.find(pattern);
  return found == names.end() ? nullptr : &found->second;
}

std::string TensorNames::tensorName(llvm::StringRef parameter) const {
  const spec::TensorName *name = find(parameter);
  if (!name)
    return parameter.str();
  if (!llvm::StringRef(name->tensor).contains('*'))
    return name->tensor; // Also where all layers have this one.
  auto [before, after] = llvm::StringRef(name->tensor).split('*');
  return (before + layerOf(parameter) + after).str();
}
