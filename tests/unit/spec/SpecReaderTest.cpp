#include "spec/SpecTexts.h"
#include "support/TempDirectory.h"
#include <cmath>
#include <sys/stat.h>

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

TEST(SpecReader, ReadsAnEncoder) {
  Model model = llvm::cantFail(read(smallSpec));
  EXPECT_EQ(model.name, "small");
  EXPECT_EQ(model.width, 24);
  EXPECT_EQ(model.weights, "model.safetensors");
  EXPECT_EQ(model.tokenizer, "");
  EXPECT_EQ(model.textTokens, 0);
  ASSERT_EQ(model.stacks.size(), 1u);
  const Stack &stack = model.stacks[0];
  EXPECT_EQ(stack.name, "encoder");
  EXPECT_EQ(stack.layers, 3);
  EXPECT_EQ(stack.input.vocab, 100);
  EXPECT_EQ(stack.input.positions.kind, PositionKind::Learned);
  EXPECT_EQ(stack.input.positions.length, 32);
  EXPECT_EQ(stack.input.positions.offset, 0);
  EXPECT_EQ(stack.input.types, 2);
  EXPECT_TRUE(stack.input.norm);
  EXPECT_EQ(stack.input.scale, 1.0);
  EXPECT_EQ(stack.norm.kind, NormKind::LayerNorm);
  EXPECT_EQ(stack.norm.place, NormPlace::After);
  EXPECT_EQ(stack.norm.epsilon, 1e-12);
  EXPECT_TRUE(stack.norm.bias);
  ASSERT_TRUE(model.pooling);
  EXPECT_EQ(model.pooling->stack, "encoder");
  EXPECT_EQ(model.pooling->kinds, std::vector{PoolingKind::Mean});
  ASSERT_EQ(model.pooling->layers.size(), 1u);
  EXPECT_TRUE(std::get<VectorNorm>(model.pooling->layers[0]).unit);
}

TEST(SpecReader, FillsInWhatFollowsFromTheRest) {
  Model model = llvm::cantFail(read(smallSpec));
  const auto &attention = std::get<AttentionSublayer>(model.stacks[0].block[0]);
  EXPECT_EQ(attention.name, "attention");
  EXPECT_EQ(attention.heads, 4);
  EXPECT_EQ(attention.keyValueHeads, 4);
  EXPECT_EQ(attention.headSize, 6);
  EXPECT_EQ(attention.scale, 1 / std::sqrt(6.0));
  EXPECT_TRUE(attention.bias);
  EXPECT_TRUE(attention.outputBias);
  const auto &mlp = std::get<MlpSublayer>(model.stacks[0].block[1]);
  EXPECT_EQ(mlp.name, "mlp");
  EXPECT_EQ(mlp.hidden, 48);
  EXPECT_EQ(mlp.activation, Activation::Gelu);
  EXPECT_FALSE(mlp.gated);
  EXPECT_TRUE(mlp.bias);
}

