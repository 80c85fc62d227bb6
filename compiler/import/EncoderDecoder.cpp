//===- EncoderDecoder.cpp -------------------------------------------------===//

#include "import/EncoderDecoder.h"
#include "import/AnswerTokens.h"
#include "import/CheckpointFiles.h"
#include "import/Decoder.h"
#include "import/Encoder.h"
#include "import/SavedHead.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

/// The two models in one, as `encoder` and `decoder` of the configuration describe them.
static llvm::Error readStacks(Config &config, const weights::SafetensorsFiles &files, llvm::StringRef configPath,
                              bool encoderAlone, ImportedModel &imported) {
  std::optional<Config> encoder = config.section("encoder"), decoder = config.section("decoder");
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
  spec::Model source, &model = imported.model;
  if (llvm::Error error = readEncoder(*encoder, *encoderType, files, "encoder.", configPath, encoderAlone, source,
                                      imported.idleTensors))
    return error;
  if (encoderAlone) {
    source.name = model.name;
    model = std::move(source);
    for (llvm::StringRef name : files.names())
      if (!name.starts_with("encoder."))
        imported.idleTensors.push_back(name.str());
    return llvm::Error::success();
  }
  std::vector<std::string> idle;
  if (llvm::Error error =
          readDecoder(*decoder, *decoderType, files, "decoder.", configPath, /*withoutHead=*/false, model, idle))
    return error;
  imported.idleTensors.insert(imported.idleTensors.end(), idle.begin(), idle.end());
  if (source.width != model.width || files.find("enc_to_dec_proj.weight"))
    return llvm::createStringError("'" + configPath + "': the encoder is " + llvm::Twine(source.width) +
                                   " wide and the decoder " + llvm::Twine(model.width) +
                                   "; a projection between them is not supported; supported: one width");
  model.stacks.insert(model.stacks.begin(), source.stacks.front());
  model.names.insert(model.names.begin(), source.names.begin(), source.names.end());
  return llvm::Error::success();
}

llvm::Expected<ImportedModel> tenon::import::importEncoderDecoder(Config &config, llvm::StringRef directory,
                                                                  const ImportOptions &options) {
  std::string configPath = (directory + "/config.json").str();
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = checkpointName(config, directory);
  isWithoutHead(config, options, {SavedHead::Words}, "the encoder");
  if (llvm::Error error = readStacks(config, **files, configPath, options.withoutHead, imported))
    return std::move(error);
  model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  if (!options.withoutHead)
    if (llvm::Error error = readAnswers(config, directory, model.stacks.back().input.vocab, imported))
      return std::move(error);
  if (llvm::Error error = readTokenizer(directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*files), model.names);
  return imported;
}
