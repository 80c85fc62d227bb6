#include "import/SmallCheckpoint.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;
using Names = std::vector<std::string>;

namespace {

std::string module(const std::string &kind, const std::string &path) {
  static int number = 0;
  return R"({"name": ")" + std::to_string(number++) + R"(", "path": ")" + path +
         R"(", "type": "sentence_transformers.models.)" + kind + R"("})";
}

const char *const kMean = R"({"word_embedding_dimension": 6, "pooling_mode_mean_tokens": true})";

/// A BERT of width 6 with modules and files around it.
struct SentenceDirectory {
  TempDirectory directory;

  SentenceDirectory() { SmallCheckpoint::bert().write(directory); }
  void modules(const std::vector<std::string> &list) {
    std::string text;
    for (const std::string &item : list)
      text += (text.empty() ? "[" : ", ") + item;
    directory.write("modules.json", text + "]");
  }
  void write(const std::string &folder, const std::string &text) {
    llvm::sys::fs::create_directory(directory.path(folder));
    directory.write(folder + "/config.json", text);
  }
  /// A transformer and a pooling.
  void pooling(const std::string &config) {
    modules({module("Transformer", ""), module("Pooling", "1_Pooling")});
    write("1_Pooling", config);
  }
  /// And what stands behind it.
  void layer(const std::string &kind, const std::string &config, const Names &tensors) {
    modules({module("Transformer", ""), module("Pooling", "1_Pooling"), module(kind, "2_Layer")});
    write("1_Pooling", kMean);
    llvm::sys::fs::create_directory(directory.path("2_Layer"));
    SmallCheckpoint file;
    file.config = config;
    for (const std::string &name : tensors)
      file.tensors[name] = {4, 6};
    file.write(directory, "2_Layer/");
  }
  std::string error() {
    llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path());
    return imported ? "" : SmallCheckpoint::withoutPath(llvm::toString(imported.takeError()), directory);
  }
  spec::Model model() { return llvm::cantFail(importCheckpoint(directory.path())).model; }
  std::string poolingLine() {
    std::string text = spec::writeSpec(model());
    size_t begin = text.find("pooling: ");
    return begin == std::string::npos ? "" : text.substr(begin + 9, text.find('\n', begin) - begin - 9);
  }
};

} // namespace

TEST(SentenceTransformers, MeanAndNormalize) {
  SentenceDirectory sentence;
  sentence.modules({module("Transformer", ""), module("Pooling", "1_Pooling"), module("Normalize", "2_Normalize")});
  sentence.write("1_Pooling", kMean);
  EXPECT_EQ(sentence.poolingLine(), "{kind: mean, normalize: true}");
}

TEST(SentenceTransformers, WithoutPoolingThereIsNone) {
  SentenceDirectory sentence;
  sentence.modules({module("Transformer", "")});
  EXPECT_EQ(sentence.poolingLine(), "");
}

struct Kinds {
  const char *config, *spec;
};

TEST(SentenceTransformers, EveryKindByFlagByNameAndSideBySide) {
  for (const Kinds &kinds : {
           Kinds{R"("pooling_mode_cls_token": true)", "cls"},
           {R"("pooling_mode_max_tokens": true)", "max"},
           {R"("pooling_mode_mean_sqrt_len_tokens": true)", "mean_sqrt"},
           {R"("pooling_mode_weightedmean_tokens": true)", "weighted_mean"},
           {R"("pooling_mode_lasttoken": true)", "last"},
           {R"("pooling_mode_lasttoken": false)", "mean"},
           {R"("pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true)", "[cls, mean]"},
           {R"("pooling_mode": "lasttoken", "pooling_mode_mean_tokens": true)", "last"},
           {R"("pooling_mode": ["mean", "max", "mean"])", "[mean, max, mean]"},
           {R"("include_prompt": true)", "mean"},
       }) {
    SentenceDirectory sentence;
    sentence.pooling(std::string(R"({"embedding_dimension": 6, )") + kinds.config + "}");
    EXPECT_EQ(sentence.error(), "");
    EXPECT_EQ(sentence.poolingLine(), std::string("{kind: ") + kinds.spec + "}") << kinds.config;
  }
}

TEST(SentenceTransformers, PromptsMayBeLeftOut) {
  SentenceDirectory sentence;
  sentence.pooling(R"({"embedding_dimension": 6, "include_prompt": false})");
  EXPECT_EQ(sentence.poolingLine(), "{kind: mean, prompt: false}");
}

