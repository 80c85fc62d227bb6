//===- tenon-gguf-tokenizer.cpp - The tokenizer of a GGUF file, for checks against an oracle ===//
//
// tenon-gguf-tokenizer FILE.gguf: writes the tokenizer.json that the file's metadata amounts to to standard output.
//
//===----------------------------------------------------------------------===//

#include "import/GgufTokenizer.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;

int main(int argc, char **argv) {
  if (argc != 2) {
    llvm::errs() << "usage: tenon-gguf-tokenizer FILE.gguf\n";
    return 2;
  }
  auto file = weights::GgufFile::open(argv[1]);
  if (!file) {
    llvm::errs() << "error: " << llvm::toString(file.takeError()) << "\n";
    return 1;
  }
  import::GgufKeys keys(**file);
  import::GgufTokenizer tokenizer = import::readGgufTokenizer(keys);
  if (llvm::Error error = keys.takeError()) {
    llvm::errs() << "error: " << llvm::toString(std::move(error)) << "\n";
    return 1;
  }
  llvm::outs() << tokenizer.json;
}
