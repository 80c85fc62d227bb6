#include "import/Gguf.h"
#include "import/GgufStack.h"
#include "import/WeightSummary.h"
#include "spec/Parameters.h"
#include "spec/Rotary.h"
#include "spec/SpecWriter.h"
#include "support/TempDirectory.h"
#include "weights/Convert.h"
#include "weights/GgufBuilder.h"
#include "weights/SafetensorsSource.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::import;
using tenon::test::GgufBuilder;
using tenon::test::GgufBytes;
using tenon::test::TempDirectory;

/// A model of two layers, 8 components, 4 heads and 2 key heads of size 2, 12 hidden and 10 tokens.
static GgufBuilder keys(const std::string &architecture, const std::string &norm = "layer_norm_rms_epsilon") {
  GgufBuilder builder;
  auto key = [&](const std::string &name) { return architecture + "." + name; };
  return builder.text("general.architecture", architecture)
      .integer(key("context_length"), 32)
      .integer(key("embedding_length"), 8)
      .integer(key("block_count"), 2)
      .integer(key("feed_forward_length"), 12)
      .integer(key("attention.head_count"), 4)
      .integer(key("attention.head_count_kv"), 2)
      .real(key("attention." + norm), 1e-5f);
}

struct LayerTensor {
  std::string name;
  std::vector<uint64_t> shape;
};

static const std::vector<LayerTensor> separate = {{"attn_q.weight", {8, 8}},  {"attn_k.weight", {4, 8}},
                                                  {"attn_v.weight", {4, 8}},  {"attn_output.weight", {8, 8}},
                                                  {"ffn_up.weight", {12, 8}}, {"ffn_down.weight", {8, 12}}};

static GgufBuilder &addLayers(GgufBuilder &builder, std::vector<LayerTensor> tensors) {
  float first = 1;
  for (int layer = 0; layer < 2; ++layer)
    for (const LayerTensor &tensor : tensors) {
      builder.counting("blk." + std::to_string(layer) + "." + tensor.name, tensor.shape, first);
      first += 100;
    }
  return builder;
}

static GgufBuilder llama(bool head = false) {
  GgufBuilder builder = keys("llama");
  builder.counting("token_embd.weight", {10, 8}).counting("output_norm.weight", {8});
  if (head)
    builder.counting("output.weight", {10, 8});
  addLayers(builder, {{"attn_norm.weight", {8}}, {"ffn_norm.weight", {8}}, {"ffn_gate.weight", {12, 8}}});
  return addLayers(builder, separate);
}

struct Imported {
  explicit Imported(const GgufBuilder &builder, const ImportOptions &options = {}) {
    std::string path = directory.write("small.gguf", builder.build());
    auto imported = openModel(path, options);
    if (!imported) {
      error = llvm::toString(imported.takeError());
      for (size_t at; (at = error.find(directory.path())) != std::string::npos;)
        error.replace(at, directory.path().size(), "DIR");
      return;
    }
    model = std::move(imported->model);
    source = std::move(imported->source);
    tokenizer = imported->tokenizer;
    chatTemplate = imported->chatTemplate;
    notes = imported->notes;
  }
  /// The first sublayers of the first layer.
  const spec::AttentionSublayer &attention() const {
    return std::get<spec::AttentionSublayer>(model.stacks[0].block[0]);
  }
  const spec::MlpSublayer &mlp() const { return std::get<spec::MlpSublayer>(model.stacks[0].block[1]); }
  /// Parameters whose tensor is missing or has another shape.
  std::string misfits() const {
    std::string text;
    for (const spec::Parameter &parameter : spec::parameters(model))
      for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
        auto view = source->find(weights::layerName(parameter.name, layer));
        if (!view || llvm::ArrayRef(view->shape) != llvm::ArrayRef<int64_t>(parameter.shape))
          text += weights::layerName(parameter.name, layer) + " ";
      }
    return text;
  }
  std::vector<float> values(const std::string &parameter) const {
    auto view = source->find(parameter);
    std::vector<float> values(view ? view->elements() : 0);
    if (view)
      (void)weights::readFloats(*view, 0, values.size(), values.data());
    return values;
  }

  TempDirectory directory;
  std::string error;
  spec::Model model;
  std::unique_ptr<weights::WeightSource> source;
  std::string tokenizer, chatTemplate;
  std::vector<std::string> notes;
};

