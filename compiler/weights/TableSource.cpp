//===- TableSource.cpp ----------------------------------------------------===//

#include "weights/TableSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::weights;

std::optional<TensorView> TableSource::find(llvm::StringRef parameter) const {
  auto found = table.find(parameter);
  return found == table.end() ? std::nullopt : std::optional(found->second.view);
}

std::string TableSource::tensorName(llvm::StringRef parameter) const {
  auto found = table.find(parameter);
  return found == table.end() ? parameter.str() : found->second.tensor;
}

std::vector<std::string> TableSource::tensorNames() const {
  std::vector<std::string> list;
  for (const auto &entry : table)
    list.push_back(entry.second.tensor);
  llvm::sort(list);
  list.erase(llvm::unique(list), list.end());
  return list;
}

void TableSource::release(llvm::ArrayRef<uint8_t> data) const {
  llvm::ArrayRef<uint8_t> mapped = file->bytes();
  // Pages of memory that is not the file's would be lost, not read again.
  if (data.begin() >= mapped.begin() && data.end() <= mapped.end())
    file->release(data);
}
