//===- DecoderTest.cpp - Decoders of the transformers library -------------===//

#include "expressions/Sugar.h"
#include "import/ListedCheckpoint.h"
#include "weights/Convert.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::importFrom;
using test::llamaConfig;
using test::llamaSizes;
using test::SmallCheckpoint;
using test::smallLlama;
using test::specOf;
using test::TempDirectory;

/// Numbers of a parameter by the position in the checkpoint's tensor that they must come from.
static void expectRows(const SmallCheckpoint &checkpoint, const std::string &parameter, const std::string &tensor,
                       const std::vector<int> &rows, bool transposed = false) {
  TempDirectory directory;
  ImportedModel imported = importFrom(checkpoint, directory);
  std::optional<weights::TensorView> view = imported.source->find(parameter);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->shape[0], int64_t(rows.size())) << parameter;
  std::vector<float> values(view->elements());
  (void)weights::readFloats(*view, 0, values.size(), values.data());
  auto number = std::distance(checkpoint.tensors.begin(), checkpoint.tensors.find(tensor));
  const SmallCheckpoint::Shape &shape = checkpoint.tensors.at(tensor);
  size_t columns = values.size() / rows.size();
  for (size_t row = 0; row < rows.size(); ++row)
    for (size_t column = 0; column < columns; ++column) {
      size_t place = transposed ? column * shape[1] + rows[row] : rows[row] * columns + column;
      EXPECT_EQ(values[row * columns + column], number + place / 8.0f) << parameter << " " << row << " " << column;
    }
}

/// first, first + 1, ..., first + count - 1
static std::vector<int> rowsFrom(int first, int count) {
  std::vector<int> rows;
  for (int i = 0; i < count; ++i)
    rows.push_back(first + i);
  return rows;
}

static const std::string llamaTensors = test::llamaTensors(/*keyRows=*/4) + "lm_head.weight 11 8\n";

TEST(Decoder, Llama) {
  EXPECT_EQ(specOf(smallLlama()),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32}}
    layers: 2
    norm: {kind: rmsnorm, place: before, epsilon: 1e-06}
    block:
      - attention: {heads: 2, kv_heads: 1, bias: false, output_bias: false, mask: causal}
      - mlp: {hidden: 12, activation: silu, gated: true, bias: false}
head: {tied: false}
)");
}

TEST(Decoder, LlamaWithBiasesATiedHeadAndAnotherHeadSize) {
  SmallCheckpoint checkpoint =
      checkpointOf(llamaConfig("llama", R"("attention_bias": true, "mlp_bias": true, "tie_word_embeddings": true,
                                           "rope_theta": 500000.0, )"),
                   llamaTensors + R"(model.layers.*.self_attn.q_proj.bias 8
model.layers.*.self_attn.k_proj.weight 8 8
model.layers.*.self_attn.v_proj.weight 8 8
model.layers.*.self_attn.k_proj.bias 8
model.layers.*.self_attn.v_proj.bias 8
model.layers.*.self_attn.o_proj.bias 8
model.layers.*.mlp.gate_proj.bias 12
model.layers.*.mlp.up_proj.bias 12
model.layers.*.mlp.down_proj.bias 8
)");
  checkpoint.remove("lm_head.weight");
  std::string text = specOf(checkpoint);
  EXPECT_NE(text.find("attention: {heads: 2, mask: causal}"), std::string::npos) << text;
  EXPECT_NE(text.find("gated: true}"), std::string::npos) << text;
  EXPECT_NE(text.find("head: {tied: true}"), std::string::npos) << text;
  EXPECT_NE(text.find("base: 500000}"), std::string::npos) << text;
}

TEST(Decoder, RotaryScalingsInTheOldAndTheNewForm) {
  auto positions = [](const std::string &more) {
    std::string text = specOf(smallLlama(more + ", "));
    size_t begin = text.find("positions: {");
    return text.substr(begin, text.find('\n') - begin);
  };
  EXPECT_EQ(positions(R"("rope_scaling": {"type": "linear", "factor": 2.0})"),
            "positions: {kind: rotary, length: 32, scaling: {kind: linear, factor: 2}}}");
  EXPECT_EQ(positions(R"("rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 5e5})"),
            "positions: {kind: rotary, length: 32, base: 500000, scaling: {kind: linear, factor: 2}}}");
  EXPECT_EQ(positions(R"("rope_scaling": {"type": "dynamic", "factor": 4.0})"),
            "positions: {kind: rotary, length: 32, scaling: {kind: dynamic_ntk, factor: 4, original_length: 32}}}");
  EXPECT_EQ(positions(R"("rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                         "high_freq_factor": 4.0, "original_max_position_embeddings": 16})"),
            "positions: {kind: rotary, length: 32, scaling: {kind: llama3, factor: 8, original_length: 16}}}");
  EXPECT_EQ(positions(R"("rope_scaling": {"rope_type": "yarn", "factor": 2.0, "beta_fast": 16,
                         "original_max_position_embeddings": 16})"),
            "positions: {kind: rotary, length: 32, scaling: {kind: yarn, factor: 2, original_length: 16, "
            "beta_fast: 16}}}");
  EXPECT_EQ(positions(R"("rope_scaling": null)"), "positions: {kind: rotary, length: 32}}");
}

