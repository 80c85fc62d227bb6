//===- DecoderSpecTest.cpp - What decoders add to the spec ----------------===//

#include "expressions/Sugar.h"
#include "spec/Parameters.h"
#include "spec/Rotary.h"
#include "spec/SpecTexts.h"
#include "spec/SpecWriter.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

static const std::string gemma = R"yaml(tenon: 1
name: gemma
width: 12
stacks:
  decoder:
    input: {vocab: 50, positions: {kind: rotary, length: 64, base: 1e+06, scaling: {kind: linear, factor: 8}}, scale: 3.5}
    layers: 5
    norm: {kind: rmsnorm, place: both, epsilon: 1e-06, weight_offset: 1}
    cache: true
    cycle:
      - - attention: {heads: 4, kv_heads: 2, head_size: 6, bias: false, output_bias: false, scale: 0.25, mask: {window: 4}, score: "float(50.0) * tanh(s / float(50.0))", rotary: {base: 10000}, query_key_norm: {kind: rmsnorm, weight_offset: 1}}
        - mlp: {hidden: 20, activation: gelu_tanh, gated: true, bias: false}
      - - attention: {heads: 4, kv_heads: 2, head_size: 6, bias: false, output_bias: false, scale: 0.25, mask: causal, query_key_norm: {kind: rmsnorm, weight_offset: 1}}
        - mlp: {hidden: 20, activation: gelu_tanh, gated: true, bias: false}
head: {tied: true, softcap: 30}
weights: model.safetensors
tokenizer: tokenizer.json
chat_template: chat_template.jinja
tokens: {bos: 2, eos: [1, 49], pad: 0, add_bos: true}
)yaml";

static const std::string neox = R"(tenon: 1
name: neox
width: 12
stacks:
  decoder:
    input: {vocab: 50, positions: {kind: rotary, length: 64, dims: 2}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - parallel: {norm: each, block: [attention: {heads: 3, mask: causal}, mlp: {hidden: 20, activation: gelu}]}
head: {tied: false, bias: true}
weights: model.safetensors
names:
  decoder.layers.*.attention.query.weight: {tensor: h.*.qkv.weight, count: 4, period: 12}
  decoder.layers.*.attention.key.weight: {tensor: h.*.qkv.weight, offset: 4, count: 4, period: 12}
  decoder.layers.*.mlp.up.weight: {tensor: h.*.fc.weight, transpose: true}
)";

TEST(DecoderSpec, WritesWhatItReads) {
  EXPECT_EQ(writeSpec(llvm::cantFail(read(neox))), neox);
  // A cap's canonical form is the expression library's.
  std::string cap = "\"" + expressions::softcap(50).print() + "\"";
  EXPECT_EQ(writeSpec(llvm::cantFail(read(gemma))), changed(gemma, "\"float(50.0) * tanh(s / float(50.0))\"", cap));
}

TEST(DecoderSpec, OwnAnglesTakeNothingOfTheStacks) {
  std::string turning = changed(neox, "length: 64, dims: 2", "length: 64, base: 500, dims: 2, interleaved: true");
  Model model = llvm::cantFail(read(changed(turning, "mask: causal", "mask: causal, rotary: {}")));
  const auto &parallel = std::get<ParallelSublayer>(model.stacks[0].block[0]);
  std::optional<Rotary> own = rotaryOf(model.stacks[0], std::get<AttentionSublayer>(parallel.block[0]));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->base, 10000.0);
  EXPECT_EQ(own->dims, 4);
  EXPECT_FALSE(own->interleaved);

  std::string explicitly = changed(turning, "mask: causal", "mask: causal, rotary: {base: 10000, interleaved: true}");
  EXPECT_EQ(writeSpec(llvm::cantFail(read(explicitly))), explicitly);
}