TEST(Gguf, LlamaIsReadWithWhatItLeavesUnsaid) {
  Imported small(llama());
  ASSERT_EQ(small.error, "");
  EXPECT_EQ(small.model.name, "small");
  EXPECT_EQ(small.model.weights, "small.gguf");
  const spec::Stack &stack = small.model.stacks[0];
  EXPECT_EQ(stack.input.vocab, 10);
  EXPECT_EQ(stack.input.positions.kind, spec::PositionKind::Rotary);
  EXPECT_EQ(stack.input.positions.length, 32);
  EXPECT_EQ(stack.input.positions.base, 10000.0);
  EXPECT_TRUE(stack.input.positions.interleaved);
  EXPECT_EQ(stack.input.positions.dims, 0);
  EXPECT_EQ(stack.norm.kind, spec::NormKind::RMSNorm);
  EXPECT_EQ(stack.norm.place, spec::NormPlace::Before);
  EXPECT_EQ(stack.norm.epsilon, 1e-5);
  EXPECT_TRUE(stack.cycle.empty());
  EXPECT_EQ(small.attention().keyValueHeads, 2);
  EXPECT_EQ(small.attention().headSize, 2);
  EXPECT_EQ(small.attention().mask, "k <= q");
  EXPECT_FALSE(small.attention().bias);
  EXPECT_TRUE(small.mlp().gated);
  EXPECT_EQ(small.mlp().activation, spec::Activation::Silu);
  EXPECT_TRUE(small.model.head->tied);
  EXPECT_EQ(small.misfits(), "");
  EXPECT_EQ(small.values("decoder.layers.1.attention.norm.weight").front(), 301.0f);
  EXPECT_EQ(small.source->tensorName("decoder.layers.1.attention.key.weight"), "blk.1.attn_k.weight");
}

TEST(Gguf, AnOutputMatrixIsAHeadOfItsOwn) {
  Imported small(llama(/*head=*/true));
  ASSERT_EQ(small.error, "");
  EXPECT_FALSE(small.model.head->tied);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, KeysThatLlamaMayHave) {
  GgufBuilder builder = llama();
  builder.real("llama.rope.freq_base", 500000)
      .text("llama.rope.scaling.type", "yarn")
      .real("llama.rope.scaling.factor", 4)
      .integer("llama.rope.scaling.original_context_length", 8)
      .integer("llama.attention.sliding_window", 5);
  Imported small(builder);
  ASSERT_EQ(small.error, "");
  const spec::Positions &positions = small.model.stacks[0].input.positions;
  EXPECT_EQ(positions.base, 500000.0);
  EXPECT_EQ(positions.scaling.kind, spec::ScalingKind::Yarn);
  EXPECT_EQ(positions.scaling.factor, 4.0);
  EXPECT_EQ(positions.scaling.originalLength, 8);
  EXPECT_EQ(positions.scaling.attentionFactor, spec::yarnAttentionFactor(4));
  EXPECT_EQ(small.attention().mask, "k <= q && q - k < 5");
}

TEST(Gguf, LinearScalingIsTheUsualOne) {
  Imported small(llama().real("llama.rope.scaling.factor", 2));
  EXPECT_EQ(small.model.stacks[0].input.positions.scaling.kind, spec::ScalingKind::Linear);
  Imported none(llama().real("llama.rope.scaling.factor", 2).text("llama.rope.scaling.type", "none"));
  EXPECT_EQ(none.model.stacks[0].input.positions.scaling.kind, spec::ScalingKind::None);
}

