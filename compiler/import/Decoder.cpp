//===- Decoder.cpp - Decoders of the transformers library -----------------===//

#include "import/Decoder.h"
#include "import/AnswerTokens.h"
#include "import/CheckpointFiles.h"
#include "import/DecoderStructure.h"
#include "import/SavedHead.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

llvm::Error tenon::import::readDecoder(Config &config, const DecoderType &type, const weights::SafetensorsFiles &files,
                                       llvm::StringRef root, llvm::StringRef configPath, bool withoutHead,
                                       spec::Model &model, std::vector<std::string> &idle) {
  DecoderTensors tensors(files, type);
  if (llvm::Error error = tensors.findPrefix(root))
    return error;
  readDecoderStructure(config, type, tensors, withoutHead, model);
  if (llvm::Error error = config.takeError())
    return error;
  idle = tensors.idleTensors(!withoutHead);
  model.names = decoderTensorNames(model, tensors);
  return llvm::Error::success();
}

llvm::Expected<ImportedModel> tenon::import::importDecoder(Config &outer, const DecoderType &type,
                                                           llvm::StringRef directory,
                                                           const ImportOptions &options) {
  std::string configPath = (directory + "/config.json").str();
  // A model of several modes keeps what it says of text apart.
  std::optional<Config> text = outer.section("text_config");
  Config config = text ? *text : outer;
  bool withoutHead = isWithoutHead(outer, options, {SavedHead::Words}, "the stack");
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = checkpointName(outer, directory);
  if (llvm::Error error = readDecoder(config, type, **files, /*root=*/"", configPath, withoutHead, model,
                                      imported.idleTensors))
    return std::move(error);
  model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  if (llvm::Error error = readAnswers(outer, directory, model.stacks.front().input.vocab, imported))
    return std::move(error);
  if (llvm::Error error = readTokenizer(directory, imported))
    return std::move(error);
  if (llvm::Error error = readChatTemplate(directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*files), model.names);
  return imported;
}
