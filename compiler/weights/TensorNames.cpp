//===- TensorNames.cpp ----------------------------------------------------===//

#include "weights/TensorNames.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::weights;

TensorNames::TensorNames(llvm::ArrayRef<spec::TensorName> list) {
  for (const spec::TensorName &name : list)
    names[name.parameter] = name;
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
  auto [before, after] = llvm::StringRef(name->tensor).split('*');
  llvm::StringRef layer = layerOf(parameter);
  return layer.empty() ? name->tensor : (before + layer + after).str();
}
