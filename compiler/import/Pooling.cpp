//===- Pooling.cpp - Embeddings of a model that makes something else ------===//

#include "import/CheckpointFiles.h"
#include "import/Import.h"
#include "spec/Names.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;

void tenon::import::dropHead(spec::Model &model) {
  model.head.reset();
  llvm::erase_if(model.names,
                 [](const spec::TensorName &name) { return llvm::StringRef(name.parameter).starts_with("head."); });
}

llvm::Error tenon::import::poolInstead(spec::Model &model, llvm::ArrayRef<std::string> kinds, bool normalize) {
  if (model.stacks.size() != 1)
    return llvm::createStringError("--pooling is for models of one stack; this one has " +
                                   llvm::Twine(model.stacks.size()));
  dropHead(model);
  model.stacks.front().cache = false;
  spec::Pooling &pooling = model.pooling.emplace();
  pooling.stack = model.stacks.front().name;
  for (const std::string &name : kinds) {
    const auto *kind = llvm::find(spec::poolingKindNames, llvm::StringRef(name));
    if (kind == std::end(spec::poolingKindNames))
      return llvm::createStringError("--pooling '" + name + "': expected one or several of " +
                                     llvm::join(llvm::ArrayRef(spec::poolingKindNames), ", "));
    pooling.kinds.push_back(static_cast<spec::PoolingKind>(kind - std::begin(spec::poolingKindNames)));
  }
  if (normalize)
    pooling.layers.push_back(spec::VectorNorm{.unit = true});
  return llvm::Error::success();
}
