//===- ConfigDefaultsTest.cpp - What a config.json leaves out -------------===//
//
// The values are those of the configuration classes of transformers 5.24; tests/numerics/check_defaults.py compares
// all of them.
//
//===----------------------------------------------------------------------===//

#include "expressions/Sugar.h"
#include "import/ConfigDefaults.h"
#include "import/ListedCheckpoint.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::SmallCheckpoint;
using test::specOf;

/// The object in `text`, completed; its keys are in order.
static std::string completed(const std::string &text, std::vector<std::string> *assumed = nullptr) {
  llvm::json::Value value = llvm::cantFail(llvm::json::parse(text));
  std::vector<std::string> sizes;
  if (llvm::Error error = completeConfig(*value.getAsObject(), "f", assumed ? *assumed : sizes))
    return llvm::toString(std::move(error));
  return llvm::formatv("{0}", value);
}

static std::string valueOf(const std::string &text, llvm::StringRef key) {
  llvm::json::Value value = llvm::cantFail(llvm::json::parse(completed(text)));
  const llvm::json::Value *found = value.getAsObject()->get(key);
  return found ? llvm::formatv("{0}", *found) : std::string("missing");
}

static const std::string rmsNormTensors = test::llamaTensors();
static const std::string sandwichTensors = rmsNormTensors + R"(model.layers.*.pre_feedforward_layernorm.weight 8
model.layers.*.post_feedforward_layernorm.weight 8
)";
static const std::string sizes =
    R"("hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 4,
       "intermediate_size": 12, "vocab_size": 11)";

static void expectIn(const std::string &text, const std::string &part) {
  EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
}

TEST(ConfigDefaults, Gemma2CapsScoresAndLogits) {
  std::string text = specOf(checkpointOf("{\"model_type\": \"gemma2\", " + sizes + "}", sandwichTensors));
  expectIn(text, "softcap: 30");
  expectIn(text, expressions::softcap(50).print());
  expectIn(text, "mask: {window: 4096}");
  expectIn(text, "length: 8192");
  expectIn(text, "scale: 0.0625"); // 1 / sqrt(query_pre_attn_scalar)
  std::string without = specOf(checkpointOf(
      R"({"model_type": "gemma2", "final_logit_softcapping": null, "attn_logit_softcapping": null, )" + sizes + "}",
      sandwichTensors));
  EXPECT_EQ(without.find("softcap"), std::string::npos) << without;
  EXPECT_EQ(without.find("score"), std::string::npos) << without;
}

TEST(ConfigDefaults, MistralHasAWindow) {
  SmallCheckpoint checkpoint =
      checkpointOf("{\"model_type\": \"mistral\", " + sizes + "}", rmsNormTensors + "lm_head.weight 11 8\n");
  expectIn(specOf(checkpoint), "mask: {window: 4096}");
  expectIn(specOf(checkpoint), "length: 131072");
  checkpoint.change("{", "{\"sliding_window\": null, ");
  expectIn(specOf(checkpoint), "mask: causal");
}

TEST(ConfigDefaults, LlamaIgnoresKeysOfOtherClasses) {
  SmallCheckpoint checkpoint = checkpointOf(
      R"({"model_type": "llama", "sliding_window": 5, "attn_logit_softcapping": 3.0, "partial_rotary_factor": 0.5, )" +
          sizes + "}",
      rmsNormTensors + "lm_head.weight 11 8\n");
  std::string text = specOf(checkpoint);
  expectIn(text, "mask: causal}");
  expectIn(text, "positions: {kind: rotary, length: 2048}");
}

TEST(ConfigDefaults, Gemma3sTextHasThoseOfItsClass) {
  std::vector<std::string> assumed;
  std::string text = completed(R"({"model_type": "gemma3", "text_config": {"hidden_size": 8}})", &assumed);
  expectIn(text, "\"max_position_embeddings\":131072");
  expectIn(text, "\"num_hidden_layers\":26");
  expectIn(text, "\"hidden_size\":8");
  expectIn(text, "\"rope_theta\":1000000");
  expectIn(llvm::join(assumed, ","), "text_config.head_dim (256)");
  // What ties its embeddings stands outside, and its scores are not capped.
  text = completed(R"({"model_type": "gemma3", "tie_word_embeddings": false,
                       "text_config": {"tie_word_embeddings": true, "final_logit_softcapping": 30.0}})");
  EXPECT_EQ(text.find("\"tie_word_embeddings\":true"), std::string::npos) << text;
  EXPECT_EQ(text.find("softcapping"), std::string::npos) << text;
}

