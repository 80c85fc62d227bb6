#include "import/SmallCheckpoint.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "weights/SafetensorsSource.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;

/// The spec of a checkpoint without the names, after a look whether every parameter has a tensor of its shape.
static std::string specOf(const SmallCheckpoint &checkpoint) {
  TempDirectory directory;
  checkpoint.write(directory);
  llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path());
  if (!imported)
    return llvm::toString(imported.takeError());
  for (const spec::Parameter &parameter : spec::parameters(imported->model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::string name = weights::layerName(parameter.name, layer);
      std::optional<weights::TensorView> view = imported->source->find(name);
      EXPECT_TRUE(view && llvm::ArrayRef<int64_t>(view->shape) == llvm::ArrayRef<int64_t>(parameter.shape))
          << name << " is " << imported->source->tensorName(name);
    }
  spec::Model model = imported->model;
  model.names.clear();
  model.name = "x";
  return spec::writeSpec(model);
}

TEST(HuggingFace, Bert) {
  const std::string expected = R"(tenon: 1
name: x
width: 6
stacks:
  encoder:
    input: {vocab: 11, positions: {kind: learned, length: 10}, types: 2, norm: true}
    layers: 2
    norm: {kind: layernorm, place: after, epsilon: 1e-12}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 8, activation: gelu}
weights: model.safetensors
)";
  EXPECT_EQ(specOf(SmallCheckpoint::bert()), expected);
  EXPECT_EQ(specOf(SmallCheckpoint::bert("bert.")), expected);
  EXPECT_EQ(specOf(SmallCheckpoint::bert("sentence.model.bert.")), expected);
}

TEST(HuggingFace, RobertaCountsPositionsFromBehindThePadding) {
  EXPECT_NE(specOf(SmallCheckpoint::roberta())
                .find("input: {vocab: 11, positions: {kind: learned, length: 8, offset: 2, pad: 1}, types: 1, "
                      "norm: true}"),
            std::string::npos);
  SmallCheckpoint without = SmallCheckpoint::roberta();
  without.change("\"pad_token_id\": 1, ", "");
  EXPECT_EQ(specOf(without), specOf(SmallCheckpoint::roberta()));
  without.change("{", "{\"pad_token_id\": 4, ");
  EXPECT_NE(specOf(without).find("length: 5, offset: 5, pad: 4"), std::string::npos);
}

TEST(HuggingFace, NormsBeforeSublayers) {
  std::string text = specOf(SmallCheckpoint::preNorm());
  EXPECT_NE(text.find("norm: {kind: layernorm, place: before, epsilon: 1e-12}"), std::string::npos) << text;
}

TEST(HuggingFace, Distilbert) {
  EXPECT_EQ(specOf(SmallCheckpoint::distilbert()), R"(tenon: 1
name: x
width: 6
stacks:
  encoder:
    input: {vocab: 11, positions: {kind: learned, length: 10}, norm: true}
    layers: 2
    norm: {kind: layernorm, place: after, epsilon: 1e-12}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 8, activation: relu}
weights: model.safetensors
)");
}

TEST(HuggingFace, DistilbertsSinusoidsAreATableWhereTheFileHasOne) {
  SmallCheckpoint checkpoint = SmallCheckpoint::distilbert();
  checkpoint.change("\"sinusoidal_pos_embds\": false", "\"sinusoidal_pos_embds\": true");
  EXPECT_EQ(specOf(checkpoint), specOf(SmallCheckpoint::distilbert()));
  checkpoint.remove("position_embeddings.weight");
  EXPECT_NE(specOf(checkpoint).find("positions: {kind: sinusoidal, length: 10, interleaved: true}"), std::string::npos);
}

TEST(HuggingFace, WhatTheTensorsLackTheSpecLacks) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  for (const char *module : {"query", "key", "value", "output.dense", "intermediate.dense"})
    checkpoint.remove(std::string(module) + ".bias");
  checkpoint.remove("LayerNorm.bias");
  checkpoint.remove("token_type_embeddings.weight");
  std::string text = specOf(checkpoint);
  EXPECT_NE(text.find("length: 10}, norm: true}"), std::string::npos) << text;
  EXPECT_NE(text.find("epsilon: 1e-12, bias: false}"), std::string::npos) << text;
  EXPECT_NE(text.find("attention: {heads: 2, bias: false, output_bias: false}"), std::string::npos) << text;
  EXPECT_NE(text.find("mlp: {hidden: 8, activation: gelu, bias: false}"), std::string::npos) << text;
}

