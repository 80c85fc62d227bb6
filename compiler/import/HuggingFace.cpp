//===- HuggingFace.cpp - Models of the transformers library ---------------===//
//
// What the model is comes from the tensors where they can tell (which family, which biases, token types, norms), and
// from config.json where they cannot (heads, activation, epsilon, how positions are counted).
//
//===----------------------------------------------------------------------===//

#include "import/ConfigDefaults.h"
#include "import/Decoder.h"
#include "import/Encoder.h"
#include "import/EncoderDecoder.h"
#include "import/Import.h"
#include "import/SentenceTransformers.h"
#include "import/Seq2Seq.h"
#include "import/StrictJson.h"
#include "import/UnusedTensors.h"

using namespace tenon;
using namespace tenon::import;

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
  llvm::Expected<ImportedModel> imported = importByType(config, name, directory, options);
  if (imported)
    imported->assumed = std::move(assumed);
  return imported;
}

/// Reads the directory, with the files of sentence-transformers where they are.
static llvm::Expected<ImportedModel> importWithModules(llvm::StringRef directory, ImportOptions options) {
  llvm::Expected<SentenceModules> modules = readSentenceModules(directory);
  if (!modules)
    return modules.takeError();
  std::string encoder = directory.str() + (modules->encoder.empty() ? "" : "/" + modules->encoder);
  // What pooling reads are the states, whatever head was saved with them.
  options.withoutHead |= modules->pooling.has_value();
  llvm::Expected<ImportedModel> imported = importModel(encoder, options);
  if (!imported)
    return imported;
  imported->model.textTokens = modules->textTokens;
  std::optional<spec::Pooling> pooling = modules->pooling;
  if (!pooling)
    return imported;
  if (modules->width != imported->model.width)
    return llvm::createStringError("'" + directory + "': pooling has word_embedding_dimension " +
                                   llvm::Twine(modules->width) + "; the encoder's width is " +
                                   llvm::Twine(imported->model.width));
  pooling->stack = imported->model.stacks.front().name;
  imported->model.pooling = std::move(pooling);
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
