//===- EncoderDecoder.cpp -------------------------------------------------===//

#include "import/EncoderDecoder.h"
#include "import/AnswerTokens.h"
#include "import/CheckpointFiles.h"
#include "import/Decoder.h"
#include "import/Encoder.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

/// The two models in one, as `encoder` and `decoder` of the configuration describe them.
static llvm::Error readStacks(Config &config, const weights::SafetensorsFiles &files, llvm::StringRef configPath,
                              spec::Model &model) {
  std::optional<Config> encoder = config.section("encoder"), decoder = config.section("decoder");
  for (llvm::StringRef key : {"encoder", "decoder"})
    if (!config.has(key))
      config.fail(key, "it is missing; a model of type \"" + encoderDecoderType + "\" has the configurations of both");
  std::string encoderName = encoder ? encoder->string("model_type") : "";
  std::string decoderName = decoder ? decoder->string("model_type") : "";
  const ModelType *encoderType = findModelType(encoderName);
  std::optional<DecoderType> decoderType = findAttendingType(decoderName);
  if (!encoderType)
    config.fail("encoder.model_type", "\"" + encoderName + "\" is not supported; supported: " + encoderTypeNames());
  if (!decoderType)
    config.fail("decoder.model_type", "\"" + decoderName + "\" is not supported; supported: " + attendingTypeNames());
  if (llvm::Error error = config.takeError())
    return error;
  spec::Model source;
  if (llvm::Error error = readEncoder(*encoder, *encoderType, files, "encoder.", configPath, source))
    return error;
  if (llvm::Error error = readDecoder(*decoder, *decoderType, files, "decoder.", configPath, model))
    return error;
  if (source.width != model.width || files.find("enc_to_dec_proj.weight"))
    return llvm::createStringError("'" + configPath + "': the encoder is " + llvm::Twine(source.width) +
                                   " wide and the decoder " + llvm::Twine(model.width) +
                                   "; a projection between them is not supported; supported: one width");
  model.stacks.insert(model.stacks.begin(), source.stacks.front());
  model.names.insert(model.names.begin(), source.names.begin(), source.names.end());
  return llvm::Error::success();
}

llvm::Expected<ImportedModel> tenon::import::importEncoderDecoder(Config &config, llvm::StringRef directory) {
  std::string configPath = (directory + "/config.json").str();
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = checkpointName(config, directory);
  if (llvm::Error error = readStacks(config, **files, configPath, model))
    return std::move(error);
  model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  if (llvm::Error error = readAnswers(config, directory, model.stacks.back().input.vocab, imported))
    return std::move(error);
  if (llvm::Error error = readTokenizer(directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*files), model.names);
  return imported;
}
