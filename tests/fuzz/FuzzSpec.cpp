//===- FuzzSpec.cpp - The reader of specs ---------------------------------===//

#include "spec/Parameters.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <cstdlib>

using namespace tenon;

/// Whatever is read can be written, and reads as the same again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::Expected<spec::Model> model = spec::readSpec(llvm::MemoryBufferRef(text, "input.yaml"));
  if (!model) {
    if (llvm::toString(model.takeError()).empty())
      std::abort();
    return 0;
  }
  if (spec::parameters(*model).empty())
    std::abort();
  std::string written = spec::writeSpec(*model);
  llvm::Expected<spec::Model> again = spec::readSpec(llvm::MemoryBufferRef(written, "written.yaml"));
  if (!again || spec::writeSpec(*again) != written)
    std::abort();
  return 0;
}