TEST(DecoderSpec, ReadsACycle) {
  Model model = llvm::cantFail(read(gemma));
  const Stack &stack = model.stacks[0];
  EXPECT_EQ(stack.norm.place, NormPlace::Both);
  EXPECT_EQ(stack.norm.weightOffset, 1.0);
  EXPECT_TRUE(stack.cache);
  EXPECT_EQ(stack.input.positions.scaling.kind, ScalingKind::Linear);
  EXPECT_EQ(stack.input.positions.scaling.factor, 8.0);
  ASSERT_EQ(stack.cycle.size(), 2u);
  const auto &local = std::get<AttentionSublayer>(stack.cycle[0][0]);
  EXPECT_EQ(local.mask, expressions::window(4).print());
  EXPECT_EQ(local.score, expressions::softcap(50).print());
  EXPECT_TRUE(local.ownRotary);
  ASSERT_TRUE(local.rotary);
  EXPECT_EQ(local.rotary->base, 10000.0);
  EXPECT_EQ(local.rotary->scaling.kind, ScalingKind::None);
  ASSERT_TRUE(local.queryKeyNorm);
  EXPECT_EQ(local.queryKeyNorm->weightOffset, 1.0);
  EXPECT_FALSE(local.queryKeyNorm->overAll);
  const auto &global = std::get<AttentionSublayer>(stack.cycle[1][0]);
  EXPECT_EQ(global.mask, expressions::causal().print());
  EXPECT_EQ(global.score, "");
  EXPECT_FALSE(global.ownRotary);
  EXPECT_EQ(std::get<AttentionSublayer>(stack.block[0]).mask, local.mask);
  EXPECT_EQ(model.head->stack, "decoder");
  EXPECT_TRUE(model.head->tied);
  EXPECT_EQ(model.head->softcap, 30.0);
  EXPECT_EQ(model.tokens.bos, 2);
  EXPECT_EQ(model.tokens.eos, (std::vector<int64_t>{1, 49}));
  EXPECT_EQ(model.tokens.pad, 0);
  EXPECT_TRUE(model.tokens.addBos);
  EXPECT_EQ(model.chatTemplate, "chat_template.jinja");
}

TEST(DecoderSpec, ReadsParallelSublayersAndViews) {
  Model model = llvm::cantFail(read(neox));
  const auto &parallel = std::get<ParallelSublayer>(model.stacks[0].block[0]);
  EXPECT_EQ(parallel.norm, ParallelNorm::Each);
  ASSERT_EQ(parallel.block.size(), 2u);
  EXPECT_EQ(std::get<AttentionSublayer>(parallel.block[0]).heads, 3);
  EXPECT_EQ(std::get<MlpSublayer>(parallel.block[1]).hidden, 20);
  ASSERT_EQ(model.names.size(), 3u);
  EXPECT_EQ(model.names[1].offset, 4);
  EXPECT_EQ(model.names[1].count, 4);
  EXPECT_EQ(model.names[1].period, 12);
  EXPECT_TRUE(model.names[2].transpose);
}

TEST(DecoderSpec, ParametersOfNormsOnBothSidesAndOfQueriesAndKeys) {
  std::string list;
  for (const Parameter &parameter : parameters(llvm::cantFail(read(gemma)))) {
    list += parameter.name;
    for (int64_t extent : parameter.shape)
      list += " " + std::to_string(extent);
    list += (parameter.layers ? " x" + std::to_string(parameter.layers) : "") + "\n";
  }
  EXPECT_EQ(list, R"(decoder.input.tokens.weight 50 12
decoder.layers.*.attention.norm.weight 12 x5
decoder.layers.*.attention.query.weight 24 12 x5
decoder.layers.*.attention.query_norm.weight 6 x5
decoder.layers.*.attention.key.weight 12 12 x5
decoder.layers.*.attention.value.weight 12 12 x5
decoder.layers.*.attention.key_norm.weight 6 x5
decoder.layers.*.attention.output.weight 12 24 x5
decoder.layers.*.attention.norm_after.weight 12 x5
decoder.layers.*.mlp.norm.weight 12 x5
decoder.layers.*.mlp.gate.weight 20 12 x5
decoder.layers.*.mlp.up.weight 20 12 x5
decoder.layers.*.mlp.down.weight 12 20 x5
decoder.layers.*.mlp.norm_after.weight 12 x5
decoder.norm.weight 12
)");
}

TEST(DecoderSpec, ParametersOfParallelSublayersAndAHead) {
  auto names = [](const std::string &text) {
    std::string list;
    for (const Parameter &parameter : parameters(llvm::cantFail(read(text))))
      list += parameter.name + "\n";
    return list;
  };
  std::string each = names(neox);
  EXPECT_NE(each.find("decoder.layers.*.attention.norm.bias\n"), std::string::npos) << each;
  EXPECT_NE(each.find("decoder.layers.*.mlp.norm.weight\n"), std::string::npos);
  EXPECT_NE(each.find("decoder.norm.bias\nhead.weight\nhead.bias\n"), std::string::npos);
  std::string one = names(changed(neox, "norm: each, ", ""));
  EXPECT_NE(one.find("decoder.layers.*.parallel.norm.weight\n"), std::string::npos) << one;
  EXPECT_EQ(one.find("attention.norm"), std::string::npos);
  EXPECT_EQ(one.find("mlp.norm"), std::string::npos);
}

TEST(DecoderSpec, KeyBiasFollowsBias) {
  auto attention = [](const std::string &keys) {
    return std::get<AttentionSublayer>(
        llvm::cantFail(read(changed(smallSpec, "heads: 4", "heads: 4" + keys))).stacks[0].block[0]);
  };
  EXPECT_TRUE(attention("").keyBias);
  EXPECT_FALSE(attention(", bias: false").keyBias);
  EXPECT_FALSE(attention(", key_bias: false").keyBias);
  EXPECT_TRUE(attention(", key_bias: false").bias);
}

