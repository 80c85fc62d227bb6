//===- FuzzCTranslate2.cpp - The reader of CTranslate2's model.bin --------===//

#include "weights/CTranslate2.h"
#include <cstdlib>

using namespace tenon::weights;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// Whatever is read lies in the file, as many bytes as its shape says; every alias stands for a variable.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::Expected<CTranslate2Index> index = readCTranslate2({data, size}, "input");
  if (!index) {
    require(!llvm::toString(index.takeError()).empty());
    return 0;
  }
  for (const CTranslate2Variable &variable : index->variables) {
    require(variable.data.begin() >= data && variable.data.end() <= data + size);
    TensorView view{variable.type, variable.shape, variable.data};
    require(variable.data.size() == uint64_t(view.elements()) * storageBytes(variable.type));
  }
  for (const auto &[alias, name] : index->aliases) {
    bool known = false;
    for (const CTranslate2Variable &variable : index->variables)
      known |= variable.name == name;
    require(known);
  }
  return 0;
}
