//===- SentenceTexts.cpp - What sentence-transformers makes of a text -----===//

#include "import/DecoderFamilies.h"
#include "import/Families.h"
#include "import/SentenceTransformers.h"
#include "import/StrictJson.h"
#include "spec/Stacks.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;
using llvm::StringRef;

/// Where the library looks for the keys of a Transformer module, in this order.
static constexpr StringRef configurationFiles[] = {
    "sentence_bert_config.json",     "sentence_roberta_config.json", "sentence_distilbert_config.json",
    "sentence_camembert_config.json", "sentence_albert_config.json",  "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json"};

/// Limits above this are none, for transformers and for us.
static constexpr int64_t noLimit = INT32_MAX;

/// A number of tokens, which transformers writes as 10^30 where there is no limit.
static int64_t tokenLimit(const llvm::json::Object &object, Config &config, StringRef key) {
  const llvm::json::Value *value = object.get(key);
  std::optional<double> number = value ? value->getAsNumber() : std::nullopt;
  return number && *number > static_cast<double>(noLimit) ? noLimit : config.integer(key);
}

/// `model_max_length` of the tokenizer; nothing where it says none.
static llvm::Expected<std::optional<int64_t>> tokenizerLimit(StringRef encoder, const TokenizerConfig &tokenizer) {
  std::string path = (encoder + "/tokenizer_config.json").str();
  Config config(tokenizer.settings, path);
  StringRef key = config.firstOf("model_max_length|max_len");
  std::optional<int64_t> limit;
  if (config.has(key))
    limit = tokenLimit(tokenizer.settings, config, key);
  if (llvm::Error error = config.takeError())
    return std::move(error);
  return limit;
}

/// Whether the tokenizer's own file cuts texts at their beginning, which it also says of no length at all.
static llvm::Expected<bool> cutsBeginning(const ImportedModel &imported) {
  // Most of the file is the vocabulary: it is read again only where there can be something to find.
  if (!StringRef(imported.tokenizer).contains("\"Left\""))
    return false;
  llvm::Expected<llvm::json::Value> file = parseJson(imported.tokenizer, imported.tokenizerPath);
  if (!file)
    return file.takeError();
  const llvm::json::Object *object = file->getAsObject();
  const llvm::json::Object *truncation = object ? object->getObject("truncation") : nullptr;
  return truncation && truncation->getString("direction") == "Left";
}

/// The side that is cut is a key of tokenizer_config.json; without it, what tokenizer.json says.
static llvm::Error checkTruncationSide(StringRef encoder, const ImportedModel &imported) {
  std::string path = (encoder + "/tokenizer_config.json").str();
  llvm::Expected<bool> left = cutsBeginning(imported);
  if (!left)
    return left.takeError();
  Config config(imported.tokenizerConfig.settings, path);
  std::string side = config.string("truncation_side"), file = *left ? "left" : "right";
  if (!side.empty() && side != file)
    config.fail("truncation_side",
                "\"" + side + "\" is not supported; supported: \"" + file + "\", as tokenizer.json has it");
  return config.takeError();
}

/// `max_position_embeddings` as transformers has it in a model's configuration; nothing for models without the key.
static llvm::Expected<std::optional<int64_t>> positionLimit(StringRef encoder, const spec::Model &model) {
  std::string path = (encoder + "/config.json").str();
  llvm::Expected<llvm::json::Object> object = readJsonObject(path);
  if (!object)
    return object.takeError();
  Config config(*object, path);
  static constexpr StringRef usual = "max_position_embeddings", older = "n_positions";
  std::string type = config.string("model_type");
  const DecoderType *decoder = findDecoderType(type);
  // GPT-2's older name means the same to transformers, T5's does not.
  StringRef key = decoder && decoder->length.contains(older) && !config.has(usual) ? older : usual;
  bool hasDefault = decoder ? decoder->length.contains(usual) || decoder->length.contains(older)
                            : findModelType(type) != nullptr;
  std::optional<int64_t> limit;
  if (config.has(key))
    limit = config.integer(key);
  else if (hasDefault && !config.has("text_config"))
    limit = model.stacks.front().input.positions.length;
  if (llvm::Error error = config.takeError())
    return std::move(error);
  return limit;
}