TEST(Gguf, FactorsOfLlama3AreFoundAgain) {
  spec::Rotary rotary;
  rotary.base = 500000;
  rotary.dims = 64;
  std::vector<double> plain = spec::rotaryFrequencies(rotary, 1);
  rotary.scaling.kind = spec::ScalingKind::Llama3;
  rotary.scaling.factor = 32;
  rotary.scaling.originalLength = 8192;
  std::vector<double> scaled = spec::rotaryFrequencies(rotary, 1);
  std::vector<float> factors;
  for (size_t i = 0; i < plain.size(); ++i)
    factors.push_back(static_cast<float>(plain[i] / scaled[i]));
  std::optional<spec::RotaryScaling> found = scalingOfFactors(factors, 500000);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, spec::ScalingKind::Llama3);
  EXPECT_EQ(found->originalLength, 8192);
  EXPECT_FLOAT_EQ(found->factor, 32);
  factors[20] *= 1.01f;
  EXPECT_FALSE(scalingOfFactors(factors, 500000).has_value());
  EXPECT_EQ(scalingOfFactors({1, 1, 1}, 10000)->kind, spec::ScalingKind::None);
}

TEST(Gguf, OtherFactorsAreRefused) {
  Imported small(llama().counting("rope_freqs.weight", {2}, 3));
  EXPECT_EQ(small.error,
            "'DIR/small.gguf': rope_freqs.weight: expected the 1 factors of Llama 3's scaling, with a first "
            "length that is a power of two");
}

TEST(Gguf, BiasesAreThereWhereTheirTensorsAre) {
  GgufBuilder builder = keys("qwen2");
  builder.counting("token_embd.weight", {10, 8}).counting("output_norm.weight", {8});
  addLayers(builder, {{"attn_norm.weight", {8}},
                      {"ffn_norm.weight", {8}},
                      {"ffn_gate.weight", {12, 8}},
                      {"attn_q.bias", {8}},
                      {"attn_k.bias", {4}},
                      {"attn_v.bias", {4}}});
  Imported small(addLayers(builder, separate));
  ASSERT_EQ(small.error, "");
  EXPECT_TRUE(small.attention().bias && small.attention().keyBias);
  EXPECT_FALSE(small.attention().outputBias);
  EXPECT_FALSE(small.model.stacks[0].input.positions.interleaved);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, Qwen3HasNormsOfItsHeads) {
  GgufBuilder builder = keys("qwen3");
  builder.integer("qwen3.attention.key_length", 2).counting("token_embd.weight", {10, 8});
  addLayers(builder, {{"attn_norm.weight", {8}},
                      {"ffn_norm.weight", {8}},
                      {"ffn_gate.weight", {12, 8}},
                      {"attn_q_norm.weight", {2}},
                      {"attn_k_norm.weight", {2}}});
  Imported small(addLayers(builder, separate));
  ASSERT_EQ(small.error, "");
  ASSERT_TRUE(small.attention().queryKeyNorm.has_value());
  EXPECT_FALSE(small.attention().queryKeyNorm->overAll);
  EXPECT_FALSE(small.model.stacks[0].norm.final);
  EXPECT_EQ(small.misfits(), "");
}

static const std::vector<LayerTensor> gemmaNorms = {{"attn_norm.weight", {8}},
                                                    {"post_attention_norm.weight", {8}},
                                                    {"ffn_norm.weight", {8}},
                                                    {"post_ffw_norm.weight", {8}},
                                                    {"ffn_gate.weight", {12, 8}}};