TEST(SentenceTransformers, TheEncoderMayLieBelow) {
  TempDirectory directory;
  llvm::sys::fs::create_directory(directory.path("0_Transformer"));
  SmallCheckpoint::bert().write(directory, "0_Transformer/");
  directory.write("modules.json", "[" + module("Transformer", "0_Transformer") + "]");
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(imported.source->path(), directory.path("0_Transformer/model.safetensors"));
}

TEST(SentenceTransformers, DenseWithItsWeights) {
  SentenceDirectory sentence;
  sentence.layer("Dense", R"({"in_features": 6, "out_features": 4, "use_residual": true, "bias": false,
                              "activation_function": "torch.nn.modules.activation.ReLU"})",
                 {"linear.weight", "residual.weight"});
  EXPECT_EQ(sentence.poolingLine(),
            "{kind: mean, layers: [{dense: {size: 4, activation: relu, bias: false, residual: true}}]}");
  ImportedModel imported = llvm::cantFail(importCheckpoint(sentence.directory.path()));
  for (const char *parameter : {"pooling.0.weight", "pooling.0.residual.weight"})
    EXPECT_TRUE(imported.source->find(parameter)) << parameter;
  EXPECT_EQ(imported.source->tensorName("pooling.0.weight"), "2_Layer/linear.weight");
  EXPECT_FALSE(imported.source->find("pooling.0.bias"));
  // Those of the modules are the model's tensors too: what none of them uses can be told.
  EXPECT_TRUE(llvm::is_contained(imported.source->tensorNames(), "2_Layer/residual.weight"));
}

TEST(SentenceTransformers, TheActivationIsTanhUnlessItIsSaid) {
  SentenceDirectory sentence;
  sentence.layer("Dense", R"({"in_features": 6, "out_features": 4, "bias": false})", {"linear.weight"});
  EXPECT_EQ(sentence.poolingLine(), "{kind: mean, layers: [{dense: {size: 4, activation: tanh, bias: false}}]}");
}

TEST(SentenceTransformers, LayersOfTokensAndASecondPooling) {
  SentenceDirectory sentence;
  sentence.modules({module("Transformer", ""), module("Normalize", "1_Early"), module("Pooling", "2_Pooling"),
                    module("Dropout", "3_Dropout"), module("Normalize", "4_Normalize"), module("Normalize", "5_Tokens"),
                    module("Pooling", "6_Pooling")});
  sentence.write("2_Pooling", kMean);
  sentence.write("3_Dropout", R"({"dropout": 0.2})");
  sentence.write("5_Tokens", R"({"module_input_name": "token_embeddings"})");
  sentence.write("6_Pooling", R"({"embedding_dimension": 6, "pooling_mode": "max"})");
  EXPECT_EQ(sentence.poolingLine(), "{token_layers: [normalize], kind: max}");
}

TEST(SentenceTransformers, WhatIsNotSupportedIsNamed) {
  auto errorOf = [](const std::vector<std::string> &list) {
    SentenceDirectory sentence;
    sentence.modules(list);
    sentence.write("1_Pooling", kMean);
    return sentence.error();
  };
  const std::string kinds = "Pooling, Dense, LayerNorm, Normalize, Dropout of sentence_transformers";
  EXPECT_EQ(errorOf({module("Transformer", ""), module("LSTM", "1_LSTM")}),
            "'DIR/modules.json': module 1: type 'sentence_transformers.models.LSTM' is not supported behind the first; "
            "supported: " + kinds);
  EXPECT_EQ(errorOf({module("Pooling", "1_Pooling")}),
            "'DIR/modules.json': module 0: type 'sentence_transformers.models.Pooling' is not supported as the first; "
            "supported: Transformer of sentence_transformers");
  EXPECT_EQ(errorOf({R"({"path": "", "type": "custom_st.Transformer"})"}),
            "'DIR/modules.json': module 0: type 'custom_st.Transformer' is not supported as the first; supported: "
            "Transformer of sentence_transformers");
}

struct BadLayer {
  const char *kind, *config, *message;
};

TEST(SentenceTransformers, LayersThatAreNotSupportedAreNamed) {
  for (const BadLayer &bad : {
           BadLayer{"Dense", R"({"in_features": 5, "out_features": 4})",
                    "'DIR/2_Layer/config.json': it reads 5 components; there are 6"},
           {"Dense", R"({"in_features": 6, "out_features": 4, "activation_function": "torch.nn.modules.activation.Mish"})",
            "'DIR/2_Layer/config.json': key 'activation_function': \"torch.nn.modules.activation.Mish\" is not "
            "supported; supported of torch.nn: Tanh, Identity, GELU, ReLU, Sigmoid, SiLU"},
           {"Dense", R"({"in_features": 6, "out_features": 4, "module_output_name": "other"})",
            "'DIR/2_Layer/config.json': key 'module_output_name': \"other\" is not supported; supported: that of "
            "module_input_name, \"sentence_embedding\""},
           {"Normalize", R"({"module_input_name": "other"})",
            "'DIR/2_Layer/config.json': key 'module_input_name': \"other\" is not supported; supported: "
            "\"sentence_embedding\", \"token_embeddings\""},
           {"LayerNorm", R"({"dimension": 6, "eps": 1})",
            "'DIR/2_Layer/config.json': key 'eps': it is not supported; supported: dimension"},
       }) {
    SentenceDirectory sentence;
    sentence.layer(bad.kind, bad.config, {"linear.weight"});
    EXPECT_EQ(sentence.error(), bad.message);
  }
}

