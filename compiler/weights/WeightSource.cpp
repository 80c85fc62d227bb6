//===- WeightSource.cpp ---------------------------------------------------===//

#include "weights/WeightSource.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::weights;

namespace {
struct StorageFacts {
  StorageType type;
  llvm::StringRef name;
  uint64_t bytes;
  uint64_t numbers = 1;
  bool inSafetensors = true;
};
} // namespace

static constexpr StorageFacts storageFacts[] = {
    {StorageType::F32, "F32", 4},
    {StorageType::F16, "F16", 2},
    {StorageType::BF16, "BF16", 2},
    {StorageType::F64, "F64", 8},
    {StorageType::I8, "I8", 1},
    {StorageType::I32, "I32", 4},
    {StorageType::I64, "I64", 8},
    {StorageType::U8, "U8", 1},
    {StorageType::Bool, "BOOL", 1},
    {StorageType::I16, "I16", 2},
    {StorageType::U16, "U16", 2},
    {StorageType::U32, "U32", 4},
    {StorageType::U64, "U64", 8},
    {StorageType::F8E4M3, "F8_E4M3", 1},
    {StorageType::F8E5M2, "F8_E5M2", 1},
    {StorageType::Q8_0, "Q8_0", 34, 32, false},
    {StorageType::Q4_0, "Q4_0", 18, 32, false},
    {StorageType::Q4_1, "Q4_1", 20, 32, false},
    {StorageType::Q5_0, "Q5_0", 22, 32, false},
    {StorageType::Q5_1, "Q5_1", 24, 32, false},
    {StorageType::Q4_K, "Q4_K", 144, 256, false},
    {StorageType::Q5_K, "Q5_K", 176, 256, false},
    {StorageType::Q6_K, "Q6_K", 210, 256, false},
    {StorageType::ScaledI8, "scaled I8", 1, 1, false},
    {StorageType::ScaledI16, "scaled I16", 2, 1, false},
};

static const StorageFacts &factsOf(StorageType type) {
  return *llvm::find_if(storageFacts, [&](const StorageFacts &facts) { return facts.type == type; });
}

uint64_t tenon::weights::storageBytes(StorageType type) { return factsOf(type).bytes; }

uint64_t tenon::weights::blockNumbers(StorageType type) { return factsOf(type).numbers; }

llvm::StringRef tenon::weights::storageName(StorageType type) { return factsOf(type).name; }

std::optional<StorageType> tenon::weights::storageTypeNamed(llvm::StringRef name) {
  for (const StorageFacts &facts : storageFacts)
    if (facts.name == name && facts.inSafetensors)
      return facts.type;
  return std::nullopt;
}

std::string tenon::weights::storageNames() {
  std::string names;
  for (const StorageFacts &facts : storageFacts)
    if (facts.inSafetensors)
      names += (names.empty() ? "" : ", ") + facts.name.str();
  return names;
}

int64_t tenon::weights::TensorView::elements() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}