TEST(Gguf, Gemma2AlternatesWindowsAndCapsScores) {
  GgufBuilder builder = keys("gemma2");
  builder.integer("gemma2.attention.sliding_window", 3).counting("token_embd.weight", {10, 8});
  builder.counting("output_norm.weight", {8});
  addLayers(builder, gemmaNorms);
  Imported small(addLayers(builder, separate));
  ASSERT_EQ(small.error, "");
  const spec::Stack &stack = small.model.stacks[0];
  EXPECT_EQ(stack.norm.place, spec::NormPlace::Both);
  EXPECT_EQ(stack.norm.weightOffset, 0.0);
  EXPECT_EQ(stack.input.scale, std::sqrt(8.0));
  ASSERT_EQ(stack.cycle.size(), 2u);
  EXPECT_EQ(std::get<spec::AttentionSublayer>(stack.cycle[0][0]).mask, "k <= q && q - k < 3");
  EXPECT_EQ(std::get<spec::AttentionSublayer>(stack.cycle[1][0]).mask, "k <= q");
  EXPECT_EQ(small.attention().score, "50.0 * tanh(s / 50.0)");
  EXPECT_EQ(small.model.head->softcap, 30.0);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, Gemma3sWindowsHaveABaseOfTheirOwn) {
  GgufBuilder builder = keys("gemma3");
  builder.integer("gemma3.attention.sliding_window", 3)
      .real("gemma3.rope.freq_base", 1e6f)
      .integer("gemma3.attention.sliding_window_pattern", 2)
      .counting("token_embd.weight", {10, 8});
  addLayers(builder, gemmaNorms);
  addLayers(builder, {{"attn_q_norm.weight", {2}}, {"attn_k_norm.weight", {2}}});
  Imported small(addLayers(builder, separate));
  ASSERT_EQ(small.error, "");
  const spec::Stack &stack = small.model.stacks[0];
  ASSERT_EQ(stack.cycle.size(), 2u);
  const auto &local = std::get<spec::AttentionSublayer>(stack.cycle[0][0]);
  EXPECT_TRUE(local.ownRotary);
  EXPECT_EQ(local.rotary->base, 10000.0);
  EXPECT_FALSE(std::get<spec::AttentionSublayer>(stack.cycle[1][0]).ownRotary);
  EXPECT_EQ(stack.input.positions.base, 1e6);
  EXPECT_EQ(local.score, "");
  EXPECT_EQ(small.model.head->softcap, 0.0);
}

/// Two layers, period six: both have windows.
TEST(Gguf, LayersTooFewForAGlobalOneAreAlike) {
  GgufBuilder builder = keys("gemma3");
  builder.integer("gemma3.attention.sliding_window", 3).counting("token_embd.weight", {10, 8});
  addLayers(builder, gemmaNorms);
  Imported small(addLayers(builder, separate));
  ASSERT_EQ(small.error, "");
  EXPECT_TRUE(small.model.stacks[0].cycle.empty());
  EXPECT_EQ(small.attention().mask, "k <= q && q - k < 3");
}

TEST(Gguf, WindowsMayBeNamedLayerByLayer) {
  auto with = [](const std::vector<uint8_t> &pattern) {
    GgufBuilder builder = keys("gemma3");
    builder.integer("gemma3.attention.sliding_window", 3)
        .numbers<uint8_t>("gemma3.attention.sliding_window_pattern", 7, pattern)
        .counting("token_embd.weight", {10, 8});
    addLayers(builder, gemmaNorms);
    return addLayers(builder, separate);
  };
  EXPECT_EQ(Imported(with({1, 0})).model.stacks[0].cycle.size(), 2u);
  EXPECT_TRUE(Imported(with({1, 1})).model.stacks[0].cycle.empty());
  EXPECT_EQ(
      Imported(with({0, 1})).error,
      "'DIR/small.gguf': gemma3.attention.sliding_window_pattern: array of 2 boolean is not supported; supported: "
      "2 booleans, every n-th of them false");
  EXPECT_NE(Imported(with({1})).error, "");
}

static const std::vector<LayerTensor> fusedWithBiases = {
    {"attn_norm.weight", {8}},      {"attn_norm.bias", {8}},   {"attn_qkv.weight", {16, 8}}, {"attn_qkv.bias", {16}},
    {"attn_output.weight", {8, 8}}, {"attn_output.bias", {8}}, {"ffn_up.weight", {12, 8}},   {"ffn_up.bias", {12}},
    {"ffn_down.weight", {8, 12}},   {"ffn_down.bias", {8}}};