TEST(SentenceTransformers, PoolingThatIsNotSupportedIsNamed) {
  auto errorOf = [](const std::string &config) {
    SentenceDirectory sentence;
    sentence.pooling(config);
    return sentence.error();
  };
  const std::string file = "'DIR/1_Pooling/config.json': ";
  const std::string modes = "cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken";
  EXPECT_EQ(errorOf(R"({"word_embedding_dimension": 6, "pooling_mode": "median"})"),
            file + "key 'pooling_mode': \"median\" is not supported; supported: one or several of " + modes);
  EXPECT_EQ(errorOf(R"({"word_embedding_dimension": 6, "pooling_mode": []})"),
            file + "key 'pooling_mode': [] is not supported; supported: one or several of " + modes);
  EXPECT_NE(errorOf(R"({"word_embedding_dimension": 6, "heads": 2})").find("key 'heads': it is not supported"),
            std::string::npos);
  EXPECT_EQ(errorOf(R"({"word_embedding_dimension": 7})"),
            "'DIR': pooling has word_embedding_dimension 7; the states that it reads have 6 components");
}

struct Limit {
  const char *file, *text;
  int64_t tokens;
};

/// The encoder has 10 positions.
TEST(SentenceTransformers, WhereTextsAreCut) {
  for (const Limit &limit : {
           Limit{"sentence_bert_config.json", R"({"max_seq_length": 7, "do_lower_case": false})", 7},
           {"sentence_roberta_config.json", R"({"max_seq_length": 7})", 7},
           {"sentence_xlnet_config.json", R"({"max_seq_length": 7})", 7},
           {"sentence_bert_config.json", R"({"max_seq_length": 7, "tokenizer_args": {"model_max_length": 5}})", 5},
           {"sentence_bert_config.json", R"({"max_seq_length": null})", 10},
           {"sentence_bert_config.json", R"({"max_seq_length": 700})", 700},
           {"tokenizer_config.json", R"({"model_max_length": 6})", 6},
           {"tokenizer_config.json", R"({"model_max_length": 512})", 10},
           {"tokenizer_config.json", R"({"model_max_length": 1000000000000000019884624838656})", 10},
           {"tokenizer_config.json", "{}", 10},
       }) {
    SentenceDirectory sentence;
    sentence.modules({module("Transformer", "")});
    sentence.directory.write(limit.file, limit.text);
    EXPECT_EQ(sentence.model().textTokens, limit.tokens) << limit.file << " " << limit.text;
  }
}

TEST(SentenceTransformers, TheSideThatIsCut) {
  SentenceDirectory sentence;
  sentence.modules({module("Transformer", "")});
  sentence.directory.write("tokenizer_config.json", R"({"truncation_side": "left"})");
  EXPECT_EQ(sentence.error(), "'DIR/tokenizer_config.json': key 'truncation_side': \"left\" is not supported; "
                              "supported: \"right\", as tokenizer.json has it");
  sentence.directory.write("tokenizer.json", R"({"truncation": {"direction": "Left", "max_length": 3}})");
  EXPECT_EQ(sentence.error(), "");
  sentence.directory.write("tokenizer_config.json", R"({"truncation_side": "right"})");
  EXPECT_EQ(sentence.error(), "'DIR/tokenizer_config.json': key 'truncation_side': \"right\" is not supported; "
                              "supported: \"left\", as tokenizer.json has it");
  sentence.directory.write("tokenizer_config.json", "{}");
  EXPECT_EQ(sentence.error(), "");
}

TEST(SentenceTransformers, TheFirstFileThatSaysSomethingCounts) {
  SentenceDirectory sentence;
  sentence.modules({module("Transformer", "")});
  sentence.directory.write("sentence_bert_config.json", "{}");
  sentence.directory.write("sentence_roberta_config.json", R"({"max_seq_length": 7, "do_lower_case": true})");
  sentence.directory.write("sentence_xlnet_config.json", R"({"max_seq_length": 5})");
  spec::Model model = sentence.model();
  EXPECT_EQ(model.textTokens, 7);
  EXPECT_TRUE(model.lowerCase);
}