llvm::Error tenon::import::readTextLimit(StringRef encoder, ImportedModel &imported) {
  spec::Model &model = imported.model;
  if (llvm::Error error = checkTruncationSide(encoder, imported))
    return error;
  llvm::Expected<std::optional<int64_t>> limit = tokenizerLimit(encoder, imported.tokenizerConfig);
  if (!limit)
    return limit.takeError();
  int64_t positions = model.stacks.front().input.positions.length;
  if (*limit)
    model.textTokens = positions > 0 ? std::min(**limit, positions) : **limit;
  return llvm::Error::success();
}

namespace {

/// The keys of a Transformer module.
class TransformerReader {
public:
  TransformerReader(const llvm::json::Object &object, Config &config, spec::Model &model)
      : object(object), config(config), model(model) {}

  void read() {
    for (const auto &[key, value] : object)
      refuseUnlessKnown(key, value);
    model.lowerCase = config.booleanOr("do_lower_case", false);
    if (config.has("max_seq_length"))
      model.textTokens = tokenLimit(object, config, "max_seq_length");
    for (StringRef name : {"tokenizer_args", "processor_kwargs"})
      readTokenizerKeys(name);
    readModalities();
  }

private:
  /// What would change the result is refused; what is as it is without the key may stand there.
  void refuseUnlessKnown(StringRef key, const llvm::json::Value &value) {
    static constexpr StringRef read[] = {"max_seq_length", "do_lower_case",   "tokenizer_args",    "processor_kwargs",
                                         "modality_config", "module_output_name", "transformer_task", "unpad_inputs"};
    bool saysNothing = value.kind() == llvm::json::Value::Null ||
                       (value.getAsObject() && value.getAsObject()->empty());
    if (llvm::is_contained(read, key) || saysNothing)
      return;
    if (key == "model_args" || key == "model_kwargs")
      return refuseUnlessHarmless(key, *value.getAsObject());
    config.fail(key, jsonText(value) + " is not supported; supported: " + llvm::join(llvm::ArrayRef(read), ", "));
  }

  /// How transformers computes, not what.
  void refuseUnlessHarmless(StringRef key, const llvm::json::Object &section) {
    for (const auto &[name, value] : section)
      if (StringRef inner = name; inner != "attn_implementation" && inner != "use_safetensors" &&
                                  !(inner.ends_with("dtype") && value == llvm::json::Value("float32")))
        config.fail(key, "'" + inner + "': " + jsonText(value) +
                             " is not supported; supported: attn_implementation, use_safetensors, dtype \"float32\"");
  }

  void readTokenizerKeys(StringRef name) {
    const llvm::json::Object *section = object.getObject(name);
    std::optional<Config> keys = config.section(name);
    if (!section || !keys)
      return;
    for (const auto &[key, value] : *section) {
      StringRef inner = key;
      if (inner == "model_max_length")
        model.textTokens = tokenLimit(*section, *keys, inner);
      else if (inner != "use_fast" && inner != "padding_side")
        keys->fail(inner, jsonText(value) + " is not supported; supported: model_max_length, use_fast, padding_side");
    }
  }

  /// Version 6 says which of a model's methods reads what: texts are the input, the last hidden state the output.
  void readModalities() {
    std::string task = config.string("transformer_task");
    if (!task.empty() && task != "feature-extraction")
      config.fail("transformer_task", "\"" + task + "\" is not supported; supported: \"feature-extraction\"");
    std::string output = config.string("module_output_name");
    if (!output.empty() && output != "token_embeddings")
      config.fail("module_output_name", "\"" + output + "\" is not supported; supported: \"token_embeddings\"");
    const llvm::json::Object *modalities = object.getObject("modality_config");
    if (!modalities)
      return;
    const llvm::json::Object *text = modalities->getObject("text");
    if (modalities->get("message") || !text || text->getString("method") != "forward" ||
        text->getString("method_output_name") != "last_hidden_state")
      config.fail("modality_config", jsonText(*object.get("modality_config")) +
                                         " is not supported; supported: \"text\" with the method \"forward\" and the "
                                         "output \"last_hidden_state\", without \"message\"");
  }

