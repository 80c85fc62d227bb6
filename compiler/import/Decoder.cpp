//===- Decoder.cpp - Decoders of the transformers library -----------------===//

#include "import/Decoder.h"
#include "import/CheckpointFiles.h"
#include "import/DecoderStructure.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

/// Ids of tokens, as generation_config.json or else config.json has them. An id outside of the vocabulary stands for no
/// token of this model.
static llvm::Error readSpecialTokens(Config &config, llvm::StringRef directory, int64_t vocab,
                                     spec::SpecialTokens &tokens) {
  std::string path = (directory + "/generation_config.json").str();
  llvm::json::Object object;
  if (llvm::sys::fs::exists(path)) {
    llvm::Expected<llvm::json::Object> read = readJsonObject(path);
    if (!read)
      return read.takeError();
    object = std::move(*read);
  }
  Config generation(object, path);
  auto ids = [&](llvm::StringRef key) {
    std::vector<int64_t> list = (generation.has(key) ? generation : config).integers(key);
    llvm::erase_if(list, [&](int64_t id) { return id >= vocab; });
    return list;
  };
  if (std::vector<int64_t> bos = ids("bos_token_id"); !bos.empty())
    tokens.bos = bos.front();
  if (std::vector<int64_t> pad = ids("pad_token_id"); !pad.empty())
    tokens.pad = pad.front();
  tokens.eos = ids("eos_token_id");
  if (llvm::Error error = generation.takeError())
    return error;
  return config.takeError();
}

llvm::Expected<ImportedModel> tenon::import::importDecoder(Config &outer, const DecoderType &type,
                                                           llvm::StringRef directory) {
  std::string configPath = (directory + "/config.json").str();
  // A model of several modes keeps what it says of text apart.
  std::optional<Config> text = outer.section("text_config");
  Config config = text ? *text : outer;
  if (llvm::Error error = config.takeError())
    return std::move(error);
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  DecoderTensors tensors(**files, type.layout);
  if (llvm::Error error = tensors.findPrefix())
    return std::move(error);

  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = checkpointName(outer, directory);
  readDecoderStructure(config, type, tensors, model);
  if (llvm::Error error = config.takeError())
    return std::move(error);
  if (llvm::Error error = tensors.checkNames(type.name))
    return std::move(error);
  model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  // Sizes that are too large are refused before anything is computed from them.
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  model.names = decoderTensorNames(model, tensors);
  if (llvm::Error error = readSpecialTokens(config, directory, model.stacks.front().input.vocab, model.tokens))
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