TEST(DecoderSpec, TablesAreParametersOfTheirLayer) {
  Model model = llvm::cantFail(
      read(changed(smallSpec, "heads: 4", "heads: 4, score: 's + table1(h, q - k + 8)', tables: [[1, 2], [4, 17]]")));
  const auto &attention = std::get<AttentionSublayer>(model.stacks[0].block[0]);
  EXPECT_EQ(attention.tables, (std::vector<Table>{{1, 2}, {4, 17}}));
  std::vector<Parameter> list = parameters(model);
  auto table =
      llvm::find_if(list, [](const Parameter &each) { return llvm::StringRef(each.name).ends_with("table1.weight"); });
  ASSERT_NE(table, list.end());
  EXPECT_EQ(table->name, "encoder.layers.*.attention.table1.weight");
  EXPECT_EQ(llvm::ArrayRef(table->shape), llvm::ArrayRef<int64_t>({4, 17}));
  EXPECT_EQ(std::get<AttentionSublayer>(llvm::cantFail(read(writeSpec(model))).stacks[0].block[0]).tables,
            attention.tables);
}

TEST(DecoderSpec, MasksAndScoresHaveOneCanonicalForm) {
  auto attention = [](const std::string &keys) {
    return std::get<AttentionSublayer>(
        llvm::cantFail(read(changed(smallSpec, "heads: 4", "heads: 4, " + keys))).stacks[0].block[0]);
  };
  EXPECT_EQ(attention("mask: none").mask, "");
  EXPECT_EQ(attention("mask: 'true'").mask, "");
  EXPECT_EQ(attention("mask: causal").mask, attention("mask: '((k)<=q)'").mask);
  EXPECT_EQ(attention("mask: {window: 3}").mask, attention("mask: 'k <= q && q - k < 3'").mask);
  EXPECT_EQ(attention("mask: {prefix: 3}").mask, attention("mask: 'k <= q || k < 3'").mask);
  EXPECT_EQ(attention("score: s").score, "");
  EXPECT_EQ(attention("score: alibi").score, expressions::alibi(4, expressions::AlibiStyle::Bloom).print());
  EXPECT_EQ(attention("score: {softcap: 20}").score, expressions::softcap(20).print());
}

namespace {

struct DecoderMistake {
  const char *name;
  const char *from; ///< What is changed in `gemma`, or in `neox`.
  const char *to;
  const char *message; ///< All of it after its place.
};

void PrintTo(const DecoderMistake &mistake, std::ostream *os) { *os << mistake.name; }

class DecoderSpecMistake : public testing::TestWithParam<DecoderMistake> {};

} // namespace

TEST_P(DecoderSpecMistake, IsReported) {
  const DecoderMistake &mistake = GetParam();
  const std::string &text = gemma.find(mistake.from) != std::string::npos ? gemma : neox;
  std::string messages = messagesOf(changed(text, mistake.from, mistake.to));
  EXPECT_EQ(messages.substr(messages.find("error: ")), std::string("error: ") + mistake.message);
}