  const llvm::json::Object &object;
  Config &config;
  spec::Model &model;
};

} // namespace

/// Reads the first of the module's files that says anything.
static llvm::Error readTransformer(StringRef encoder, spec::Model &model) {
  for (StringRef name : configurationFiles) {
    std::string path = (encoder + "/" + name).str();
    llvm::Expected<llvm::json::Object> object = readJsonObjectIfAny(encoder, name);
    if (!object)
      return object.takeError();
    if (object->empty())
      continue;
    Config config(*object, path);
    TransformerReader(*object, config, model).read();
    return config.takeError();
  }
  return llvm::Error::success();
}

llvm::Error tenon::import::readSentenceTexts(StringRef encoder, ImportedModel &imported) {
  spec::Model &model = imported.model;
  if (llvm::Error error = checkTruncationSide(encoder, imported))
    return error;
  model.textTokens = 0;
  if (llvm::Error error = readTransformer(encoder, model))
    return error;
  if (model.textTokens != 0)
    return llvm::Error::success();
  llvm::Expected<std::optional<int64_t>> tokens = tokenizerLimit(encoder, imported.tokenizerConfig);
  if (!tokens)
    return tokens.takeError();
  llvm::Expected<std::optional<int64_t>> positions = positionLimit(encoder, model);
  if (!positions)
    return positions.takeError();
  model.textTokens = std::min(tokens->value_or(noLimit), positions->value_or(noLimit));
  return llvm::Error::success();
}

/// Names and texts, with the two that every model has.
static void readPrompts(const llvm::json::Object &object, Config &config, spec::Model &model) {
  std::optional<Config> section = config.section("prompts");
  const llvm::json::Object *prompts = object.getObject("prompts");
  if (!section || !prompts || prompts->empty())
    return;
  std::map<std::string, std::string> texts = {{"query", ""}, {"document", ""}};
  for (const auto &[key, value] : *prompts) {
    StringRef name = key;
    if (name.empty())
      config.fail("prompts", "a prompt with an empty name is not supported");
    texts[name.str()] = section->string(name);
  }
  for (const auto &[name, text] : texts)
    model.prompts.push_back({name, text});
}

llvm::Error tenon::import::readSentencePrompts(StringRef directory, spec::Model &model) {
  constexpr StringRef file = "config_sentence_transformers.json";
  std::string path = (directory + "/" + file).str();
  llvm::Expected<llvm::json::Object> object = readJsonObjectIfAny(directory, file);
  if (!object)
    return object.takeError();
  Config config(*object, path);
  std::string kind = config.string("model_type");
  if (!kind.empty() && kind != "SentenceTransformer")
    config.fail("model_type", "\"" + kind + "\" is not supported; supported: \"SentenceTransformer\"");
  readPrompts(*object, config, model);
  std::string usual = config.string("default_prompt_name");
  auto names = llvm::map_range(model.prompts, [](const spec::Prompt &prompt) { return prompt.name; });
  // Those two are there without a text too.
  if (!usual.empty() && llvm::is_contained(names, usual))
    model.defaultPrompt = usual;
  else if (!usual.empty() && usual != "query" && usual != "document")
    config.fail("default_prompt_name", "\"" + usual + "\" is none of the prompts: " +
                                           (model.prompts.empty() ? "there are none" : llvm::join(names, ", ")));
  if (config.has("truncate_dim") && model.pooling) {
    int64_t size = config.integer("truncate_dim"), whole = spec::pooledSize(model);
    model.pooling->size = size < whole ? size : 0;
  }
  return config.takeError();
}