TEST(HuggingFace, OldNamesOfLayerNorms) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  std::map<std::string, SmallCheckpoint::Shape> renamed;
  for (auto &[name, shape] : checkpoint.tensors) {
    std::string other = name;
    for (auto [from, to] :
         {std::pair("LayerNorm.weight", "LayerNorm.gamma"), std::pair("LayerNorm.bias", "LayerNorm.beta")})
      if (size_t position = other.find(from); position != std::string::npos)
        other.replace(position, std::strlen(from), to);
    renamed[other] = shape;
  }
  checkpoint.tensors = std::move(renamed);
  EXPECT_EQ(specOf(checkpoint), specOf(SmallCheckpoint::bert()));
}

TEST(HuggingFace, TensorsOutsideTheEncoderDoNotMatter) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert("bert.");
  checkpoint.addLinear("bert.pooler.dense", 6, 6);
  checkpoint.addLinear("cls.predictions.transform.dense", 6, 6);
  checkpoint.addLinear("classifier", 3, 6);
  checkpoint.tensors["bert.embeddings.position_ids"] = {1, 10};
  checkpoint.change("{", "{\"architectures\": [\"BertModel\"], ");
  EXPECT_EQ(specOf(checkpoint), specOf(SmallCheckpoint::bert()));
}

TEST(HuggingFace, ActivationsByAllTheirNames) {
  for (auto [name, word] :
       {std::pair("gelu", "gelu}"), std::pair("gelu_new", "gelu_tanh}"), std::pair("gelu_pytorch_tanh", "gelu_tanh}"),
        std::pair("relu", "relu}"), std::pair("silu", "silu}"), std::pair("swish", "silu}")}) {
    SmallCheckpoint checkpoint = SmallCheckpoint::bert();
    checkpoint.change("\"gelu\"", "\"" + std::string(name) + "\"");
    EXPECT_NE(specOf(checkpoint).find(std::string("activation: ") + word), std::string::npos) << name;
  }
}

TEST(HuggingFace, TheNameComesFromTheConfigurationOrTheDirectory) {
  auto nameOf = [](const std::string &path) {
    SmallCheckpoint checkpoint = SmallCheckpoint::bert();
    checkpoint.change("{", "{\"_name_or_path\": \"" + path + "\", ");
    TempDirectory directory;
    checkpoint.write(directory);
    return llvm::cantFail(importCheckpoint(directory.path())).model.name;
  };
  EXPECT_EQ(nameOf("someone/Mini LM-L6"), "Mini-LM-L6");
  EXPECT_EQ(nameOf("/home/me/7b/"), "model-7b");
  EXPECT_TRUE(llvm::StringRef(nameOf("")).starts_with("tenon-test"));
  EXPECT_TRUE(llvm::StringRef(nameOf("..")).starts_with("tenon-test"));
}

TEST(HuggingFace, TheTokenizerComesAlong) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("tokenizer.json", "{\"version\": \"1.0\"}");
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(imported.tokenizer, "{\"version\": \"1.0\"}");
  EXPECT_EQ(imported.tokenizerPath, directory.path("tokenizer.json"));
  EXPECT_EQ(imported.model.tokenizer, "tokenizer.json");
}

TEST(HuggingFace, AnAdapterBesideTheModelIsNotLeftOutWithoutAWord) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("adapter_config.json", "{\"peft_type\": \"LORA\"}");
  EXPECT_EQ(llvm::toString(importCheckpoint(directory.path()).takeError()),
            "'" + directory.path() +
                "' has files that make another model of it: 'adapter_config.json'; with --ignore-unused it goes without them");
  ImportOptions options;
  options.ignoreUnused = true;
  EXPECT_EQ(tenon::test::withoutTokenizerNote(llvm::cantFail(importCheckpoint(directory.path(), options)).notes),
            (std::vector<std::string>{"files that are ignored, though they could change what the model computes: "
                                      "'adapter_config.json'"}));
}

