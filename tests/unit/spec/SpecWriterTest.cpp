#include "spec/SpecWriter.h"
#include "expressions/Sugar.h"
#include "spec/Corners.h"
#include "spec/Rotary.h"
#include "spec/Stacks.h"
#include <bit>
#include <cmath>

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

/// Every field of a model, for comparisons; numbers as the bits that they are.
class FieldList {
public:
  std::string text;

  void add(auto... values) { ((text += std::to_string(values) + " "), ...); }
  void real(double value) { add(std::bit_cast<uint64_t>(value)); }

  void add(const Rotary &rotary) {
    const RotaryScaling &scaling = rotary.scaling;
    add(rotary.dims, rotary.interleaved, int(scaling.kind), scaling.originalLength, scaling.truncate);
    for (double value : {rotary.base, scaling.factor, scaling.lowFrequencyFactor, scaling.highFrequencyFactor,
                         scaling.betaFast, scaling.betaSlow, scaling.attentionFactor})
      real(value);
  }

  void add(const AttentionSublayer &attention) {
    text += "\n attention " + attention.name + " " + attention.mask + " " + attention.prefixMask + " " +
            attention.score + " ";
    add(attention.heads, attention.keyValueHeads, attention.headSize, attention.bias, attention.keyBias,
        attention.outputBias, attention.ownRotary, attention.rotary.has_value(), attention.queryKeyNorm.has_value(),
        attention.joint);
    for (const Source &source : attention.sources) {
      text += "from " + source.stack + " ";
      add(int(source.state));
      for (int64_t layer : source.layers)
        add(layer);
    }
    real(attention.scale);
    if (const std::optional<RelativeBias> &relative = attention.relative)
      add(relative->buckets, relative->distance, relative->bidirectional);
    if (attention.rotary)
      add(*attention.rotary);
    if (const std::optional<QueryKeyNorm> &norm = attention.queryKeyNorm) {
      add(int(norm->kind), norm->bias, norm->overAll);
      real(norm->epsilon);
      real(norm->weightOffset);
    }
  }

  template <KeyedSublayer Kind> void add(const Kind &sublayer) {
    text += "\n " + std::string(Kind::kind) + " " + sublayer.name + " ";
    Kind::forEachKey(sublayer, [&](const auto &, const auto &value) { add(int64_t(value)); });
  }

  void add(const Convolution &convolution) {
    add(convolution.channels, convolution.kernel, convolution.stride, convolution.bias,
        convolution.activation ? int(*convolution.activation) : -1);
  }

  void add(const ParallelSublayer &parallel) {
    text += "\n parallel " + parallel.name + " ";
    add(int(parallel.norm));
    for (const auto &sublayer : parallel.block)
      std::visit([&](const auto &kind) { add(kind); }, sublayer);
  }

  void add(const Block &block) {
    for (const Sublayer &sublayer : block)
      std::visit([&](const auto &kind) { add(kind); }, sublayer);
  }

  void add(const Stack &stack) {
    const Positions &positions = stack.input.positions;
    text += "\n" + stack.name + " ";
    add(stack.layers, stack.cache, stack.input.vocab, stack.input.types, stack.input.norm, stack.width,
        stack.input.features, stack.input.zeroFirst);
    for (const Convolution &convolution : stack.input.convolutions)
      add(convolution);
    for (const std::string &part : stack.input.parts)
      text += "part " + part + " ";
    text += "behind " + positions.behind + " prefix " + stack.prefix + " ";
    real(stack.input.scale);
    add(int(positions.kind), positions.length, positions.offset, positions.pad.value_or(-1), int(positions.spacing));
    add(Rotary{positions.base, positions.dims, positions.interleaved, positions.scaling});
    add(int(stack.norm.kind), int(stack.norm.place), stack.norm.bias, stack.norm.final);
    real(stack.norm.epsilon);
    real(stack.norm.weightOffset);
    add(stack.block);
    for (const Block &block : stack.cycle)
      add(block);
  }