TEST(Gguf, QueriesKeysAndValuesMayBeOneTensor) {
  GgufBuilder builder = keys("gpt2", "layer_norm_epsilon");
  builder.counting("token_embd.weight", {10, 8}).counting("position_embd.weight", {32, 8});
  builder.counting("output_norm.weight", {8}).counting("output_norm.bias", {8});
  addLayers(builder, {{"ffn_norm.weight", {8}}, {"ffn_norm.bias", {8}}});
  Imported small(addLayers(builder, fusedWithBiases));
  ASSERT_EQ(small.error, "");
  EXPECT_EQ(small.model.stacks[0].input.positions.kind, spec::PositionKind::Learned);
  EXPECT_TRUE(small.model.stacks[0].norm.bias);
  EXPECT_TRUE(small.attention().bias && small.attention().outputBias && small.mlp().bias);
  EXPECT_FALSE(small.mlp().gated);
  EXPECT_EQ(small.misfits(), "");
  float first = small.values("decoder.layers.0.attention.query.weight").front();
  EXPECT_EQ(small.values("decoder.layers.0.attention.key.weight").front(), first + 64);
  EXPECT_EQ(small.values("decoder.layers.0.attention.value.weight").front(), first + 96);
  float bias = small.values("decoder.layers.1.attention.query.bias").front();
  EXPECT_EQ(small.values("decoder.layers.1.attention.value.bias").front(), bias + 12);
}

TEST(Gguf, Phi3sGateIsTheFirstHalfOfItsUp) {
  GgufBuilder builder = keys("phi3");
  builder.counting("token_embd.weight", {10, 8}).counting("output_norm.weight", {8}).counting("output.weight", {10, 8});
  addLayers(builder, {{"attn_norm.weight", {8}},
                      {"ffn_norm.weight", {8}},
                      {"attn_qkv.weight", {16, 8}},
                      {"attn_output.weight", {8, 8}},
                      {"ffn_up.weight", {24, 8}},
                      {"ffn_down.weight", {8, 12}}});
  Imported small(builder);
  ASSERT_EQ(small.error, "");
  EXPECT_TRUE(small.mlp().gated);
  EXPECT_EQ(small.misfits(), "");
  EXPECT_EQ(small.values("decoder.layers.0.mlp.up.weight").front(),
            small.values("decoder.layers.0.mlp.gate.weight").front() + 96);
}

/// The sublayers side by side in the first layer of a model.
static const spec::ParallelSublayer &parallel(const Imported &imported) {
  return std::get<spec::ParallelSublayer>(imported.model.stacks[0].block[0]);
}

