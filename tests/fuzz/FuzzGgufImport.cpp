//===- FuzzGgufImport.cpp - The import of GGUF files ----------------------===//

#include "import/Gguf.h"
#include "import/Import.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <cstdlib>
#include <fstream>

using namespace tenon;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

static std::string makeDirectory() {
  llvm::SmallString<128> directory;
  require(!llvm::sys::fs::createUniqueDirectory("tenon-fuzz", directory));
  return directory.str().str();
}

/// Whatever is imported has a spec that reads back, and a tokenizer that is JSON.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string directory = makeDirectory();
  static const int removal = std::atexit([] { llvm::sys::fs::remove_directories(directory); });
  require(removal == 0);
  std::string path = directory + "/model.gguf";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(data), static_cast<std::streamsize>(size))
      .flush();
  llvm::Expected<import::ImportedModel> imported = import::importGguf(path);
  if (!imported) {
    require(!llvm::toString(imported.takeError()).empty());
    return 0;
  }
  std::string text = spec::writeSpec(imported->model);
  llvm::Expected<spec::Model> again = spec::readSpec(llvm::MemoryBufferRef(text, "spec"));
  require(bool(again));
  if (imported->tokenizer.empty())
    return 0;
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(imported->tokenizer);
  require(bool(json));
  return 0;
}
