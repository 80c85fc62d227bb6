//===- HuggingFace.cpp - Models of the transformers library ---------------===//
//
// What the model is comes from the tensors where they can tell (which family, which biases, token types, norms), and
// from config.json where they cannot (heads, activation, epsilon, how positions are counted).
//
//===----------------------------------------------------------------------===//

#include "import/Decoder.h"
#include "import/Encoder.h"
#include "import/EncoderDecoder.h"
#include "import/Import.h"
#include "import/SentenceTransformers.h"
#include "import/Seq2Seq.h"
#include "import/StrictJson.h"

using namespace tenon;
using namespace tenon::import;

/// Reads the directory that has config.json.
static llvm::Expected<ImportedModel> importModel(llvm::StringRef directory) {
  std::string configPath = (directory + "/config.json").str();
  llvm::Expected<llvm::json::Object> object = readJsonObject(configPath);
  if (!object)
    return object.takeError();
  Config config(*object, configPath);
  std::string name = config.string("model_type");
  if (name.empty() && !config.failed())
    config.fail("model_type", "it is missing; supported: " + modelTypeNames());
  if (const DecoderType *type = findDecoderType(name))
    return importDecoder(config, *type, directory);
  if (const Seq2SeqType *type = findSeq2SeqType(name))
    return importSeq2Seq(config, *type, directory);
  if (name == encoderDecoderType)
    return importEncoderDecoder(config, directory);
  if (const ModelType *type = findModelType(name))
    return importEncoder(config, *type, directory);
  config.fail("model_type", "\"" + name + "\" is not supported; supported: " + modelTypeNames());
  return config.takeError();
}

llvm::Expected<ImportedModel> tenon::import::importCheckpoint(llvm::StringRef directory) {
  llvm::Expected<SentenceModules> modules = readSentenceModules(directory);
  if (!modules)
    return modules.takeError();
  std::string encoder = directory.str() + (modules->encoder.empty() ? "" : "/" + modules->encoder);
  llvm::Expected<ImportedModel> imported = importModel(encoder);
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