TEST(Gguf, Phi2HasItsSublayersSideBySide) {
  GgufBuilder builder = keys("phi2", "layer_norm_epsilon");
  builder.integer("phi2.attention.key_length", 2).counting("token_embd.weight", {10, 8});
  builder.counting("output.weight", {10, 8}).counting("output.bias", {10});
  Imported small(addLayers(builder, fusedWithBiases));
  ASSERT_EQ(small.error, "");
  EXPECT_EQ(parallel(small).norm, spec::ParallelNorm::One);
  EXPECT_TRUE(small.model.head->bias);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, NeoXHasNormsOfItsOwnSideBySide) {
  GgufBuilder builder = keys("gptneox", "layer_norm_epsilon");
  builder.boolean("gptneox.use_parallel_residual", true).counting("token_embd.weight", {10, 8});
  addLayers(builder, {{"ffn_norm.weight", {8}}, {"ffn_norm.bias", {8}}});
  Imported small(addLayers(builder, fusedWithBiases));
  ASSERT_EQ(small.error, "");
  EXPECT_EQ(parallel(small).norm, spec::ParallelNorm::Each);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, FalconsSecondNormIsThatOfItsAttention) {
  GgufBuilder builder = keys("falcon", "layer_norm_epsilon");
  builder.counting("token_embd.weight", {10, 8});
  addLayers(builder, {{"attn_norm_2.weight", {8}},
                      {"attn_norm_2.bias", {8}},
                      {"attn_norm.weight", {8}},
                      {"attn_norm.bias", {8}},
                      {"attn_qkv.weight", {16, 8}},
                      {"attn_output.weight", {8, 8}},
                      {"ffn_up.weight", {12, 8}},
                      {"ffn_down.weight", {8, 12}}});
  Imported small(builder);
  ASSERT_EQ(small.error, "");
  EXPECT_EQ(parallel(small).norm, spec::ParallelNorm::Each);
  EXPECT_EQ(small.source->tensorName("decoder.layers.1.attention.norm.bias"), "blk.1.attn_norm_2.bias");
  EXPECT_EQ(small.source->tensorName("decoder.layers.1.mlp.norm.bias"), "blk.1.attn_norm.bias");
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, BloomHasABiasOnItsScores) {
  GgufBuilder builder = keys("bloom", "layer_norm_epsilon");
  builder.counting("token_embd.weight", {10, 8}).counting("token_embd_norm.weight", {8});
  builder.counting("token_embd_norm.bias", {8});
  addLayers(builder, {{"ffn_norm.weight", {8}}, {"ffn_norm.bias", {8}}});
  Imported small(addLayers(builder, fusedWithBiases));
  ASSERT_EQ(small.error, "");
  EXPECT_TRUE(small.model.stacks[0].input.norm);
  EXPECT_EQ(small.model.stacks[0].input.positions.kind, spec::PositionKind::None);
  EXPECT_NE(small.attention().score.find("float(k - q)"), std::string::npos);
  EXPECT_NE(spec::writeSpec(small.model).find("score: alibi"), std::string::npos);
  EXPECT_EQ(small.misfits(), "");
}

TEST(Gguf, TheTokenizerAndTheTemplateComeAlong) {
  GgufBuilder builder = llama();
  builder.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "smollm")
      .texts("tokenizer.ggml.tokens", {"a", "b", "ab", "<|im_end|>"})
      .numbers<int32_t>("tokenizer.ggml.token_type", 5, {1, 1, 1, 3})
      .texts("tokenizer.ggml.merges", {"a b"})
      .integer("tokenizer.ggml.eos_token_id", 3)
      .text("tokenizer.chat_template", "{{ messages }}");
  Imported small(builder);
  ASSERT_EQ(small.error, "");
  EXPECT_NE(small.tokenizer.find("\"BPE\""), std::string::npos);
  EXPECT_EQ(small.chatTemplate, "{{ messages }}");
  EXPECT_EQ(small.model.tokenizer, "small.gguf");
  EXPECT_EQ(small.model.chatTemplate, "small.gguf");
  EXPECT_EQ(small.model.tokens.eos, (std::vector<int64_t>{3}));
}

TEST(Gguf, TokensThatTheModelHasNoRowForStayInTheTokenizer) {
  GgufBuilder builder = llama();
  std::vector<std::string> tokens;
  for (char c = 'a'; c < 'a' + 11; ++c)
    tokens.push_back(std::string(1, c));
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  builder.texts("tokenizer.ggml.tokens", tokens).texts("tokenizer.ggml.merges", {});
  builder.integer("tokenizer.ggml.eos_token_id", 10).integer("tokenizer.ggml.bos_token_id", 9);
  Imported imported(builder);
  EXPECT_EQ(imported.error, "");
  EXPECT_NE(imported.tokenizer.find("\"k\":10"), std::string::npos) << imported.tokenizer;
  EXPECT_EQ(imported.model.tokens.eos, std::vector<int64_t>());
  EXPECT_EQ(imported.model.tokens.bos, 9);
}

