//===- DecoderTest.cpp - Decoders of the transformers library -------------===//

#include "expressions/Sugar.h"
#include "import/ListedCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::expectRows;
using test::llamaConfig;
using test::llamaSizes;
using test::rowsFrom;
using test::SmallCheckpoint;
using test::smallLlama;
using test::specOf;
using test::TempDirectory;

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
