//===- BloomTest.cpp - Bloom, and Falcon, which has its tensors -----------===//

#include "import/ListedCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::expectRows;
using test::rowsFrom;
using test::SmallCheckpoint;
using test::specOf;

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