TEST(ConfigDefaults, NullIsKeptWhereTheClassHasIt) {
  EXPECT_EQ(valueOf(R"({"model_type": "mistral", "sliding_window": null})", "sliding_window"), "null");
  EXPECT_EQ(valueOf(R"({"model_type": "mistral"})", "sliding_window"), "4096");
  EXPECT_EQ(valueOf(R"({"model_type": "roberta"})", "pad_token_id"), "1");
  EXPECT_EQ(completed(R"({"model_type": "llama", "vocab_size": null, "hidden_size": null, "head_dim": null})"),
            "'f': key 'hidden_size': expected a value, found null\n"
            "'f': key 'vocab_size': expected a value, found null");
}

TEST(ConfigDefaults, IdsOfTokensHaveNone) {
  // transformers generates with what the file says; its class would have 2.
  EXPECT_EQ(valueOf(R"({"model_type": "llama"})", "eos_token_id"), "missing");
  EXPECT_EQ(valueOf(R"({"model_type": "bart", "eos_token_id": 5})", "eos_token_id"), "5");
}

TEST(ConfigDefaults, OlderNamesWin) {
  EXPECT_EQ(valueOf(R"({"model_type": "gpt2", "n_embd": 8, "hidden_size": 16})", "n_embd"), "16");
  EXPECT_EQ(valueOf(R"({"model_type": "bart", "num_hidden_layers": 3})", "encoder_layers"), "3");
  EXPECT_EQ(valueOf(R"({"model_type": "bloom", "n_embed": 32})", "hidden_size"), "32");
}

TEST(ConfigDefaults, GemmasLegacyGeluIsTheTanhForm) {
  EXPECT_EQ(valueOf(R"({"model_type": "gemma", "hidden_act": "gelu"})", "hidden_act"), "\"gelu_pytorch_tanh\"");
  expectIn(specOf(checkpointOf(R"({"model_type": "gemma", "hidden_act": "gelu", )" + sizes + "}", rmsNormTensors)),
           "activation: gelu_tanh");
  // Gemma 2 does not look at it.
  expectIn(specOf(checkpointOf(R"({"model_type": "gemma2", "hidden_act": "relu", )" + sizes + "}", sandwichTensors)),
           "activation: gelu_tanh");
}

TEST(ConfigDefaults, TheOlderKeyOfRotaryPositionsWinsUnlessItIsEmpty) {
  auto positions = [](const std::string &more) {
    std::string text = specOf(checkpointOf("{\"model_type\": \"llama\", \"max_position_embeddings\": 64, " + more + sizes +
                                               "}",
                                           rmsNormTensors + "lm_head.weight 11 8\n"));
    size_t begin = text.find("positions: ");
    return text.substr(begin, text.find('\n') - begin);
  };
  EXPECT_EQ(positions(R"("rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
                         "rope_scaling": {"rope_type": "linear", "factor": 2.0}, "rope_theta": 3e4, )"),
            "positions: {kind: rotary, length: 64, base: 30000, scaling: {kind: linear, factor: 2}}}");
  EXPECT_EQ(positions(R"("rope_parameters": {"rope_type": "default", "rope_theta": 5e5}, "rope_scaling": {}, )"),
            "positions: {kind: rotary, length: 64, base: 500000}}");
}

TEST(ConfigDefaults, AnUnknownTypeStaysAsItIs) {
  EXPECT_EQ(completed(R"({"model_type":"xlm"})"), R"({"model_type":"xlm"})");
  EXPECT_EQ(completed(R"({"model_type":3})"), R"({"model_type":3})");
}

TEST(ConfigDefaults, AllThatIsWrongIsSaidAtOnce) {
  SmallCheckpoint checkpoint = checkpointOf("{\"model_type\": \"llama\", " + sizes + "}", rmsNormTensors);
  checkpoint.change("\"vocab_size\": 11", R"("vocab_size": 1.5, "rms_norm_eps": "small", "rope_theta": "far",
                                             "hidden_act": "xielu")");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'vocab_size': expected an integer between 1 and 2147483647, found 1.5\n"
            "'DIR/config.json': key 'rms_norm_eps': expected a finite number, found \"small\"\n"
            "'DIR/config.json': key 'rope_theta': expected a finite number, found \"far\"\n"
            "'DIR/config.json': key 'hidden_act': \"xielu\" is not supported; supported: \"gelu\", \"gelu_python\", "
            "\"gelu_new\", \"gelu_fast\", \"gelu_pytorch_tanh\", \"relu\", \"relu2\", \"silu\", \"swish\", "
            "\"quick_gelu\"");
}
