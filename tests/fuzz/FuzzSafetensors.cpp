//===- FuzzSafetensors.cpp - The reader of safetensors files --------------===//

#include "weights/Safetensors.h"
#include <cstdlib>
#include <cstring>

using namespace tenon::weights;

/// The header of whatever is read can be written, and reads as the same again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::Expected<SafetensorsIndex> index = readSafetensorsIndex({data, size}, "input");
  if (!index) {
    if (llvm::toString(index.takeError()).empty())
      std::abort();
    return 0;
  }
  uint64_t dataBytes = index->entries.empty() ? 0 : index->entries.back().end;
  if (index->dataStart + dataBytes != size)
    std::abort();
  std::string header = safetensorsHeader(index->entries, index->metadata, 8);
  std::vector<uint8_t> file(header.size() + dataBytes);
  std::memcpy(file.data(), header.data(), header.size());
  llvm::Expected<SafetensorsIndex> again = readSafetensorsIndex(file, "written");
  if (!again || again->entries.size() != index->entries.size() || again->metadata != index->metadata)
    std::abort();
  return 0;
}