TEST(Gguf, AnImportedFileIsWrittenAsASpecAndRead) {
  GgufBuilder builder = llama();
  builder.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "gpt-2");
  builder.texts("tokenizer.ggml.tokens", {"a", "b"}).texts("tokenizer.ggml.merges", {});
  builder.text("tokenizer.chat_template", "{{ messages }}");
  TempDirectory directory;
  directory.write("small.gguf", builder.build());
  ImportedModel imported = llvm::cantFail(openModel(directory.path()));
  std::string out = directory.path("out");
  ASSERT_FALSE(bool(exportModel(imported, out)));
  ImportedModel again = llvm::cantFail(openModel(out));
  EXPECT_EQ(again.tokenizer, imported.tokenizer);
  EXPECT_EQ(again.chatTemplate, "{{ messages }}");
  EXPECT_EQ(again.source->find("decoder.layers.1.mlp.down.weight")->data,
            imported.source->find("decoder.layers.1.mlp.down.weight")->data);
  // The spec that `inspect` shows names the file itself.
  directory.write("model.yaml", spec::writeSpec(imported.model));
  ImportedModel named = llvm::cantFail(openModel(directory.path("model.yaml")));
  EXPECT_EQ(named.tokenizer, imported.tokenizer);
  EXPECT_EQ(named.chatTemplate, imported.chatTemplate);
  EXPECT_EQ(named.source->tensorName("decoder.layers.1.mlp.down.weight"), "blk.1.ffn_down.weight");
}

/// A spec over a GGUF file whose tensors have the parameters' names.
TEST(Gguf, QuantisedTensorsAreWrittenAsFloats) {
  GgufBytes block;
  block.number<uint16_t>(0x3800); // 0.5
  for (int i = 0; i < 32; ++i)
    block.number<int8_t>(static_cast<int8_t>(i - 16));
  GgufBuilder builder;
  builder.tensor("s.input.tokens.weight", 8, {2, 32}, block.bytes + block.bytes)
      .counting("s.layers.0.mlp.norm.weight", {32})
      .counting("s.layers.0.mlp.up.weight", {1, 32})
      .counting("s.layers.0.mlp.down.weight", {32, 1});
  TempDirectory directory;
  directory.write("weights.gguf", builder.build());
  directory.write("model.yaml", "tenon: 1\nname: x\nwidth: 32\nstacks:\n  s:\n    input: {vocab: 2}\n    layers: 1\n"
                                "    norm: {kind: rmsnorm, place: before, final: false}\n"
                                "    block: [mlp: {hidden: 1, bias: false}]\nweights: weights.gguf\n");
  ImportedModel imported = llvm::cantFail(openModel(directory.path()));
  EXPECT_EQ(weightSummary(imported), "0.0 million numbers in 0.0 MB: 3 tensors F32, 1 Q8_0");
  EXPECT_EQ(storedParameters(imported)[1].bytes, 68u);
  ASSERT_FALSE(bool(exportModel(imported, directory.path("out"))));
  ImportedModel again = llvm::cantFail(openModel(directory.path("out")));
  auto view = again.source->find("s.input.tokens.weight");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->type, weights::StorageType::F32);
  std::vector<float> values(64);
  (void)weights::readFloats(*view, 0, 64, values.data());
  EXPECT_EQ(values[0], -8.0f);
  EXPECT_EQ(values[63], 7.5f);
}

TEST(Gguf, OtherArchitecturesAreRefused) {
  EXPECT_EQ(
      Imported(GgufBuilder()).error.find("'DIR/small.gguf': general.architecture: it is missing; supported: llama, "),
      0u);
  EXPECT_EQ(Imported(keys("mamba"))
                .error.find("'DIR/small.gguf': general.architecture: 'mamba' is not supported; supported: llama, "),
            0u);
}