TEST(Decoder, WindowsOfAllLayers) {
  SmallCheckpoint checkpoint = smallLlama("\"sliding_window\": 5, ");
  checkpoint.change("llama", "mistral");
  EXPECT_NE(specOf(checkpoint).find("mask: {window: 5}"), std::string::npos);
  checkpoint.change("\"sliding_window\": 5", "\"sliding_window\": null");
  EXPECT_NE(specOf(checkpoint).find("mask: causal"), std::string::npos);
}

TEST(Decoder, QwenHasBiasesOrNormsOfQueriesAndKeys) {
  SmallCheckpoint qwen2 = smallLlama("\"use_sliding_window\": false, \"sliding_window\": 5, ",
                                "model.layers.*.self_attn.q_proj.bias 8\nmodel.layers.*.self_attn.k_proj.bias 4\n"
                                "model.layers.*.self_attn.v_proj.bias 4\n");
  qwen2.change("llama", "qwen2");
  EXPECT_NE(specOf(qwen2).find("attention: {heads: 2, kv_heads: 1, output_bias: false, mask: causal}"),
            std::string::npos);
  SmallCheckpoint qwen3 = smallLlama("", "model.layers.*.self_attn.q_norm.weight 4\n"
                                    "model.layers.*.self_attn.k_norm.weight 4\n");
  qwen3.change("llama", "qwen3");
  EXPECT_NE(specOf(qwen3).find("mask: causal, query_key_norm: {kind: rmsnorm}}"), std::string::npos) << specOf(qwen3);
}

TEST(Decoder, Phi3HasFusedProjections) {
  SmallCheckpoint phi3 = smallLlama();
  phi3.change("llama", "phi3");
  for (const char *name : {"q_proj.weight", "k_proj.weight", "v_proj.weight", "gate_proj.weight", "up_proj.weight"})
    phi3.remove(name);
  for (std::string layer : {"model.layers.0.", "model.layers.1."}) {
    phi3.tensors[layer + "self_attn.qkv_proj.weight"] = {16, 8};
    phi3.tensors[layer + "mlp.gate_up_proj.weight"] = {24, 8};
  }
  EXPECT_NE(specOf(phi3).find("mlp: {hidden: 12, activation: silu, gated: true, bias: false}"), std::string::npos);
  std::string qkv = "model.layers.1.self_attn.qkv_proj.weight", mlp = "model.layers.1.mlp.gate_up_proj.weight";
  expectRows(phi3, "decoder.layers.1.attention.query.weight", qkv, rowsFrom(0, 8));
  expectRows(phi3, "decoder.layers.1.attention.key.weight", qkv, rowsFrom(8, 4));
  expectRows(phi3, "decoder.layers.1.attention.value.weight", qkv, rowsFrom(12, 4));
  expectRows(phi3, "decoder.layers.1.mlp.gate.weight", mlp, rowsFrom(0, 12));
  expectRows(phi3, "decoder.layers.1.mlp.up.weight", mlp, rowsFrom(12, 12));
}

static const std::string gemma2Norms = R"(model.layers.*.pre_feedforward_layernorm.weight 8
model.layers.*.post_feedforward_layernorm.weight 8
)";

TEST(Decoder, Gemma) {
  SmallCheckpoint gemma = smallLlama();
  gemma.change("llama", "gemma");
  gemma.remove("lm_head.weight");
  EXPECT_EQ(specOf(gemma),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32}, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: rmsnorm, place: before, epsilon: 1e-06, weight_offset: 1}
    block:
      - attention: {heads: 2, kv_heads: 1, bias: false, output_bias: false, mask: causal}
      - mlp: {hidden: 12, activation: gelu_tanh, gated: true, bias: false}
head: {tied: true}
)");
}