TEST(SentenceTransformers, KeysOfTheTransformerThatAreNotSupported) {
  auto errorOf = [](const std::string &text) {
    SentenceDirectory sentence;
    sentence.modules({module("Transformer", "")});
    sentence.directory.write("sentence_bert_config.json", text);
    return sentence.error();
  };
  const std::string file = "'DIR/sentence_bert_config.json': key ";
  EXPECT_EQ(errorOf(R"({"max_seq_length": -1})"),
            file + "'max_seq_length': expected an integer between 1 and 2147483647, found -1");
  EXPECT_NE(errorOf(R"({"query_expansion": {"length": 32}})").find(file + "'query_expansion': "), std::string::npos);
  EXPECT_NE(errorOf(R"({"config_args": {"hidden_act": "relu"}})").find(file + "'config_args': "), std::string::npos);
  EXPECT_NE(errorOf(R"({"model_args": {"torch_dtype": "float16"}})").find(file + "'model_args': 'torch_dtype': "),
            std::string::npos);
  EXPECT_NE(errorOf(R"({"transformer_task": "fill-mask"})").find(file + "'transformer_task': \"fill-mask\""),
            std::string::npos);
  EXPECT_NE(errorOf(R"({"modality_config": {"message": {}}})").find(file + "'modality_config': "), std::string::npos);
  EXPECT_EQ(errorOf(R"({"transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
                        "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
                        "model_args": {}, "unpad_inputs": null})"),
            "");
}

TEST(SentenceTransformers, PromptsAndTruncation) {
  SentenceDirectory sentence;
  sentence.pooling(kMean);
  sentence.directory.write("config_sentence_transformers.json",
                           R"({"prompts": {"passage": "passage: ", "query": "query: "}, "default_prompt_name": "query",
                               "truncate_dim": 4, "similarity_fn_name": "cosine"})");
  std::string text = spec::writeSpec(sentence.model());
  EXPECT_NE(text.find("prompts:\n  \"document\": \"\"\n  \"passage\": \"passage: \"\n  \"query\": \"query: \"\n"
                      "default_prompt: \"query\"\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(sentence.poolingLine(), "{kind: mean, size: 4}");
  sentence.directory.write("config_sentence_transformers.json", R"({"truncate_dim": 40})");
  EXPECT_EQ(sentence.poolingLine(), "{kind: mean}");
  sentence.directory.write("config_sentence_transformers.json", R"({"default_prompt_name": "query"})");
  EXPECT_EQ(sentence.model().defaultPrompt, "");
  sentence.directory.write("config_sentence_transformers.json",
                           R"({"prompts": {"a": "A"}, "default_prompt_name": "b"})");
  EXPECT_EQ(sentence.error(), "'DIR/config_sentence_transformers.json': key 'default_prompt_name': \"b\" is none of "
                              "the prompts: a, document, query");
  sentence.directory.write("config_sentence_transformers.json", R"({"model_type": "SparseEncoder"})");
  EXPECT_EQ(sentence.error(), "'DIR/config_sentence_transformers.json': key 'model_type': \"SparseEncoder\" is not "
                              "supported; supported: \"SentenceTransformer\"");
}

TEST(SentenceTransformers, PathsStayBelowTheDirectory) {
  for (const char *path : {"../other", "/etc", "a/../../b"}) {
    SentenceDirectory sentence;
    sentence.modules({module("Transformer", path)});
    EXPECT_NE(sentence.error().find("'DIR/modules.json': module 0: path ('" + std::string(path) + "'): the path "),
              std::string::npos)
        << path;
  }
}

TEST(SentenceTransformers, ModulesAreAnArrayOfObjects) {
  auto errorOf = [](const std::string &text) {
    SentenceDirectory sentence;
    sentence.directory.write("modules.json", text);
    return sentence.error();
  };
  EXPECT_EQ(errorOf("{}"), "'DIR/modules.json': expected an array of modules, found {}");
  EXPECT_EQ(errorOf("[]"), "'DIR/modules.json': expected an array of modules, found []");
  EXPECT_EQ(errorOf("[3]"), "'DIR/modules.json': module 0: expected an object with strings 'type' and 'path', found 3");
  EXPECT_EQ(errorOf(R"([{"name": "a", "path": "", "type": "sentence_transformers.models.Transformer"},
                        {"name": "a", "path": "", "type": "sentence_transformers.models.Normalize"}])"),
            "'DIR/modules.json': module 1: name 'a' is that of another module, which it would replace");
}
