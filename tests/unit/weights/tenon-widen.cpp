//===- tenon-widen.cpp - The numbers of a GGUF file as float32, for checks against an oracle ===//
//
// tenon-widen FILE.gguf: writes every tensor, in the file's order, to standard output: float32, little endian.
//
//===----------------------------------------------------------------------===//

#include "weights/Convert.h"
#include "weights/Gguf.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon::weights;

int main(int argc, char **argv) {
  if (argc != 2) {
    llvm::errs() << "usage: tenon-widen FILE.gguf\n";
    return 2;
  }
  auto file = GgufFile::open(argv[1]);
  if (!file) {
    llvm::errs() << "error: " << llvm::toString(file.takeError()) << "\n";
    return 1;
  }
  for (const GgufTensor &tensor : (*file)->getIndex().tensors) {
    llvm::ArrayRef<uint8_t> data = (*file)->data(tensor);
    std::vector<float> values(data.size() / storageBytes(tensor.type) * blockNumbers(tensor.type));
    convertToFloat(tensor.type, data.data(), values.size(), values.data());
    llvm::outs().write(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
  }
}