TEST(Decoder, Gemma2) {
  SmallCheckpoint gemma = smallLlama(R"("query_pre_attn_scalar": 16, "attn_logit_softcapping": 50.0,
      "final_logit_softcapping": 30.0, "sliding_window": 6, "tie_word_embeddings": true, )",
                                gemma2Norms);
  gemma.change("llama", "gemma2");
  gemma.remove("lm_head.weight");
  std::string cap = expressions::softcap(50).print();
  std::string layer = "heads: 2, kv_heads: 1, bias: false, output_bias: false, scale: 0.25, mask: ";
  std::string rest = ", score: \"" + cap +
                     "\"}\n        - mlp: {hidden: 12, activation: gelu_tanh, gated: true, bias: "
                     "false}\n";
  EXPECT_EQ(specOf(gemma), R"(    input: {vocab: 11, positions: {kind: rotary, length: 32}, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: rmsnorm, place: both, epsilon: 1e-06, weight_offset: 1}
    cycle:
      - - attention: {)" + layer +
                               "{window: 6}" + rest + "      - - attention: {" + layer + "causal" + rest +
                               "head: {tied: true, softcap: 30}\n");
}

TEST(Decoder, Gemma3HasTwoKindsOfRotaryPositions) {
  std::string norms =
      gemma2Norms + "model.layers.*.self_attn.q_norm.weight 4\nmodel.layers.*.self_attn.k_norm.weight 4\n";
  auto spec = [&](const std::string &more) {
    SmallCheckpoint gemma = smallLlama("\"sliding_window\": 6, \"tie_word_embeddings\": true, " + more, norms);
    gemma.change("llama", "gemma3_text");
    gemma.remove("lm_head.weight");
    return specOf(gemma);
  };
  std::string text = spec(R"("layer_types": ["sliding_attention", "full_attention"], "rope_parameters":
    {"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 2e6},
     "sliding_attention": {"rope_type": "default", "rope_theta": 3e4}}, )");
  EXPECT_NE(text.find("base: 2e+06, scaling: {kind: linear, factor: 8}}"), std::string::npos) << text;
  EXPECT_NE(text.find("mask: {window: 6}, rotary: {base: 30000}, query_key_norm: {kind: rmsnorm, weight_offset: 1}"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("mask: causal, query_key_norm"), std::string::npos) << text;
  text = spec(R"("sliding_window_pattern": 2, "rope_theta": 2e6, "rope_local_base_freq": 3e4,
    "rope_scaling": {"rope_type": "linear", "factor": 8.0}, )");
  EXPECT_NE(text.find("base: 2e+06, scaling: {kind: linear, factor: 8}}"), std::string::npos) << text;
  EXPECT_NE(text.find("mask: {window: 6}, rotary: {base: 30000}, query_key_norm"), std::string::npos) << text;
}

/// EmbeddingGemma's tokens see half of the window on either side, those of other models all of it.
TEST(Decoder, TokensMaySeeThoseBehindThem) {
  SmallCheckpoint gemma = smallLlama(R"("sliding_window": 6, "tie_word_embeddings": true, "use_bidirectional_attention": true,
    "layer_types": ["sliding_attention", "full_attention"], )",
                                gemma2Norms);
  gemma.change("llama", "gemma3_text");
  std::string text = specOf(gemma);
  EXPECT_NE(text.find("mask: \"abs(q - k) <= 3\""), std::string::npos) << text;
  EXPECT_EQ(text.find("causal"), std::string::npos) << text;
  SmallCheckpoint mistral = smallLlama(R"("is_causal": false, "sliding_window": 6, )");
  mistral.change("llama", "mistral");
  text = specOf(mistral);
  EXPECT_NE(text.find("mask: \"abs(q - k) <= 6\""), std::string::npos) << text;
  EXPECT_EQ(text.find("causal"), std::string::npos) << text;
  // A class that does not have the key passes over it.
  EXPECT_NE(specOf(smallLlama("\"use_bidirectional_attention\": true, ")).find("mask: causal"), std::string::npos);
}

static SmallCheckpoint gpt2(const std::string &prefix, const std::string &more = "") {
  std::string tensors;
  for (llvm::StringRef line :
       {"wte.weight 11 8", "wpe.weight 32 8", "h.*.ln_1.weight 8", "h.*.ln_1.bias 8", "h.*.attn.c_attn.weight 8 24",
        "h.*.attn.c_attn.bias 24", "h.*.attn.bias 1 1 32 32", "h.*.attn.c_proj.weight 8 8", "h.*.attn.c_proj.bias 8",
        "h.*.ln_2.weight 8", "h.*.ln_2.bias 8", "h.*.mlp.c_fc.weight 8 32", "h.*.mlp.c_fc.bias 32",
        "h.*.mlp.c_proj.weight 32 8", "h.*.mlp.c_proj.bias 8", "ln_f.weight 8", "ln_f.bias 8"})
    tensors += prefix + line.str() + "\n";
  return checkpointOf(R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2, "n_inner": null,
    "n_positions": 32, "vocab_size": 11, )" +
                          more + R"("activation_function": "gelu_new"})",
                      tensors);
}

