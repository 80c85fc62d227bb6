//===- FuzzGguf.cpp - The reader of GGUF files ----------------------------===//

#include "weights/Convert.h"
#include "weights/Gguf.h"
#include <cstdlib>

using namespace tenon::weights;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// Whatever is read lies in the file: every value has a text, every number of every tensor widens.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::Expected<GgufIndex> index = readGgufIndex({data, size}, "input");
  if (!index) {
    require(!llvm::toString(index.takeError()).empty());
    return 0;
  }
  for (const auto &[key, value] : index->metadata) {
    require(!value.text().empty());
    for (uint64_t i = 0; i < value.count && value.type != GgufType::String; ++i)
      require(value.number(i).has_value() || value.integer(i).has_value());
  }
  std::vector<float> values;
  for (const GgufTensor &tensor : index->tensors) {
    require(tensor.begin <= tensor.end && index->dataStart + tensor.end <= size);
    if (!isFloat(tensor.type))
      continue;
    TensorView view{tensor.type, tensor.shape,
                    llvm::ArrayRef(data, size).slice(index->dataStart + tensor.begin, tensor.end - tensor.begin)};
    values.resize(view.data.size() / storageBytes(view.type) * blockNumbers(view.type));
    require(readFloats(view, 0, values.size(), values.data()).size() == view.data.size());
  }
  return 0;
}