  void add(const PoolingLayer &layer) {
    text += "\n layer ";
    if (const auto *dense = std::get_if<DenseLayer>(&layer))
      add(dense->size, dense->activation ? int(*dense->activation) : -1, dense->bias, dense->residual);
    else if (const VectorNorm &norm = std::get<VectorNorm>(layer); add(norm.unit), !norm.unit)
      real(norm.epsilon);
  }

  void add(const SpecialTokens &tokens) {
    add(tokens.bos.value_or(-1), tokens.pad.value_or(-1), tokens.addBos, tokens.eos.size());
    for (const std::vector<int64_t> *ids :
         {&tokens.eos, &tokens.start, &tokens.forced, &tokens.suppress, &tokens.suppressFirst}) {
      text += "\n ids ";
      for (int64_t id : *ids)
        add(id);
    }
    add(tokens.forcedLast.value_or(-1), tokens.noSpeech.value_or(-1), tokens.previous.value_or(-1));
    if (tokens.timestamps) {
      add(tokens.timestamps->begin, tokens.timestamps->none);
      real(tokens.timestamps->step);
    }
  }
};

static std::string allFields(const Model &model) {
  FieldList fields;
  fields.text = model.name + " " + model.weights + " " + model.tokenizer + " " + model.targetTokenizer + " " +
                model.chatTemplate + "\n";
  if (model.chatTokens)
    for (const ChatToken &token : *model.chatTokens)
      fields.text += token.name + "=" + token.text + ";";
  fields.add(model.chatTokens.has_value());
  fields.add(model.width, model.textTokens);
  for (const Stack &stack : model.stacks)
    fields.add(stack);
  if (model.pooling) {
    fields.text += "\n" + model.pooling->stack + " ";
    for (PoolingKind kind : model.pooling->kinds)
      fields.add(int(kind));
    for (const std::vector<PoolingLayer> *layers : {&model.pooling->tokenLayers, &model.pooling->layers})
      for (const PoolingLayer &layer : *layers)
        fields.add(layer);
    fields.add(model.pooling->size, model.pooling->prompt);
  }
  fields.add(model.lowerCase);
  for (const Prompt &prompt : model.prompts)
    fields.text += "\nprompt " + prompt.name + "=" + prompt.text;
  fields.text += "\n" + model.defaultPrompt;
  if (model.head) {
    fields.text += "\nhead " + model.head->stack + " ";
    fields.add(model.head->tied, model.head->bias);
    fields.real(model.head->scale);
    fields.real(model.head->softcap);
  }
  fields.add(model.tokens);
  if (const std::optional<Audio> &audio = model.audio)
    fields.add(audio->rate, audio->window, audio->hop, audio->bins, audio->frames);
  for (const Share &share : model.shares)
    fields.text += "\n" + share.parameters + " = " + share.source;
  for (const TensorName &name : model.names) {
    fields.text += "\n" + name.parameter + " = " + name.tensor + " ";
    fields.add(name.transpose, name.offset, name.count, name.period);
  }
  return fields.text;
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
    stack.input.positions = {PositionKind(bits % 4), 0, 0, {}, 10000.0, 0, false, {}};
    Positions &positions = stack.input.positions;
    if (positions.kind == PositionKind::Learned)
      positions.length = 7, positions.offset = bit(2) * 2;
    if (positions.offset > 0)
      positions.pad = bit(3);
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
    attention.bias = attention.keyBias = bit(2);
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

TEST(SpecWriter, PrefixesReadBack) {
  Model model = llvm::cantFail(read(corner("prefix-lm-one")));
  auto &attention = std::get<AttentionSublayer>(model.stacks[0].block[0]);
  EXPECT_EQ(model.stacks[0].prefix, "encoder");
  EXPECT_EQ(attention.prefixMask, "true");
  for (const expressions::Expression &mask : {expressions::window(3), expressions::prefix(4)}) {
    attention.prefixMask = mask.print();
    expectSameAgain(model);
  }
  for (const char *mask : {"true", "k % 2 == 0 || k <= q", ""}) {
    attention.prefixMask = mask;
    expectSameAgain(model);
  }
}

TEST(SpecWriter, EveryCombinationOfSourcesReadsBack) {
  const Model corners[] = {llvm::cantFail(read(corner("joint"))), llvm::cantFail(read(corner("concat")))};
  for (unsigned bits = 0; bits < 512; ++bits) {
    auto bit = [&](unsigned index) { return bits >> index & 1; };
    Model model = corners[0];
    Stack memory = corners[1].stacks[2]; // Parts, of which the last is read as a whole here.
    memory.name = "memory";
    memory.input.parts = {"encoder", "other"};
    std::get<AttentionSublayer>(memory.block[0]).mask = bit(0) ? "" : "segment < 1 || k <= q";
    Stack other = model.stacks[0];
    other.name = "other";
    auto &attention = std::get<AttentionSublayer>(model.stacks[1].block[0]);
    attention.joint = bit(1);
    attention.sources = {{"encoder", SourceState(bits % 3)}};
    if (bit(2))
      attention.sources.push_back({"memory", SourceState(bits / 4 % 3)});
    if (bit(3))
      attention.sources.push_back({"other", SourceState(bits / 8 % 3)});
    for (Source &source : attention.sources)
      if (source.state == SourceState::Layers)
        source.layers = {1, bit(4)};
    const expressions::Expression words[] = {expressions::causal(), expressions::window(3), expressions::prefix(4)};
    expressions::Expression word = words[bits / 32 % 3];
    auto own = static_cast<int32_t>(attention.sources.size());
    attention.mask = bit(7) ? expressions::fromSegment(own, word).print() : word.print();
    if (bit(8))
      model.stacks[1].input.positions.behind.clear();
    model.stacks.push_back(other);
    model.stacks.push_back(memory);
    model.shares.push_back({"other", "encoder"});
    model.head.reset();
    model.tokens.start.clear();
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

TEST(SpecWriter, PoolingsAndPromptsReadBack) {
  for (unsigned bits = 0; bits < 256; ++bits) {
    auto bit = [&](unsigned index) { return bits >> index & 1; };
    Model model = llvm::cantFail(read(smallSpec));
    Pooling &pooling = *model.pooling;
    pooling.kinds = {PoolingKind(bits % 6)};
    if (bit(3))
      pooling.kinds.push_back(PoolingKind::Last);
    pooling.tokenLayers.clear();
    pooling.layers.clear();
    if (bit(4))
      pooling.tokenLayers = {VectorNorm{.unit = true}, DenseLayer{10, Activation::Tanh, bool(bit(5)), bool(bit(6))}};
    if (bit(5))
      pooling.layers = {VectorNorm{.epsilon = bit(6) ? 1e-5 : 1e-3}, DenseLayer{12, std::nullopt, true, bool(bit(7))}};
    if (bit(7))
      pooling.layers.push_back(VectorNorm{.unit = true});
    pooling.size = bit(6) * 7;
    pooling.prompt = bit(4);
    model.lowerCase = bit(5);
    if (bit(3))
      model.prompts = {{"query", "query: \"a\"\n"}, {"two words: yes", ""}};
    if (bit(3) && bit(6))
      model.defaultPrompt = "two words: yes";
    expectSameAgain(model);
  }
}

static RotaryScaling scalingOf(unsigned bits) {
  auto bit = [&](unsigned index) { return bits >> index & 1; };
  RotaryScaling scaling;
  scaling.kind = ScalingKind(bits % 5);
  if (scaling.kind != ScalingKind::None)
    scaling.factor = bit(3) ? 2 : 1.2345678901234567;
  if (scaling.kind != ScalingKind::None && scaling.kind != ScalingKind::Linear)
    scaling.originalLength = 30;
  if (scaling.kind == ScalingKind::Llama3 && bit(4))
    scaling.lowFrequencyFactor = 0.5, scaling.highFrequencyFactor = 3;
  if (scaling.kind == ScalingKind::Yarn) {
    scaling.attentionFactor = bit(4) ? 1.25 : yarnAttentionFactor(scaling.factor);
    scaling.betaFast = bit(5) ? 32 : 8;
    scaling.betaSlow = bit(6) ? 1 : 2;
    scaling.truncate = bit(7);
  }
  return scaling;
}

/// An attention whose keys beyond an encoder's are chosen by `bits`.
static AttentionSublayer decodersAttention(unsigned bits) {
  auto bit = [&](unsigned index) { return bits >> index & 1; };
  AttentionSublayer attention = std::get<AttentionSublayer>(llvm::cantFail(read(smallSpec)).stacks[0].block[0]);
  attention.keyBias = attention.bias && bit(3);
  const expressions::Expression masks[] = {expressions::causal(), expressions::window(3), expressions::prefix(4),
                                           *expressions::parse("q / 7 == k / 7", expressions::Kind::Mask)};
  attention.mask = bit(4) ? masks[bits % 4].print() : "";
  const expressions::Expression scores[] = {expressions::softcap(12.5f),
                                            expressions::alibi(4, expressions::AlibiStyle::Bloom),
                                            *expressions::parse("s * 2.5", expressions::Kind::Score)};
  attention.score = bit(5) ? scores[bits % 3].print() : "";
  attention.ownRotary = bit(6);
  if (bit(6) && bit(7))
    attention.rotary = Rotary{123, bit(8) ? 4 : 0, bool(bit(9)), scalingOf(bits)};
  if (bit(8))
    attention.queryKeyNorm =
        QueryKeyNorm{NormKind(bit(4)), bit(5) ? 1e-6 : 0.5e-3, double(bit(6)), bit(4) == 0 && bit(7), bool(bit(9))};
  return attention;
}

TEST(SpecWriter, EveryCombinationOfADecoderReadsBack) {
  for (unsigned bits = 0; bits < 1024; ++bits) {
    auto bit = [&](unsigned index) { return bits >> index & 1; };
    Model model = llvm::cantFail(read(smallSpec));
    Stack &stack = model.stacks[0];
    MlpSublayer mlp = std::get<MlpSublayer>(stack.block[1]);
    mlp.activation = Activation(bits % 6);
    stack.input.positions = {PositionKind::Rotary, 64, 0, {}, 10000.0, bit(9) * 2, bool(bit(8)), scalingOf(bits)};
    stack.norm.place = bit(1) ? NormPlace::Before : NormPlace::Both;
    stack.norm.weightOffset = bit(2);
    stack.block = {decodersAttention(bits), mlp};
    if (bit(0) && bit(1))
      stack.block = {
          ParallelSublayer{bit(4) ? "parallel" : "side", ParallelNorm(bit(5)), {decodersAttention(bits), mlp}}};
    if (bit(2) && !bit(8) && !bit(3)) {
      stack.cycle = {stack.block, {decodersAttention(bits ^ 16), mlp}};
      if (bit(0) && bit(1))
        stack.cycle[1] = stack.block;
    }
    stack.cache = bit(3) && isCausal(stack);
    model.pooling.reset();
    model.head = Head{"encoder", bool(bit(4)), bool(bit(5)), bit(6) ? 1 : 0.25, bit(7) * 30.0};
    model.chatTemplate = bit(8) ? "chat.jinja" : "";
    model.chatTokens.reset();
    if (bit(8) && bit(9))
      model.chatTokens = bit(4) ? std::vector<ChatToken>{{"bos_token", "<s>"}, {"zz", "\n\""}} : std::vector<ChatToken>();
    if (bit(9))
      model.tokens = {1, {2, 3}, 99, true};
    else if (bit(8))
      model.tokens.eos = {7};
    model.names = {{"encoder.layers.*.mlp.up.weight", "up.*", bool(bit(4)), 3 * bit(5), bit(6) * 48, bit(6) * 96}};
    expectSameAgain(model);
  }
}