TEST(Decoder, Gpt2) {
  for (const char *prefix : {"", "transformer."})
    EXPECT_EQ(specOf(gpt2(prefix)),
              R"(    input: {vocab: 11, positions: {kind: learned, length: 32}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2, mask: causal}
      - mlp: {hidden: 32, activation: gelu_tanh}
head: {tied: true}
)");
  SmallCheckpoint checkpoint = gpt2("");
  expectRows(checkpoint, "decoder.layers.1.attention.key.weight", "h.1.attn.c_attn.weight", rowsFrom(8, 8), true);
  expectRows(checkpoint, "decoder.layers.1.attention.value.bias", "h.1.attn.c_attn.bias", rowsFrom(16, 8));
  expectRows(checkpoint, "decoder.layers.0.mlp.up.weight", "h.0.mlp.c_fc.weight", rowsFrom(0, 32), true);
}

static SmallCheckpoint neox(const std::string &more = "") {
  return checkpointOf("{" + llamaSizes + more + R"("model_type": "gpt_neox", "rotary_pct": 0.5})",
                      R"(gpt_neox.embed_in.weight 11 8
gpt_neox.layers.*.input_layernorm.weight 8
gpt_neox.layers.*.input_layernorm.bias 8
gpt_neox.layers.*.post_attention_layernorm.weight 8
gpt_neox.layers.*.post_attention_layernorm.bias 8
gpt_neox.layers.*.attention.query_key_value.weight 24 8
gpt_neox.layers.*.attention.query_key_value.bias 24
gpt_neox.layers.*.attention.rotary_emb.inv_freq 1
gpt_neox.layers.*.attention.dense.weight 8 8
gpt_neox.layers.*.attention.dense.bias 8
gpt_neox.layers.*.mlp.dense_h_to_4h.weight 12 8
gpt_neox.layers.*.mlp.dense_h_to_4h.bias 12
gpt_neox.layers.*.mlp.dense_4h_to_h.weight 8 12
gpt_neox.layers.*.mlp.dense_4h_to_h.bias 8
gpt_neox.final_layer_norm.weight 8
gpt_neox.final_layer_norm.bias 8
embed_out.weight 11 8
)");
}

TEST(Decoder, NeoxReadsOneStateTwice) {
  EXPECT_EQ(specOf(neox()),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32, dims: 2}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - parallel: {norm: each, block: [attention: {heads: 2, mask: causal}, mlp: {hidden: 12, activation: gelu}]}
head: {tied: false}
)");
  EXPECT_NE(specOf(neox("\"use_parallel_residual\": false, ")).find("      - attention: {heads: 2, mask: causal}\n"),
            std::string::npos);
  std::string qkv = "gpt_neox.layers.1.attention.query_key_value.";
  expectRows(neox(), "decoder.layers.1.attention.query.weight", qkv + "weight", {0, 1, 2, 3, 12, 13, 14, 15});
  expectRows(neox(), "decoder.layers.1.attention.key.bias", qkv + "bias", {4, 5, 6, 7, 16, 17, 18, 19});
  expectRows(neox(), "decoder.layers.1.attention.value.weight", qkv + "weight", {8, 9, 10, 11, 20, 21, 22, 23});
}

TEST(Decoder, Phi) {
  SmallCheckpoint phi =
      checkpointOf("{" + llamaSizes + R"("model_type": "phi", "partial_rotary_factor": 0.5, "hidden_act": "gelu_new"})",
                   R"(model.embed_tokens.weight 11 8
model.layers.*.input_layernorm.weight 8
model.layers.*.input_layernorm.bias 8
model.layers.*.self_attn.q_proj.weight 8 8
model.layers.*.self_attn.q_proj.bias 8
model.layers.*.self_attn.k_proj.weight 8 8
model.layers.*.self_attn.k_proj.bias 8
model.layers.*.self_attn.v_proj.weight 8 8
model.layers.*.self_attn.v_proj.bias 8
model.layers.*.self_attn.dense.weight 8 8
model.layers.*.self_attn.dense.bias 8
model.layers.*.mlp.fc1.weight 12 8
model.layers.*.mlp.fc1.bias 12
model.layers.*.mlp.fc2.weight 8 12
model.layers.*.mlp.fc2.bias 8
model.final_layernorm.weight 8
model.final_layernorm.bias 8
lm_head.weight 11 8
lm_head.bias 11
)");
  EXPECT_EQ(specOf(phi),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32, dims: 2}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - parallel: {block: [attention: {heads: 2, mask: causal}, mlp: {hidden: 12, activation: gelu_tanh}]}
head: {tied: false, bias: true}
)");
}