TEST(SpecReader, ReadsEveryOtherKey) {
  Model model = llvm::cantFail(read(R"(tenon: 1
name: modern
width: 64
stacks:
  tower:
    input:
      vocab: 100
      positions: {kind: rotary, base: 160000.0, dims: 8, interleaved: true, length: 8192}
      scale: 8
    layers: 2
    norm: {kind: rmsnorm, place: before, epsilon: 0.5e-6, final: false}
    block:
      - attention: {heads: 8, kv_heads: 2, head_size: 16, bias: false, output_bias: false, scale: 0.25, name: self, mask: none}
      - mlp: {hidden: 96, activation: silu, gated: true, bias: false, name: "feed_forward"}
      - mlp: {hidden: 32, activation: 'relu'}
pooling: {stack: tower, kind: cls}
tokenizer: texts/tokenizer.json
text_tokens: 256
)"));
  const Stack &stack = model.stacks[0];
  const Positions &positions = stack.input.positions;
  EXPECT_EQ(positions.kind, PositionKind::Rotary);
  EXPECT_EQ(positions.base, 160000.0);
  EXPECT_EQ(positions.dims, 8);
  EXPECT_TRUE(positions.interleaved);
  EXPECT_EQ(positions.length, 8192);
  EXPECT_EQ(stack.input.scale, 8.0);
  EXPECT_EQ(stack.norm.kind, NormKind::RMSNorm);
  EXPECT_EQ(stack.norm.place, NormPlace::Before);
  EXPECT_EQ(stack.norm.epsilon, 0.5e-6);
  EXPECT_FALSE(stack.norm.bias);
  EXPECT_FALSE(stack.norm.final);
  const auto &attention = std::get<AttentionSublayer>(stack.block[0]);
  EXPECT_EQ(attention.name, "self");
  EXPECT_EQ(attention.keyValueHeads, 2);
  EXPECT_EQ(attention.headSize, 16);
  EXPECT_EQ(attention.scale, 0.25);
  EXPECT_FALSE(attention.bias);
  EXPECT_FALSE(attention.outputBias);
  const auto &gated = std::get<MlpSublayer>(stack.block[1]);
  EXPECT_EQ(gated.name, "feed_forward");
  EXPECT_EQ(gated.activation, Activation::Silu);
  EXPECT_TRUE(gated.gated);
  EXPECT_FALSE(gated.bias);
  EXPECT_EQ(std::get<MlpSublayer>(stack.block[2]).activation, Activation::Relu);
  EXPECT_EQ(model.pooling->kinds, std::vector{PoolingKind::Cls});
  EXPECT_TRUE(model.pooling->layers.empty());
  EXPECT_EQ(model.tokenizer, "texts/tokenizer.json");
  EXPECT_EQ(model.textTokens, 256);
}

TEST(SpecReader, PositionsAreAWordOrAMapping) {
  const std::string mapping = "{kind: learned, length: 32}";
  auto positions = [&](const std::string &text) {
    return llvm::cantFail(read(changed(smallSpec, mapping, text))).stacks[0].input.positions;
  };
  EXPECT_EQ(positions("none").kind, PositionKind::None);
  EXPECT_EQ(positions("{kind: none, length: 9}").length, 9);
  EXPECT_EQ(positions("rotary").kind, PositionKind::Rotary);
  EXPECT_EQ(positions("rotary").length, 1024);
  EXPECT_EQ(positions("{kind: rotary}").length, 1024);
  EXPECT_EQ(positions("sinusoidal").kind, PositionKind::Sinusoidal);
  EXPECT_EQ(positions("sinusoidal").length, 1024);
  EXPECT_EQ(positions("{kind: sinusoidal}").length, 1024);
  EXPECT_EQ(positions("{kind: sinusoidal, length: 77, base: 500, interleaved: true}").length, 77);
  EXPECT_EQ(positions("{kind: learned, length: 32, offset: 2}").offset, 2);
  EXPECT_EQ(llvm::cantFail(read(changed(smallSpec, ", positions: " + mapping, ""))).stacks[0].input.positions.kind,
            PositionKind::None);
}

TEST(SpecReader, NormIsLayerNormAfterUnlessGiven) {
  Model model =
      llvm::cantFail(read(changed(smallSpec, "    norm: {kind: layernorm, place: after, epsilon: 1e-12}\n", "")));
  EXPECT_EQ(model.stacks[0].norm.kind, NormKind::LayerNorm);
  EXPECT_EQ(model.stacks[0].norm.place, NormPlace::After);
  EXPECT_EQ(model.stacks[0].norm.epsilon, 1e-5);
}

TEST(SpecReader, NamesMapParametersToTensors) {
  Model model = llvm::cantFail(read(smallSpec + R"(names:
  encoder.input.tokens.weight: wte.weight
  encoder.layers.*.mlp.up.bias: "h.*.fc 1.bias"
  encoder.input.types.weight: encoder.input.types.weight
)"));
  ASSERT_EQ(model.names.size(), 2u);
  EXPECT_EQ(model.names[0].parameter, "encoder.input.tokens.weight");
  EXPECT_EQ(model.names[0].tensor, "wte.weight");
  EXPECT_EQ(model.names[1].tensor, "h.*.fc 1.bias");
}

TEST(SpecReader, CommentsOrderAndStyleDoNotMatter) {
  EXPECT_EQ(
      errorOf("# A spec\nweights: w\nstacks: {a: {layers: 1, block: [mlp: {hidden: 2}], input: {vocab: 2}}} # flow\n"
              "width: 4\nname: 'x'\ntenon: 1\n"),
      "");
}

TEST(SpecReader, ShowsTheLineAndACaret) {
  EXPECT_EQ(errorOf(changed(smallSpec, "width: 24", "width: 770")),
            "model.yaml:10:28: error: width (770) is not a multiple of heads (4)\n"
            "      - attention: {heads: 4}\n"
            "                           ^");
}

TEST(SpecReader, ReportsAllMistakesAtOnce) {
  std::string text = changed(smallSpec, "layers: 3", "layers: 0");
  text = changed(text, "types: 2", "typs: 2");
  text = changed(text, "activation: gelu", "activation: geluu");
  EXPECT_EQ(messagesOf(text), "6:65: error: input has no key 'typs'; did you mean 'types'?\n"
                              "7:13: error: layers (0) is not between 1 and 9999\n"
                              "11:39: error: activation: expected one of gelu, gelu_tanh, relu, silu, relu_squared, "
                              "quick_gelu, tanh, sigmoid, found 'geluu'; did "
                              "you mean 'gelu'?");
}

TEST(SpecReader, StopsCountingOutAtThirty) {
  std::string text = smallSpec;
  for (int i = 0; i < 40; ++i)
    text += "zzzzzz" + std::to_string(i) + ": 1\n";
  std::string error = errorOf(text);
  EXPECT_NE(error.find("zzzzzz29"), std::string::npos);
  EXPECT_EQ(error.find("zzzzzz30"), std::string::npos);
  EXPECT_NE(error.find("\n10 more errors"), std::string::npos);
}

TEST(SpecReader, ReadsFiles) {
  TempDirectory directory;
  EXPECT_EQ(llvm::cantFail(readSpecFile(directory.write("model.yaml", smallSpec))).name, "small");
  auto error = [](const std::string &path) { return llvm::toString(readSpecFile(path).takeError()); };
  EXPECT_EQ(error(directory.path("none.yaml")),
            "cannot read '" + directory.path("none.yaml") + "': No such file or directory");
  EXPECT_EQ(error(directory.path()), "cannot read '" + directory.path() + "': it is not a regular file");
  EXPECT_EQ(error(directory.write("large.yaml", std::string((1 << 20) + 1, '#'))),
            "cannot read '" + directory.path("large.yaml") + "': it has 1048577 bytes; a spec has at most 1048576");
  ASSERT_EQ(::mkfifo(directory.path("pipe.yaml").c_str(), 0600), 0);
  EXPECT_EQ(error(directory.path("pipe.yaml")),
            "cannot read '" + directory.path("pipe.yaml") + "': it is not a regular file");
}

/// The text between the first pair of these lines behind `from`.
static std::string between(const std::string &text, const std::string &open, const std::string &close,
                           size_t from = 0) {
  size_t begin = text.find(open, from);
  size_t end = text.find(close, begin + open.size());
  EXPECT_NE(end, std::string::npos);
  return text.substr(begin + open.size(), end - begin - open.size());
}

TEST(SpecDocumentation, ItsExampleIsASpec) {
  std::ostringstream page;
  page << std::ifstream(TENON_DOCS "/spec.md").rdbuf();
  std::string example = between(page.str(), "```yaml\n", "```");
  EXPECT_EQ(errorOf(example), "");
  // Its errors are those of the example with another width and a misspelt activation.
  std::string wrong = changed(changed(example, "width: 384 ", "width: 770 "), "activation: gelu", "activation: geluu");
  EXPECT_EQ(errorOf(wrong), between(page.str(), "```\n", "\n```", page.str().find("## Errors")));
  wrong = changed(example, "heads: 12}", "heads: 12, mask: \"k <= x\"}");
  EXPECT_EQ(errorOf(wrong), between(page.str(), "```\n", "\n```", page.str().find("They say what is wrong")));
}

TEST(SpecDocumentation, ItsTransformerIsTheExample) {
  std::ostringstream page, file;
  page << std::ifstream(TENON_DOCS "/spec.md").rdbuf();
  file << std::ifstream(TENON_DOCS "/../examples/translate/transformer-base.yaml").rdbuf();
  std::string example = between(page.str(), "```yaml\n", "```", page.str().find("Attention is all you need"));
  EXPECT_EQ(errorOf(example), "");
  EXPECT_EQ(example, file.str());
}

TEST(SpecDocumentation, ItsDecoderIsASpec) {
  std::ostringstream page;
  page << std::ifstream(TENON_DOCS "/spec.md").rdbuf();
  std::string example = between(page.str(), "```yaml\n", "```", page.str().find("A decoder is a stack"));
  EXPECT_EQ(errorOf(example), "");
  // A parameter that is part of a tensor.
  std::string names = between(page.str(), "```yaml\n", "```", page.str().find("of a\nGPT-2"));
  EXPECT_EQ(errorOf(example + names), "");
}