TEST(Gguf, MissingAndWrongKeysAreNamed) {
  GgufBuilder builder;
  builder.text("general.architecture", "llama");
  EXPECT_EQ(Imported(builder).error, "'DIR/small.gguf': llama.embedding_length: it is missing");
  builder.text("llama.embedding_length", "8");
  EXPECT_EQ(Imported(builder).error,
            "'DIR/small.gguf': llama.embedding_length: expected an integer from 1 to 2147483647, "
            "found string '8'");
  EXPECT_EQ(Imported(keys("llama")).error, "'DIR/small.gguf': token_embd.weight: the tensor is missing, or empty");
  EXPECT_EQ(Imported(llama().integer("llama.expert_count", 8)).error,
            "'DIR/small.gguf': llama.expert_count: uint32 8 is not supported; supported: none, or 0");
  EXPECT_EQ(Imported(llama().integer("llama.attention.value_length", 3)).error,
            "'DIR/small.gguf': llama.attention.value_length: 3 is not supported; supported: the size of keys (2)");
  EXPECT_EQ(Imported(llama().text("llama.rope.scaling.type", "longrope").real("llama.rope.scaling.factor", 2)).error,
            "'DIR/small.gguf': llama.rope.scaling.type: 'longrope' is not supported; supported: none, linear, yarn");
}

TEST(Gguf, TensorsThatNoParameterHasAreNamed) {
  EXPECT_EQ(Imported(llama().counting("blk.0.ffn_gate_inp.weight", {2}).counting("blk.2.attn_q.weight", {1})).error,
            "'DIR/small.gguf' has tensors that the model does not use and that could change what it computes: "
            "'blk.0.ffn_gate_inp.weight', 'blk.2.attn_q.weight'; with --ignore-unused it goes without them");
}

TEST(Gguf, KeysThatNobodyReadsAreNamed) {
  GgufBuilder builder = llama().integer("llama.vocab_size", 10).integer("llama.expert_used_count", 0);
  EXPECT_EQ(Imported(builder).error, "");
  builder.real("llama.attention.value_scale", 2).integer("llama.nextn_predict_layers", 1);
  EXPECT_EQ(Imported(builder).error,
            "'DIR/small.gguf' has keys that are not supported and that could change what the model computes: "
            "'llama.attention.value_scale', 'llama.nextn_predict_layers'; with --ignore-unused it goes without them");
  EXPECT_EQ(Imported(builder, {.ignoreUnused = true}).notes,
            std::vector<std::string>{"keys that are ignored, though they could change what the model computes: "
                                     "'llama.attention.value_scale', 'llama.nextn_predict_layers'"});
}

TEST(Gguf, AFileOfEmbeddingsPoolsAsItSays) {
  Imported imported(llama(/*head=*/true).integer("llama.pooling_type", 3));
  EXPECT_EQ(imported.error, "");
  EXPECT_FALSE(imported.model.head);
  ASSERT_TRUE(imported.model.pooling);
  EXPECT_EQ(imported.model.pooling->kinds, std::vector{spec::PoolingKind::Last});
  ASSERT_EQ(imported.model.pooling->layers.size(), 1u);
  EXPECT_TRUE(std::get<spec::VectorNorm>(imported.model.pooling->layers[0]).unit);
  EXPECT_EQ(imported.misfits(), "");
  EXPECT_TRUE(Imported(llama().integer("llama.pooling_type", 0)).model.head);
  EXPECT_EQ(Imported(llama().integer("llama.pooling_type", 4)).error,
            "'DIR/small.gguf': llama.pooling_type: 4 is not supported; supported: 0 (none), 1 (mean), 2 (cls), 3 (last), "
            "and with --without-head the hidden states alone");
}

TEST(Gguf, TheStackIsTakenAlone) {
  Imported imported(llama(/*head=*/true).integer("llama.pooling_type", 4), {.withoutHead = true});
  EXPECT_EQ(imported.error, "");
  EXPECT_FALSE(imported.model.head);
  EXPECT_FALSE(imported.model.pooling);
}