TEST(Decoder, OptCountsPositionsFromTwo) {
  auto opt = [](const std::string &more) {
    return checkpointOf(R"({"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 12,
      "vocab_size": 11, "max_position_embeddings": 32, "word_embed_proj_dim": 8, )" +
                            more + R"("model_type": "opt"})",
                        R"(model.decoder.embed_tokens.weight 11 8
model.decoder.embed_positions.weight 34 8
model.decoder.layers.*.self_attn_layer_norm.weight 8
model.decoder.layers.*.self_attn_layer_norm.bias 8
model.decoder.layers.*.self_attn.q_proj.weight 8 8
model.decoder.layers.*.self_attn.k_proj.weight 8 8
model.decoder.layers.*.self_attn.v_proj.weight 8 8
model.decoder.layers.*.self_attn.out_proj.weight 8 8
model.decoder.layers.*.final_layer_norm.weight 8
model.decoder.layers.*.final_layer_norm.bias 8
model.decoder.layers.*.fc1.weight 12 8
model.decoder.layers.*.fc2.weight 8 12
model.decoder.final_layer_norm.weight 8
model.decoder.final_layer_norm.bias 8
)");
  };
  EXPECT_EQ(specOf(opt("")),
            R"(    input: {vocab: 11, positions: {kind: learned, length: 32, offset: 2}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2, bias: false, output_bias: false, mask: causal}
      - mlp: {hidden: 12, activation: relu, bias: false}
head: {tied: true}
)");
  SmallCheckpoint after = opt("\"do_layer_norm_before\": false, ");
  after.tensors.erase("model.decoder.final_layer_norm.weight");
  after.tensors.erase("model.decoder.final_layer_norm.bias");
  EXPECT_NE(specOf(after).find("norm: {kind: layernorm, place: after}"), std::string::npos) << specOf(after);
}

static std::string bloomTensors(const std::string &norms, int64_t fused, bool bias) {
  std::string text = "transformer.word_embeddings.weight 11 8\n" + norms +
                     "transformer.h.*.self_attention.query_key_value.weight " + std::to_string(fused) +
                     R"( 8
transformer.h.*.self_attention.dense.weight 8 8
transformer.h.*.mlp.dense_h_to_4h.weight 32 8
transformer.h.*.mlp.dense_4h_to_h.weight 8 32
transformer.ln_f.weight 8
transformer.ln_f.bias 8
)";
  if (bias)
    text += "transformer.h.*.self_attention.query_key_value.bias " + std::to_string(fused) +
            "\ntransformer.h.*.self_attention.dense.bias 8\ntransformer.h.*.mlp.dense_h_to_4h.bias 32\n"
            "transformer.h.*.mlp.dense_4h_to_h.bias 8\n";
  return text;
}

static std::string normLines(std::initializer_list<const char *> names) {
  std::string lines;
  for (const char *name : names)
    lines += "transformer." + std::string(name) + ".weight 8\ntransformer." + name + ".bias 8\n";
  return lines;
}

TEST(Decoder, Bloom) {
  SmallCheckpoint bloom = checkpointOf(
      R"({"model_type": "bloom", "n_embed": 8, "n_layer": 2, "num_attention_heads": 2, "vocab_size": 11,
          "seq_length": 40})",
      bloomTensors(normLines({"word_embeddings_layernorm", "h.*.input_layernorm", "h.*.post_attention_layernorm"}), 24,
                   true));
  EXPECT_EQ(specOf(bloom),
            R"(    input: {vocab: 11, positions: {kind: none, length: 40}, norm: true}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2, mask: causal, score: alibi}
      - mlp: {hidden: 32, activation: gelu_tanh}
head: {tied: true}
)");
}

static std::string falconConfig(const std::string &more) {
  return R"({"model_type": "falcon", "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4,
    "vocab_size": 11, "max_position_embeddings": 32, "multi_query": true, )" +
         more + "\"bias\": false}";
}

