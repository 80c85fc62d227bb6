//===- WeightSource.cpp ---------------------------------------------------===//

#include "weights/WeightSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::weights;

namespace {
struct StorageFacts {
  StorageType type;
  llvm::StringRef name;
  uint64_t bytes;
};
} // namespace

static constexpr StorageFacts storageFacts[] = {
    {StorageType::F32, "F32", 4}, {StorageType::F16, "F16", 2},        {StorageType::BF16, "BF16", 2},
    {StorageType::F64, "F64", 8}, {StorageType::I8, "I8", 1},          {StorageType::I32, "I32", 4},
    {StorageType::I64, "I64", 8}, {StorageType::U8, "U8", 1},          {StorageType::Bool, "BOOL", 1},
    {StorageType::I16, "I16", 2}, {StorageType::U16, "U16", 2},        {StorageType::U32, "U32", 4},
    {StorageType::U64, "U64", 8}, {StorageType::F8E4M3, "F8_E4M3", 1}, {StorageType::F8E5M2, "F8_E5M2", 1},
};

static const StorageFacts &factsOf(StorageType type) {
  return *llvm::find_if(storageFacts, [&](const StorageFacts &facts) { return facts.type == type; });
}

uint64_t tenon::weights::storageBytes(StorageType type) { return factsOf(type).bytes; }

llvm::StringRef tenon::weights::storageName(StorageType type) { return factsOf(type).name; }

std::optional<StorageType> tenon::weights::storageTypeNamed(llvm::StringRef name) {
  for (const StorageFacts &facts : storageFacts)
    if (facts.name == name)
      return facts.type;
  return std::nullopt;
}

std::string tenon::weights::storageNames() {
  std::string names;
  for (const StorageFacts &facts : storageFacts)
    names += (names.empty() ? "" : ", ") + facts.name.str();
  return names;
}
