//===- JoinedSource.cpp ---------------------------------------------------===//

#include "weights/JoinedSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::weights;

const JoinedSource::Part *JoinedSource::partOf(llvm::StringRef parameter) const {
  auto found = llvm::find_if(parts, [&](const Part &part) { return parameter.starts_with(part.parameters); });
  return found == parts.end() ? nullptr : &*found;
}

std::optional<TensorView> JoinedSource::find(llvm::StringRef parameter) const {
  const Part *part = partOf(parameter);
  return part ? part->source->find(parameter) : main->find(parameter);
}

std::string JoinedSource::tensorName(llvm::StringRef parameter) const {
  const Part *part = partOf(parameter);
  return part ? part->place + part->source->tensorName(parameter) : main->tensorName(parameter);
}

std::vector<std::string> JoinedSource::tensorNames() const {
  std::vector<std::string> names = main->tensorNames();
  for (const Part &part : parts)
    for (const std::string &name : part.source->tensorNames())
      names.push_back(part.place + name);
  llvm::sort(names);
  return names;
}