TEST(Decoder, FalconWithOneKeyHead) {
  SmallCheckpoint falcon = checkpointOf(falconConfig(""), bloomTensors(normLines({"h.*.input_layernorm"}), 12, false));
  EXPECT_EQ(specOf(falcon),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - parallel: {block: [attention: {heads: 4, kv_heads: 1, bias: false, output_bias: false, mask: causal}, mlp: {hidden: 32, activation: gelu, bias: false}]}
head: {tied: true}
)");
  std::string qkv = "transformer.h.0.self_attention.query_key_value.weight";
  expectRows(falcon, "decoder.layers.0.attention.query.weight", qkv, rowsFrom(0, 8));
  expectRows(falcon, "decoder.layers.0.attention.key.weight", qkv, {8, 9});
  expectRows(falcon, "decoder.layers.0.attention.value.weight", qkv, {10, 11});
}

TEST(Decoder, FalconWithGroupsOfHeads) {
  SmallCheckpoint falcon = checkpointOf(falconConfig("\"new_decoder_architecture\": true, \"num_kv_heads\": 2, "),
                                        bloomTensors(normLines({"h.*.ln_attn", "h.*.ln_mlp"}), 16, false));
  std::string text = specOf(falcon);
  EXPECT_NE(text.find("parallel: {norm: each, block: [attention: {heads: 4, kv_heads: 2,"), std::string::npos) << text;
  std::string qkv = "transformer.h.0.self_attention.query_key_value.weight";
  expectRows(falcon, "decoder.layers.0.attention.query.weight", qkv, {0, 1, 2, 3, 8, 9, 10, 11});
  expectRows(falcon, "decoder.layers.0.attention.key.weight", qkv, {4, 5, 12, 13});
  expectRows(falcon, "decoder.layers.0.attention.value.weight", qkv, {6, 7, 14, 15});
}

/// The class has no second norm then, whatever is stored.
TEST(Decoder, FalconsParallelLayersDoNotReadTheNormOfSerialOnes) {
  SmallCheckpoint falcon =
      checkpointOf(falconConfig("\"parallel_attn\": true, "),
                   bloomTensors(normLines({"h.*.input_layernorm", "h.*.post_attention_layernorm"}), 12, false));
  EXPECT_EQ(falcon.errorOf().find("'DIR/model.safetensors' has tensors that the model does not use and that could change "
                                  "what it computes: 'transformer.h.0.post_attention_layernorm.bias', "),
            0u)
      << falcon.errorOf();
}

TEST(Decoder, FalconAddsAlibiBeforeItScales) {
  SmallCheckpoint falcon =
      checkpointOf(falconConfig("\"alibi\": true, \"parallel_attn\": false, "),
                   bloomTensors(normLines({"h.*.input_layernorm", "h.*.post_attention_layernorm"}), 24, true));
  falcon.change("\"multi_query\": true", "\"multi_query\": false");
  falcon.change("\"bias\": false", "\"bias\": true");
  std::string text = specOf(falcon);
  EXPECT_NE(text.find("positions: {kind: none, length: 32}"), std::string::npos) << text;
  // 2^-2 / sqrt(2), the first of four slopes.
  EXPECT_NE(text.find("0.17677669"), std::string::npos) << text;
}

TEST(Decoder, MptHasNoBiases) {
  auto mpt = [](const std::string &attention) {
    return checkpointOf(R"({"model_type": "mpt", "d_model": 8, "n_layers": 2, "n_heads": 2, "vocab_size": 11,
      "max_seq_len": 32, "expansion_ratio": 2, "attn_config": {"alibi": true)" +
                            attention + "}}",
                        R"(transformer.wte.weight 11 8
transformer.blocks.*.norm_1.weight 8
transformer.blocks.*.attn.Wqkv.weight 24 8
transformer.blocks.*.attn.out_proj.weight 8 8
transformer.blocks.*.norm_2.weight 8
transformer.blocks.*.ffn.up_proj.weight 16 8
transformer.blocks.*.ffn.down_proj.weight 8 16
transformer.norm_f.weight 8
)");
  };
  EXPECT_EQ(specOf(mpt("")),
            R"(    input: {vocab: 11, positions: {kind: none, length: 32}}
    layers: 2
    norm: {kind: layernorm, place: before, bias: false}
    block:
      - attention: {heads: 2, bias: false, output_bias: false, mask: causal, score: alibi}
      - mlp: {hidden: 16, activation: gelu, bias: false}
head: {tied: true}
)");
  EXPECT_NE(specOf(mpt(", \"alibi_bias_max\": 16, \"softmax_scale\": 0.25"))
                .find("scale: 0.25, mask: causal, score: \"" +
                      expressions::alibi(2, expressions::AlibiStyle::Mpt, 16).print()),
            std::string::npos);
  EXPECT_NE(mpt(", \"clip_qkv\": 6").errorOf().find("key 'attn_config.clip_qkv': clipped queries"), std::string::npos);
  EXPECT_NE(mpt(", \"prefix_lm\": true").errorOf().find("key 'attn_config.prefix_lm': true is not supported"),
            std::string::npos);
}

