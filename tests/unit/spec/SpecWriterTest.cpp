#include "spec/SpecWriter.h"
#include "spec/SpecTexts.h"
#include <bit>
#include <cmath>

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

/// Every field of a model, for comparisons; numbers as the bits that they are.
static std::string allFields(const Model &model) {
  std::string text;
  auto add = [&](auto... values) { ((text += std::to_string(values) + " "), ...); };
  auto real = [&](double value) { add(std::bit_cast<uint64_t>(value)); };
  text += model.name + " " + model.weights + " " + model.tokenizer + "\n";
  add(model.width, model.textTokens);
  for (const Stack &stack : model.stacks) {
    const Positions &positions = stack.input.positions;
    text += "\n" + stack.name + " ";
    add(stack.layers, stack.input.vocab, stack.input.types, stack.input.norm);
    real(stack.input.scale);
    add(int(positions.kind), positions.length, positions.offset, positions.dims, positions.interleaved);
    real(positions.base);
    add(int(stack.norm.kind), int(stack.norm.place), stack.norm.bias, stack.norm.final);
    real(stack.norm.epsilon);
    for (const Sublayer &sublayer : stack.block) {
      if (const auto *attention = std::get_if<AttentionSublayer>(&sublayer)) {
        text += "\n attention " + attention->name + " ";
        add(attention->heads, attention->keyValueHeads, attention->headSize, attention->bias, attention->outputBias);
        real(attention->scale);
      } else {
        const auto &mlp = std::get<MlpSublayer>(sublayer);
        text += "\n mlp " + mlp.name + " ";
        add(mlp.hidden, int(mlp.activation), mlp.gated, mlp.bias);
      }
    }
  }
  if (model.pooling) {
    text += "\n" + model.pooling->stack + " ";
    add(int(model.pooling->kind), model.pooling->normalize);
  }
  for (const TensorName &name : model.names)
    text += "\n" + name.parameter + " = " + name.tensor;
  return text;
}

static void expectSameAgain(const Model &model) {
  std::string text = writeSpec(model);
  llvm::Expected<Model> again = read(text);
  ASSERT_TRUE(bool(again)) << llvm::toString(again.takeError()) << "\n" << text;
  EXPECT_EQ(allFields(*again), allFields(model)) << text;
}

TEST(SpecWriter, WritesTheFormOfTheDocumentation) { EXPECT_EQ(writeSpec(llvm::cantFail(read(smallSpec))), smallSpec); }

TEST(SpecWriter, LeavesOutDefaults) {
  const std::string text = R"(tenon: 1
name: plain
width: 8
stacks:
  a:
    input: {vocab: 9, positions: rotary}
    layers: 1
    norm: {kind: rmsnorm, place: before}
    block:
      - attention: {heads: 2}
)";
  EXPECT_EQ(writeSpec(llvm::cantFail(read(text))), text);
}

TEST(SpecWriter, QuotesWhatIsNoPlainWord) {
  Model model = llvm::cantFail(read(smallSpec));
  model.tokenizer = "a: b #c.json";
  model.weights = "\xc3\xa9t\xc3\xa9 \"1\".safetensors";
  model.names = {{"encoder.input.tokens.weight", "true"},
                 {"encoder.input.types.weight", "null"},
                 {"encoder.layers.*.mlp.up.weight", "*"},
                 {"encoder.layers.*.mlp.down.weight", "- *\n\t\x01"}};
  expectSameAgain(model);
}

TEST(SpecWriter, EveryCombinationReadsBack) {
  for (unsigned bits = 0; bits < 1024; ++bits) {
    auto bit = [&](unsigned index) { return bits >> index & 1; };
    Model model = llvm::cantFail(read(smallSpec));
    Stack &stack = model.stacks[0];
    stack.input.positions = {PositionKind(bits % 4), 0, 0, 10000.0, 0, false, {}};
    Positions &positions = stack.input.positions;
    if (positions.kind == PositionKind::Learned)
      positions.length = 7, positions.offset = bit(2) * 2;
    if (positions.kind == PositionKind::Sinusoidal)
      positions.length = bit(2) ? 1024 : 5, positions.base = bit(3) ? 10000 : 1234.5678901234567;
    if (positions.kind == PositionKind::Rotary)
      positions.dims = bit(2) * 2, positions.interleaved = bit(3), positions.length = bit(4) ? 100 : 1024;
    stack.input.types = bit(5) * 3;
    stack.input.norm = bit(6);
    stack.input.scale = bit(7) ? 1.0 : 0.1;
    stack.norm.kind = NormKind(bit(2));
    stack.norm.place = NormPlace(bit(3));
    stack.norm.bias = stack.norm.kind == NormKind::LayerNorm && bit(4);
    stack.norm.final = stack.norm.place == NormPlace::After || bit(5);
    stack.norm.epsilon = bit(6) ? 1e-5 : 1.0000000000000003e-7;
    auto &attention = std::get<AttentionSublayer>(stack.block[0]);
    attention.keyValueHeads = bit(7) ? 4 : 2;
    attention.headSize = bit(8) ? 6 : 10;
    attention.scale = bit(9) ? 1 / std::sqrt(double(attention.headSize)) : 0.3;
    attention.bias = bit(2);
    attention.outputBias = bit(3);
    attention.name = bit(4) ? "attention" : "self";
    auto &mlp = std::get<MlpSublayer>(stack.block[1]);
    mlp.activation = Activation(bits / 4 % 4);
    mlp.gated = bit(8);
    mlp.bias = bit(9);
    mlp.name = bit(5) ? "mlp" : "ffn";
    if (bit(6))
      model.pooling.reset();
    model.textTokens = bit(7) * 20;
    expectSameAgain(model);
  }
}

TEST(SpecWriter, SeveralStacksNameTheOneThatIsPooled) {
  Model model = llvm::cantFail(read(smallSpec));
  model.stacks.push_back(model.stacks[0]);
  model.stacks[1].name = "other";
  model.pooling->stack = "other";
  expectSameAgain(model);
}