namespace {

struct BadConfig {
  const char *name;
  const char *from; ///< What is changed in the configuration of the small BERT.
  const char *to;
  const char *message; ///< After "'DIR/config.json': ".
};

void PrintTo(const BadConfig &bad, std::ostream *os) { *os << bad.name; }

class HuggingFaceBadConfig : public testing::TestWithParam<BadConfig> {};

} // namespace

TEST_P(HuggingFaceBadConfig, NamesTheKey) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.change(GetParam().from, GetParam().to);
  EXPECT_EQ(checkpoint.errorOf(), std::string("'DIR/config.json': ") + GetParam().message);
}

#define SUPPORTED                                                                                                      \
  "bert, roberta, xlm-roberta, camembert, roberta-prelayernorm, distilbert, llama, mistral, qwen2, qwen3, gemma, "     \
  "gemma2, gemma3_text, gemma3, phi3, starcoder2, phi, gpt2, gpt_bigcode, gpt_neox, opt, bloom, falcon, mpt, marian, " \
  "bart, mbart, t5, mt5, whisper, encoder-decoder"

static const BadConfig badConfigs[] = {
    {"ModelTypeMissing", "\"model_type\": \"bert\", ", "", "key 'model_type': it is missing; supported: " SUPPORTED},
    {"ModelTypeUnknown", "\"bert\"", "\"xlm\"", "key 'model_type': \"xlm\" is not supported; supported: " SUPPORTED},
    {"ModelTypeNumber", "\"bert\"", "3", "key 'model_type': expected a string, found 3"},
    {"Decoder", "\"is_decoder\": false", "\"is_decoder\": true",
     "key 'is_decoder': true is not supported; supported: false (encoders)"},
    {"CrossAttention", "\"is_decoder\": false", "\"add_cross_attention\": true",
     "key 'add_cross_attention': true is not supported; supported: false"},
    {"Quantised", "\"is_decoder\": false", "\"quantization_config\": {\"load_in_8bit\": true}",
     "key 'quantization_config': quantised weights are not supported; supported: F32, F16, BF16 and F64"},
    {"RelativePositions", "\"absolute\"", "\"relative_key\"",
     "key 'position_embedding_type': \"relative_key\" is not supported; supported: \"absolute\""},
    {"Activation", "\"gelu\"", "\"swish2\"",
     "key 'hidden_act': \"swish2\" is not supported; supported: \"gelu\", \"gelu_python\", \"gelu_new\", "
     "\"gelu_fast\", \"gelu_pytorch_tanh\", \"relu\", \"relu2\", \"silu\", \"swish\", \"quick_gelu\""},
    {"WidthNull", "\"hidden_size\": 6, ", "\"hidden_size\": null, ", "key 'hidden_size': expected a value, found null"},
    {"WidthZero", "\"hidden_size\": 6", "\"hidden_size\": 0",
     "key 'hidden_size': expected an integer between 1 and 2147483647, found 0"},
    {"WidthFraction", "\"hidden_size\": 6", "\"hidden_size\": 6.5",
     "key 'hidden_size': expected an integer between 1 and 2147483647, found 6.5"},
    {"WidthHuge", "\"hidden_size\": 6", "\"hidden_size\": 18446744073709551615",
     "key 'hidden_size': expected an integer between 1 and 2147483647, found 18446744073709551615"},
    {"WidthText", "\"hidden_size\": 6", "\"hidden_size\": \"6\"",
     "key 'hidden_size': expected an integer between 1 and 2147483647, found \"6\""},
    {"WidthNoMultipleOfHeads", "\"num_attention_heads\": 2", "\"num_attention_heads\": 4",
     "key 'hidden_size': 6 is not a multiple of 'num_attention_heads' (4)"},
    {"LayersNegative", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": -2",
     "key 'num_hidden_layers': expected an integer between 1 and 2147483647, found -2"},
    {"EpsilonText", "1e-12", "\"small\"", "key 'layer_norm_eps': expected a finite number, found \"small\""},
    {"DecoderNumber", "\"is_decoder\": false", "\"is_decoder\": 0",
     "key 'is_decoder': expected true or false, found 0"},
    {"KeyTwice", "\"vocab_size\": 11", "\"vocab_size\": 11, \"vocab_size\": 12", "the key 'vocab_size' is given twice"},
};