TEST(Decoder, StarCoder2AndItsPredecessor) {
  SmallCheckpoint starcoder = checkpointOf(llamaConfig("starcoder2", "\"num_key_value_heads\": 1, "),
                                           R"(model.embed_tokens.weight 11 8
model.layers.*.input_layernorm.weight 8
model.layers.*.input_layernorm.bias 8
model.layers.*.self_attn.q_proj.weight 8 8
model.layers.*.self_attn.q_proj.bias 8
model.layers.*.self_attn.k_proj.weight 4 8
model.layers.*.self_attn.k_proj.bias 4
model.layers.*.self_attn.v_proj.weight 4 8
model.layers.*.self_attn.v_proj.bias 4
model.layers.*.self_attn.o_proj.weight 8 8
model.layers.*.self_attn.o_proj.bias 8
model.layers.*.post_attention_layernorm.weight 8
model.layers.*.post_attention_layernorm.bias 8
model.layers.*.mlp.c_fc.weight 12 8
model.layers.*.mlp.c_fc.bias 12
model.layers.*.mlp.c_proj.weight 8 12
model.layers.*.mlp.c_proj.bias 8
model.norm.weight 8
model.norm.bias 8
)");
  EXPECT_EQ(specOf(starcoder),
            R"(    input: {vocab: 11, positions: {kind: rotary, length: 32}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2, kv_heads: 1, mask: causal}
      - mlp: {hidden: 12, activation: gelu_tanh}
head: {tied: true}
)");
  SmallCheckpoint bigCode = gpt2("transformer.", "\"multi_query\": true, ");
  bigCode.change("\"gpt2\"", "\"gpt_bigcode\"");
  for (std::string layer : {"transformer.h.0.", "transformer.h.1."}) {
    bigCode.tensors[layer + "attn.c_attn.weight"] = {16, 8};
    bigCode.tensors[layer + "attn.c_attn.bias"] = {16};
    bigCode.tensors[layer + "mlp.c_fc.weight"] = {32, 8};
    bigCode.tensors[layer + "mlp.c_proj.weight"] = {8, 32};
  }
  EXPECT_NE(specOf(bigCode).find("attention: {heads: 2, kv_heads: 1, mask: causal}"), std::string::npos);
}

TEST(Decoder, WeightsInSeveralFiles) {
  TempDirectory directory;
  smallLlama().write(directory);
  ASSERT_EQ(std::rename(directory.path("model.safetensors").c_str(), directory.path("part-1.safetensors").c_str()), 0);
  std::string map;
  for (const auto &[name, shape] : smallLlama().tensors)
    map += (map.empty() ? "\"" : ", \"") + name + "\": \"part-1.safetensors\"";
  directory.write("model.safetensors.index.json", "{\"weight_map\": {" + map + "}}");
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(imported.model.weights, "model.safetensors.index.json");
  EXPECT_TRUE(imported.source->find("decoder.layers.1.mlp.up.weight"));
}

TEST(Decoder, AModelWithoutAHead) {
  SmallCheckpoint checkpoint = smallLlama("\"architectures\": [\"LlamaModel\"], ");
  checkpoint.remove("lm_head.weight");
  std::string text = specOf(checkpoint);
  EXPECT_EQ(text.find("head:"), std::string::npos) << text;
  EXPECT_EQ(text.find("cache:"), std::string::npos) << text;
}

namespace {

struct BadDecoder {
  const char *name;
  const char *type;
  const char *more; ///< What is added to the configuration.
  const char *message;
};

void PrintTo(const BadDecoder &bad, std::ostream *os) { *os << bad.name; }

class BadDecoderConfig : public testing::TestWithParam<BadDecoder> {};

} // namespace

TEST_P(BadDecoderConfig, NamesTheKeyAndWhatIsSupported) {
  SmallCheckpoint checkpoint = smallLlama(std::string(GetParam().more) + ", ");
  checkpoint.change("\"llama\"", std::string("\"") + GetParam().type + "\"");
  EXPECT_EQ(checkpoint.errorOf(), std::string("'DIR/config.json': ") + GetParam().message);
}

