//===- FuzzSentencePiece.cpp - The reader of .spm files -------------------===//

#include "import/SentencePiece.h"
#include "llvm/Support/JSON.h"
#include <cstdlib>

using namespace tenon::import;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// Whatever is read becomes JSON, and the ids in it are pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::Expected<SentencePieceModel> model = parseSentencePiece({data, size}, "input");
  if (!model) {
    require(!llvm::toString(model.takeError()).empty());
    return 0;
  }
  auto isPiece = [&](int64_t id) { return id >= 0 && uint64_t(id) < model->pieces.size(); };
  require(isPiece(model->unknown) && (!model->end || isPiece(*model->end)) &&
          (!model->begin || isPiece(*model->begin)));
  std::vector<int64_t> suffix;
  if (model->end)
    suffix.push_back(*model->end);
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(tokenizerJson(*model, suffix));
  require(bool(json));
  return 0;
}
