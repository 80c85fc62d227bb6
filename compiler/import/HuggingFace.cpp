//===- HuggingFace.cpp - Models of the transformers library ---------------===//
//
// What the model is comes from the tensors where they can tell (which family, which biases, token types, norms), and
// from config.json where they cannot (heads, activation, epsilon, how positions are counted).
//
//===----------------------------------------------------------------------===//

#include "import/CheckpointFiles.h"
#include "import/ConfigDefaults.h"
#include "import/Decoder.h"
#include "import/Encoder.h"
#include "import/EncoderDecoder.h"
#include "import/Import.h"
#include "import/SentenceTransformers.h"
#include "import/Seq2Seq.h"
#include "import/StrictJson.h"
#include "import/UnusedTensors.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;

/// Refuses what any class of model would compute something else with.
static void checkAnyModel(Config &config) {
  std::vector<Config> places = {config};
  for (llvm::StringRef key : {"text_config", "encoder", "decoder"})
    if (std::optional<Config> section = config.section(key))
      places.push_back(*section);
  static constexpr llvm::StringRef quantised = "quantization_config";
  for (Config &place : places)
    if (place.has(quantised))
      place.fail(quantised, "quantised weights are not supported; supported: F32, F16, BF16 and F64");
}

/// The library adds an adapter that lies beside a model.
static llvm::Error checkAdapter(llvm::StringRef directory, bool ignore, std::vector<std::string> &notes) {
  static constexpr llvm::StringRef adapter = "adapter_config.json";
  if (!llvm::sys::fs::exists(directory + "/" + adapter))
    return llvm::Error::success();
  return judgeUnused({adapter.str()}, directory, ignore, notes, {"files", "make another model of it"});
}

static llvm::Expected<ImportedModel> importByType(Config &config, llvm::StringRef name, llvm::StringRef directory,
                                                  const ImportOptions &options) {
  if (const DecoderType *type = findDecoderType(name))
    return importDecoder(config, *type, directory, options);
  if (const Seq2SeqType *type = findSeq2SeqType(name))
    return importSeq2Seq(config, *type, directory, options);
  if (name == encoderDecoderType)
    return importEncoderDecoder(config, directory, options);
  if (const ModelType *type = findModelType(name))
    return importEncoder(config, *type, directory, options);
  if (!config.failed())
    config.fail("model_type", "\"" + name + "\" is not supported; supported: " + modelTypeNames());
  return config.takeError();
}

/// Reads the directory that has config.json.
static llvm::Expected<ImportedModel> importModel(llvm::StringRef directory, const ImportOptions &options) {
  std::string configPath = (directory + "/config.json").str();
  llvm::Expected<llvm::json::Object> object = readJsonObject(configPath);
  if (!object)
    return object.takeError();
  std::vector<std::string> assumed;
  if (llvm::Error error = completeConfig(*object, configPath, assumed))
    return std::move(error);
  Config config(*object, configPath);
  std::string name = config.string("model_type");
  if (name.empty() && !config.failed())
    config.fail("model_type", "it is missing; supported: " + modelTypeNames());
  checkAnyModel(config);
  llvm::Expected<ImportedModel> imported = importByType(config, name, directory, options);
  if (!imported)
    return imported;
  imported->assumed = std::move(assumed);
  if (llvm::Error error = checkAdapter(directory, options.ignoreUnused, imported->notes))
    return std::move(error);
  return imported;
}

/// A directory without modules.json, which transformers reads.
static llvm::Expected<ImportedModel> importAlone(llvm::StringRef directory, const ImportOptions &options) {
  llvm::Expected<ImportedModel> imported = importModel(directory, options);
  if (!imported || imported->model.head || imported->model.stacks.size() > 1)
    return imported;
  if (llvm::Error error = readTextLimit(directory, *imported))
    return std::move(error);
  return imported;
}

/// Reads the directory, with the files of sentence-transformers where they are.
static llvm::Expected<ImportedModel> importWithModules(llvm::StringRef directory, ImportOptions options) {
  llvm::Expected<std::optional<SentenceModules>> modules = readSentenceModules(directory);
  if (!modules)
    return modules.takeError();
  if (!*modules)
    return importAlone(directory, options);
  std::string encoder = directory.str() + ((*modules)->encoder.empty() ? "" : "/" + (*modules)->encoder);
  // What pooling reads are the states, whatever head was saved with them.
  options.withoutHead = true;
  llvm::Expected<ImportedModel> imported = importModel(encoder, options);
  if (!imported)
    return imported;
  spec::Model &model = imported->model;
  if (model.stacks.size() > 1)
    return llvm::createStringError("'" + directory + "/modules.json': a pooling of a model with an encoder and a "
                                   "decoder is not supported; supported: of one stack");
  if (llvm::Error error = readSentenceTexts(encoder, *imported))
    return std::move(error);
  if ((*modules)->pools)
    if (llvm::Error error = addSentencePooling(**modules, directory, *imported))
      return std::move(error);
  if (llvm::Error error = readSentencePrompts(directory, model))
    return std::move(error);
  if (llvm::Error error = checkModel(model, directory))
    return std::move(error);
  return imported;
}

llvm::Expected<ImportedModel> tenon::import::importCheckpoint(llvm::StringRef directory, const ImportOptions &options) {
  llvm::Expected<ImportedModel> imported = importWithModules(directory, options);
  if (!imported)
    return imported;
  if (llvm::Error error = checkUnusedTensors(*imported, options.ignoreUnused))
    return std::move(error);
  return imported;
}
