//===- FuzzMarian.cpp - The reader of Marian's binary files ---------------===//

#include "weights/Marian.h"
#include <cstdlib>

using namespace tenon::weights;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// Whatever is read lies in the file, as many bytes as its shape says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::Expected<MarianIndex> index = readMarian({data, size}, "input");
  if (!index) {
    require(!llvm::toString(index.takeError()).empty());
    return 0;
  }
  for (const MarianTensor &tensor : index->tensors) {
    require(tensor.data.empty() || (tensor.data.begin() >= data && tensor.data.end() <= data + size));
    TensorView view{tensor.type, tensor.shape, tensor.data};
    require(tensor.data.size() == uint64_t(view.elements()) * storageBytes(tensor.type));
  }
  return 0;
}
