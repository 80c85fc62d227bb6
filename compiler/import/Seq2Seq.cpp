//===- Seq2Seq.cpp - Encoder-decoders of the transformers library ---------===//

#include "import/Seq2Seq.h"
#include "import/AnswerTokens.h"
#include "import/CheckpointFiles.h"
#include "import/MarianVocabulary.h"
#include "import/SavedHead.h"
#include "import/Seq2SeqStructure.h"
#include "weights/SafetensorsSource.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tenon;
using namespace tenon::import;

/// The spectrogram: as preprocessor_config.json says, else as Whisper's is.
static llvm::Error readAudio(llvm::StringRef directory, spec::Model &model) {
  const spec::Input &input = model.stacks.front().input;
  spec::Audio &audio = model.audio.emplace();
  audio.bins = input.features;
  audio.frames = input.positions.length;
  for (const spec::Convolution &convolution : input.convolutions)
    audio.frames *= convolution.stride;
  std::string path = (directory + "/preprocessor_config.json").str();
  if (!llvm::sys::fs::exists(path))
    return llvm::Error::success();
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  Config config(*object, path);
  audio.rate = config.integerOr("sampling_rate", audio.rate, 1);
  audio.window = config.integerOr("n_fft", audio.window, 2);
  audio.hop = config.integerOr("hop_length", audio.hop, 1);
  audio.bins = config.integerOr("feature_size", audio.bins, 1);
  audio.frames = config.integerOr("nb_max_frames", audio.frames, 1);
  if (config.numberOr("dither", 0) != 0)
    config.fail("dither", "noise on the sound is not supported; supported: 0");
  return config.takeError();
}

static llvm::Error readFiles(Config &config, const Seq2SeqType &type, llvm::StringRef directory,
                             ImportedModel &imported) {
  spec::Model &model = imported.model;
  if (model.stacks.size() > 1)
    if (llvm::Error error = readAnswers(config, directory, model.stacks.back().input.vocab, imported))
      return error;
  if (type.hears)
    if (llvm::Error error = readAudio(directory, model))
      return error;
  if (type.name == "marian" && !llvm::sys::fs::exists(directory + "/tokenizer.json")) {
    if (llvm::Error error = readTokenizerConfig(directory).moveInto(imported.tokenizerConfig))
      return error;
    return readMarianVocabularies(directory, imported);
  }
  return readTokenizer(directory, imported);
}

llvm::Expected<ImportedModel> tenon::import::importSeq2Seq(Config &config, const Seq2SeqType &type,
                                                           llvm::StringRef directory,
                                                           const ImportOptions &options) {
  std::string configPath = (directory + "/config.json").str();
  llvm::Expected<std::unique_ptr<weights::SafetensorsFiles>> files = openCheckpointWeights(directory);
  if (!files)
    return files.takeError();
  Seq2SeqTensors tensors(**files, type.layout);
  if (llvm::Error error = tensors.findPrefix())
    return std::move(error);
  ImportedModel imported;
  spec::Model &model = imported.model;
  model.name = checkpointName(config, directory);
  bool encoderAlone = options.withoutHead;
  isWithoutHead(config, options, {SavedHead::Words}, "the encoder");
  readSeq2SeqStructure(config, type, tensors, encoderAlone, model);
  if (llvm::Error error = config.takeError())
    return std::move(error);
  imported.idleTensors = tensors.idleTensors(!encoderAlone && tensors.hasDecoder());
  model.weights = llvm::sys::path::filename((*files)->getPath()).str();
  // Sizes that are too large are refused before anything is computed from them.
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  model.names = seq2SeqTensorNames(model, tensors);
  if (llvm::Error error = readFiles(config, type, directory, imported))
    return std::move(error);
  if (llvm::Error error = checkModel(model, configPath))
    return std::move(error);
  imported.source = std::make_unique<weights::SafetensorsSource>(std::move(*files), model.names);
  return imported;
}