static const DecoderMistake decoderMistakes[] = {
    {"ScalingKind", "kind: linear, factor: 8", "kind: liner, factor: 8",
     "kind: expected one of none, linear, dynamic_ntk, llama3, yarn, found 'liner'; did you mean 'linear'?"},
    {"ScalingFactorMissing", "kind: linear, factor: 8", "kind: linear", "scaling has no key 'factor', which it needs"},
    {"ScalingFactorBelowOne", "factor: 8", "factor: 0.5", "factor (0.5) is not at least 1"},
    {"ScalingLengthMissing", "kind: linear, factor", "kind: yarn, factor",
     "scaling has no key 'original_length', which it needs"},
    {"ScalingFrequencies", "kind: linear", "kind: llama3, original_length: 8, low_frequency_factor: 4",
     "high_frequency_factor is not above low_frequency_factor"},
    {"HeadTied", "tied: true", "tied: decoder.input", "tied: expected true or false, found 'decoder.input'"},
    {"HeadSoftcap", "softcap: 30", "softcap: -1", "softcap (-1) is not above 0"},
    {"HeadKey", "softcap: 30", "softcaps: 30", "head has no key 'softcaps'; did you mean 'softcap'?"},
    {"Window", "window: 4", "window: 0", "window (0) is not between 1 and 2147483647"},
    {"MaskKey", "{window: 4}", "{windw: 4}",
     "mask: expected none, causal, {window: n}, {prefix: n}, {prefix: STACK} or an expression, found the key 'windw'"},
    {"ScoreCap", "mask: causal", "score: {softcap: 1e-300}", "softcap (1e-300) is not between 0.001 and 1000000"},
    {"KeyBiasAlone", "mask: causal", "key_bias: true", "key_bias: true needs bias: true"},
    {"TablesMissing", "mask: causal", "score: 's + table1(h, k)', tables: [[4, 9]]",
     "score reads table1, but 'tables' lists 1"},
    {"TablesOfOneNumber", "mask: causal", "tables: [4, 9]",
     "tables: expected [[rows, columns], ...] of at most 8 tables"},
    {"TableWithoutRows", "mask: causal", "tables: [[0, 9]]", "rows (0) is not between 1 and 2147483647"},
    {"ScoreSequence", "mask: causal", "score: [s]",
     "score: expected alibi, {softcap: c}, {relative: {...}} or an expression, found a sequence"},
    {"RotaryBase", "rotary: {base: 10000}", "rotary: {base: 1}", "base (1) is not above 1"},
    {"RotaryDims", "rotary: {base: 10000}", "rotary: {dims: 8}",
     "rotary positions turn 8 components of a head of 6; expected an even number within the head's size"},
    {"QueryKeyNormKind", "query_key_norm: {kind: rmsnorm", "query_key_norm: {kind: rms",
     "kind: expected one of layernorm, rmsnorm, found 'rms'; did you mean 'rmsnorm'?"},
    {"QueryKeyNormOver", "query_key_norm: {kind: rmsnorm", "query_key_norm: {over: every, kind: rmsnorm",
     "over: expected one of head, all, found 'every'"},
    {"QueryKeyNormBias", "query_key_norm: {kind: rmsnorm", "query_key_norm: {bias: true, kind: rmsnorm",
     "rmsnorm has no bias; only layernorm has one"},
    {"CycleOfOtherShapes", "hidden: 20", "hidden: 21",
     "the blocks of a cycle need the same parameters with the same shapes; 'decoder.layers.*.mlp.gate.weight' of block "
     "0 and block 1 differ"},
    {"CycleAndBlock", "    cache: true\n", "    block: [mlp: {hidden: 2}]\n",
     "'block' and 'cycle' exclude each other: every layer has the one block, or they go through the cycle's blocks in "
     "turn"},
    {"ParallelPlace", "place: before", "place: after",
     "parallel sublayers need a norm with 'place: before'; this stack's has 'place: after'"},
    {"ParallelOfOne", "[attention: {heads: 3, mask: causal}, mlp: {hidden: 20, activation: gelu}]",
     "[mlp: {hidden: 20}]", "block: expected a sequence of two sublayers or more, found one of 1"},
    {"ParallelNames", "mlp: {hidden: 20, activation: gelu}", "mlp: {hidden: 20, name: attention}",
     "a second sublayer named 'attention' in one block; give each a name of its own with 'name'"},
    {"TokenBeyondVocabulary", "eos: [1, 49]", "eos: [1, 50]", "eos (50) is not between 0 and 49"},
    {"AddBosWithoutBos", "bos: 2, ", "", "'add_bos: true' needs 'bos', the token to add"},
    {"ViewWithoutTensor", "{tensor: h.*.fc.weight, transpose: true}", "{transpose: true}",
     "tensor of 'decoder.layers.*.mlp.up.weight' has no key 'tensor', which it needs"},
    {"ViewWithoutPeriod", "offset: 4, count: 4, period: 12", "offset: 4, count: 4",
     "'count' and 'period' belong together: 'count' rows of every 'period' are the parameter's"},
    {"ViewCountAbovePeriod", "offset: 4, count: 4, period: 12", "offset: 4, count: 13, period: 12",
     "count (13) is above period (12)"},
    {"ViewKey", "transpose: true", "transposed: true",
     "tensor of 'decoder.layers.*.mlp.up.weight' has no key 'transposed'; did you mean 'transpose'?"},
};

INSTANTIATE_TEST_SUITE_P(DecoderSpec, DecoderSpecMistake, testing::ValuesIn(decoderMistakes),
                         [](const testing::TestParamInfo<DecoderMistake> &info) {
                           return std::string(info.param.name);
                         });

TEST(DecoderSpec, ExpressionsHaveTheirCaretWithinTheScalar) {
  for (const char *quote : {"\"", "'"}) {
    std::string text = changed(smallSpec, "heads: 4", std::string("heads: 4, mask: ") + quote + "k <= x" + quote);
    std::string error = errorOf(text);
    size_t line = error.find("      - attention");
    ASSERT_NE(line, std::string::npos) << error;
    EXPECT_EQ(error.rfind("model.yaml:10:43: error: mask: ", 0), 0u) << error;
  }
  EXPECT_EQ(
      errorOf(changed(smallSpec, "heads: 4", "heads: 4, score: s * wat")).rfind("model.yaml:10:42: error: score: ", 0),
      0u);
}