INSTANTIATE_TEST_SUITE_P(HuggingFace, HuggingFaceBadConfig, testing::ValuesIn(badConfigs),
                         [](const testing::TestParamInfo<BadConfig> &info) { return std::string(info.param.name); });

TEST(HuggingFaceErrors, NoPositionsLeft) {
  SmallCheckpoint checkpoint = SmallCheckpoint::roberta();
  checkpoint.change("\"pad_token_id\": 1", "\"pad_token_id\": 9");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'max_position_embeddings': 10 leaves no position after the 10 "
            "of padding");
}

TEST(HuggingFaceErrors, WhatTheSpecRefusesIsRefused) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.change("\"vocab_size\": 11", "\"vocab_size\": 2000000000");
  EXPECT_NE(
      checkpoint.errorOf().find("spec of DIR/config.json:6:20: error: vocab x width (2000000000 x 6) is more than"),
      std::string::npos);
}

TEST(HuggingFaceErrors, TensorsOfAnotherFamily) {
  SmallCheckpoint checkpoint = SmallCheckpoint::distilbert();
  checkpoint.config = SmallCheckpoint::bert().config;
  EXPECT_EQ(checkpoint.errorOf(), "'DIR/model.safetensors': expected tensors named as in BERT, because "
                                  "'DIR/config.json' has model_type \"bert\"; found those of DistilBERT");
  checkpoint = SmallCheckpoint::bert();
  std::erase_if(checkpoint.tensors,
                [](const auto &entry) { return llvm::StringRef(entry.first).starts_with("encoder."); });
  EXPECT_EQ(checkpoint.errorOf(), "'DIR/model.safetensors': expected tensors named as in BERT, because "
                                  "'DIR/config.json' has model_type \"bert\"; found other names");
}

TEST(HuggingFaceErrors, NoEncoderAtAll) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.tensors = {{"wte.weight", {11, 6}}};
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/model.safetensors' has no tensor 'embeddings.word_embeddings.weight', with or without a prefix; "
            "supported are encoders of model type bert, roberta, xlm-roberta, camembert, roberta-prelayernorm, "
            "distilbert");
}

TEST(HuggingFaceErrors, TwoEncoders) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert("a.");
  checkpoint.tensors.merge(SmallCheckpoint::bert("b.").tensors);
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/model.safetensors' has several encoders: 'a.embeddings.word_embeddings.weight', "
            "'b.embeddings.word_embeddings.weight'; supported is one");
}

TEST(HuggingFaceErrors, TensorsWhoseWorkWouldBeLost) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert("bert.");
  checkpoint.tensors["bert.encoder.relative_attention_bias.weight"] = {32, 2};
  checkpoint.tensors["bert.encoder.layer.1.attention.self.distance_embedding.weight"] = {3, 3};
  checkpoint.tensors["bert.embeddings_project.weight"] = {6, 3};
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/model.safetensors' has tensors that the model does not use and that could change what it computes: "
            "'bert.embeddings_project.weight', 'bert.encoder.layer.1.attention.self.distance_embedding.weight', "
            "'bert.encoder.relative_attention_bias.weight'; with --ignore-unused it goes without them");
}

TEST(HuggingFaceErrors, FilesThatAreMissing) {
  TempDirectory directory;
  auto error = [&] {
    llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path());
    return imported ? "" : SmallCheckpoint::withoutPath(llvm::toString(imported.takeError()), directory);
  };
  EXPECT_EQ(error(), "cannot read 'DIR/config.json': No such file or directory");
  directory.write("config.json", SmallCheckpoint::bert().config);
  EXPECT_EQ(error(), "'DIR' has no model.safetensors and no model.safetensors.index.json");
  directory.write("pytorch_model.bin", "");
  EXPECT_EQ(error(), "'DIR' has its weights in 'pytorch_model.bin', which is not supported; supported: "
                     "model.safetensors and model.safetensors.index.json");
  directory.write("model.safetensors.index.json", "{}");
  EXPECT_EQ(error(), "'DIR/model.safetensors.index.json' is not a valid index of safetensors files: it has no "
                     "'weight_map', an object of file names by tensor");
  directory.write("model.safetensors", "short");
  EXPECT_EQ(error(),
            "'DIR/model.safetensors' is not a valid safetensors file: it has 5 bytes; the length of the header "
            "alone takes 8");
}