static const BadDecoder badDecoders[] = {
    {"Scaling", "llama", R"("rope_scaling": {"type": "longrope", "factor": 2})",
     "key 'rope_scaling.type': \"longrope\" is not supported; supported: \"default\", \"linear\", \"dynamic\", "
     "\"llama3\", \"yarn\""},
    {"ScalingFactor", "llama", R"("rope_scaling": {"type": "linear", "factor": 0.5})",
     "key 'rope_scaling.factor': expected a number of at least 1, found 0.500000"},
    {"ScalingNoObject", "llama", R"("rope_scaling": "linear")", "key 'rope_scaling': expected an object, found \"linear\""},
    {"Activation", "llama", R"("hidden_act": "xielu")",
     "key 'hidden_act': \"xielu\" is not supported; supported: \"gelu\", \"gelu_python\", \"gelu_new\", \"gelu_fast\", "
     "\"gelu_pytorch_tanh\", \"relu\", \"relu2\", \"silu\", \"swish\", \"quick_gelu\""},
    {"LayerTypes", "qwen2", R"("layer_types": ["full_attention", "chunked_attention"])",
     "key 'layer_types': \"chunked_attention\" is not supported; supported: \"full_attention\", "
     "\"sliding_attention\""},
    {"LayerTypesCount", "qwen2", R"("layer_types": ["full_attention"])",
     "key 'layer_types': expected one for each of 2 layers, found 1"},
    {"LayerTypesWithoutWindow", "qwen2", R"("layer_types": ["full_attention", "sliding_attention"])",
     "key 'layer_types': \"sliding_attention\" needs 'use_sliding_window', which is false"},
    {"LayerTypesWithoutWidth", "gemma2",
     R"("sliding_window": null, "layer_types": ["full_attention", "sliding_attention"])",
     "key 'layer_types': \"sliding_attention\" needs 'sliding_window', which is null"},
    {"ScalingOfPhi3", "phi3", R"("rope_scaling": {"type": "yarn", "factor": 2})",
     "key 'rope_scaling.type': \"yarn\" is not supported for this model type; supported: \"default\""},
    {"ClassifierHead", "llama", R"("architectures": ["LlamaForSequenceClassification"])",
     "key 'architectures': the head of \"LlamaForSequenceClassification\" is not supported; with --without-head the "
     "model is the stack alone"},
    {"Quantised", "llama", R"("quantization_config": {"bits": 4})",
     "key 'quantization_config': quantised weights are not supported; supported: F32, F16, BF16 and F64"},
    {"Softcap", "gemma2", R"("attn_logit_softcapping": 0)",
     "key 'attn_logit_softcapping': expected a number between 0.001000 and 1000000.000000, found 0.000000"},
    {"Scalar", "gemma2", R"("query_pre_attn_scalar": -1)",
     "key 'query_pre_attn_scalar': expected a number above 0, found -1.000000"},
    {"RotaryPart", "phi3", R"("partial_rotary_factor": 0.1)",
     "key 'partial_rotary_factor': 0.100000 of a head of 4 leaves 0 components that turn; expected 2 up to all of "
     "them"},
};

INSTANTIATE_TEST_SUITE_P(Decoder, BadDecoderConfig, testing::ValuesIn(badDecoders),
                         [](const testing::TestParamInfo<BadDecoder> &info) { return std::string(info.param.name); });

TEST(DecoderErrors, HeadsOfKeysDivideHeads) {
  SmallCheckpoint checkpoint = smallLlama();
  checkpoint.change("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 3");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'num_attention_heads': 2 is not a multiple of the key heads (3)");
}

TEST(DecoderErrors, LayersAreAsManyAsASpecCanHave) {
  SmallCheckpoint checkpoint = smallLlama();
  checkpoint.change("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2000000000");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'num_hidden_layers': 2000000000 layers; supported: at most 9999");
}

TEST(DecoderErrors, TensorsThatNobodyKnowsAreNamed) {
  EXPECT_EQ(smallLlama("", "model.layers.*.mlp.experts.weight 8\n").errorOf(),
            "'DIR/model.safetensors' has tensors that the model does not use and that could change what it computes: "
            "'model.layers.0.mlp.experts.weight', 'model.layers.1.mlp.experts.weight'; with --ignore-unused it goes "
            "without them");
  SmallCheckpoint none = smallLlama();
  none.remove("embed_tokens.weight");
  EXPECT_EQ(none.errorOf(), "'DIR/model.safetensors' has no tensor 'embed_tokens.weight', with or without a prefix");
}
