//===- ShareSpecTest.cpp - Parameters of the space, and what is shared ----===//

#include "spec/Corners.h"
#include "spec/Parameters.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

/// The parameters whose names begin with `beginning`: the rest of the name, shape, layers.
static std::string listed(const std::string &text, llvm::StringRef beginning, llvm::StringRef end = ".weight") {
  llvm::Expected<Model> model = read(text);
  if (!model)
    return llvm::toString(model.takeError());
  std::string list;
  for (const Parameter &parameter : parameters(*model)) {
    llvm::StringRef name = parameter.name;
    if (!name.consume_front(beginning) || !name.consume_back(end))
      continue;
    list += name.str();
    for (int64_t extent : parameter.shape)
      list += " " + std::to_string(extent);
    list += (parameter.layers ? " x" + std::to_string(parameter.layers) : "") + "\n";
  }
  return list;
}

TEST(ShareSpec, OneSegmentHasNoNameOfItsOwn) {
  EXPECT_EQ(listed(corner("encoder-decoder"), "decoder.layers.*.cross."),
            "norm 32 x2\nquery 32 32 x2\nkey 32 32 x2\nvalue 32 32 x2\noutput 32 32 x2\n");
  // What enters a layer passes a norm of the reader first.
  EXPECT_EQ(listed(corner("same-layer"), "decoder.layers.*.cross."),
            "norm 32 x2\nquery 32 32 x2\nencoder.norm 32 x2\nkey 32 32 x2\nvalue 32 32 x2\noutput 32 32 x2\n");
  std::string after = corner("same-layer");
  for (int i = 0; i < 2; ++i)
    after = changed(after, "place: before", "place: after");
  EXPECT_EQ(listed(after, "decoder.layers.*.cross."),
            "query 32 32 x2\nkey 32 32 x2\nvalue 32 32 x2\noutput 32 32 x2\nnorm 32 x2\n");
}

TEST(ShareSpec, SeveralSegmentsHaveKeysAndValuesEach) {
  std::string text = changed(corner("two-sources"), "same-layer}]", "same-layer}], query_key_norm: {kind: rmsnorm}");
  EXPECT_EQ(listed(text, "decoder.layers.*.cross."),
            "norm 32 x2\nquery 32 32 x2\nquery_norm 8 x2\n"
            "encoder.key 32 32 x2\nencoder.value 32 32 x2\nencoder.key_norm 8 x2\n"
            "memory.norm 24 x2\nmemory.key 32 24 x2\nmemory.value 32 24 x2\nmemory.key_norm 8 x2\n"
            "output 32 32 x2\n");
  EXPECT_EQ(listed(corner("joint"), "decoder.layers.*.attention."),
            "norm 32 x2\nquery 32 32 x2\nencoder.key 32 32 x2\nencoder.value 32 32 x2\nkey 32 32 x2\nvalue 32 32 x2\n"
            "output 32 32 x2\n");
}

TEST(ShareSpec, ALongerRuleHoldsAndChainsAreFollowed) {
  EXPECT_EQ(listed(corner("turned"), "decoder."), "");
  EXPECT_EQ(listed(corner("turned"), ""), listed(corner("prefix-lm"), ""));
  EXPECT_EQ(listed(corner("shared"), "decoder."), "");
  // A rule to itself takes parameters out of a shorter one.
  std::string own = changed(corner("shared"), "cross = decoder.layers.*.attention", "cross = decoder.layers.*.cross");
  EXPECT_EQ(listed(own, "decoder.layers.*.cross."), listed(corner("encoder-decoder"), "decoder.layers.*.cross."));
  EXPECT_EQ(listed(own, "decoder.layers.*.mlp."), "");
}

TEST(ShareSpec, AChainMayPassANameThatNothingHas) {
  // The norm of keys has no bias itself, but what it is shared with does.
  std::string text = changed(smallSpec, "heads: 4", "heads: 4, head_size: 24, query_key_norm: {kind: rmsnorm}");
  EXPECT_EQ(listed(text + "share:\n  - encoder.layers.*.mlp.norm = encoder.layers.*.attention.key_norm\n"
                          "  - encoder.layers.*.attention.key_norm = encoder.layers.*.attention.norm\n",
                   "encoder.layers.*.", ""),
            listed(text + "share:\n  - encoder.layers.*.mlp.norm = encoder.layers.*.attention.norm\n"
                          "  - encoder.layers.*.attention.key_norm = encoder.layers.*.attention.norm\n",
                   "encoder.layers.*.", ""));
}

TEST(ShareSpec, LayersAreOne) {
  EXPECT_EQ(listed(corner("two-sources"), "encoder.layers."),
            "0.attention.norm 32\n0.attention.query 32 32\n0.attention.key 32 32\n0.attention.value 32 32\n"
            "0.attention.output 32 32\n0.mlp.norm 32\n0.mlp.up 64 32\n0.mlp.down 32 64\n");
  // Of several stacks too, whatever their depths.
  std::string text = changed(corner("shared"), "  - \"decoder = encoder\"\n",
                             "  - \"decoder = encoder\"\n  - \"encoder.layers.* = encoder.layers.1\"\n");
  text = changed(text, "layers: 2\n", "layers: 5\n");
  EXPECT_EQ(listed(text, "decoder."), "");
  EXPECT_EQ(listed(text, "encoder.layers."),
            "1.attention.norm 32\n1.attention.query 32 32\n1.attention.key 32 32\n1.attention.value 32 32\n"
            "1.attention.output 32 32\n1.mlp.norm 32\n1.mlp.up 64 32\n1.mlp.down 32 64\n");
}

TEST(ShareSpec, ATensorOfSharedLayersHasAName) {
  std::string text = corner("two-sources") + "names:\n  encoder.layers.0.mlp.up.weight: up\n";
  EXPECT_EQ(messagesOf(text), "");
  EXPECT_NE(messagesOf(changed(text, "layers.0.mlp", "layers.*.mlp"))
                .find("'encoder.layers.*.mlp.up.weight' is 'encoder.layers.0.mlp.up.weight' by 'share'"),
            std::string::npos);
}

TEST(ShareSpec, ManyRulesForManyParametersAreResolvedOnce) {
  std::string text = "tenon: 1\nname: x\nwidth: 2\nstacks:\n";
  for (int i = 0; i < 64; ++i) {
    text += "  s" + std::to_string(i) + ":\n    input: {vocab: 2}\n    layers: 1\n    block: [";
    for (int j = 0; j < 64; ++j)
      text += "mlp: {hidden: 2, name: m" + std::to_string(j) + "}" + (j < 63 ? ", " : "]\n");
  }
  text += "share:\n";
  for (int i = 0; i < 63; ++i)
    text += "  - s" + std::to_string(i) + " = s" + std::to_string(i + 1) + "\n";
  EXPECT_EQ(listed(text, "s0."), "");
  EXPECT_EQ(listed(text, "s63.input."), "tokens 2 2\n");
}

namespace {

struct Mistake {
  const char *name;
  const char *corner;
  const char *rule; ///< After the corner's own.
  const char *message;
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

class ShareMistake : public testing::TestWithParam<Mistake> {};

} // namespace

TEST_P(ShareMistake, IsReported) {
  const Mistake &mistake = GetParam();
  std::string text = changed(corner(mistake.corner), "share:\n", std::string("share:\n") + mistake.rule);
  EXPECT_EQ(firstError(text), mistake.message);
}

static const Mistake mistakes[] = {
    {"RightHasNone", "encoder-decoder", "  - \"decoder = encoder\"\n",
     "error: share: 'decoder.layers.*.cross.norm.weight' would be 'encoder.layers.*.cross.norm.weight', which the "
     "model "
     "does not have"},
    {"Circle", "encoder-decoder",
     "  - \"decoder.layers.*.mlp = encoder.layers.*.mlp\"\n  - \"encoder.layers.*.mlp = decoder.layers.*.mlp\"\n",
     "error: share: 'encoder.layers.*.mlp.norm.weight' would be 'decoder.layers.*.mlp.norm.weight', which is shared in "
     "a circle\nnote: the rule for 'decoder.layers.*.mlp.norm.weight'"},
    {"Twice", "encoder-decoder", "  - \"decoder.input.tokens = encoder.input.tokens\"\n",
     "error: share: a second rule for 'decoder.input.tokens'\nnote: the first one"},
    {"OneLayerOfTheLeft", "encoder-decoder", "  - \"decoder.layers.1.mlp = encoder.layers.*.mlp\"\n",
     "error: share: 'encoder.layers.*.mlp' has a '*' for the layer, but 'decoder.layers.1.mlp' has none"},
    {"OneLayer", "encoder-decoder", "  - \"decoder.layers.1.mlp = encoder.layers.0.mlp\"\n",
     "error: share: 'decoder.layers.1.mlp' is one layer's; all layers share: write 'decoder.layers.*.mlp'"},
    {"OneLayerOfOthersOwn", "encoder-decoder", "  - \"decoder.layers.*.mlp = encoder.layers.0.mlp\"\n",
     "error: share: 'decoder.layers.*.mlp.norm.weight' would be 'encoder.layers.0.mlp.norm.weight', of which every "
     "layer has its own; share 'encoder.layers.* = encoder.layers.0' too"},
    {"NoSuchLayer", "encoder-decoder", "  - \"encoder.layers.* = encoder.layers.2\"\n",
     "error: share: 'encoder.layers.*.attention.norm.weight' would be 'encoder.layers.2.attention.norm.weight'; stack "
     "'encoder' has 2 layers, from 0 on"},
    {"Growing", "encoder-decoder", "  - \"decoder = decoder.layers.*.mlp\"\n",
     "error: share: 'decoder.layers.*.mlp' has a '*' for the layer, but 'decoder' has none"},
    {"WithoutEnd", "encoder-decoder", "  - \"decoder = decoder.decoder\"\n",
     "error: share: 'decoder.layers.*.attention.norm.weight' would be "
     "'decoder.decoder.layers.*.attention.norm.weight', which is shared in a circle\n"
     "note: the rule for 'decoder.decoder.layers.*.attention.norm.weight'"},
    {"NothingLeft", "shared",
     "  - \"decoder.layers.*.cross.query = decoder.layers.*.attention.query\"\n"
     "  - \"decoder.layers.*.cross.query.weight = decoder.layers.*.attention.query.weight\"\n"
     "  - \"decoder.layers.*.cross.query.bias = decoder.layers.*.attention.query.bias\"\n",
     "error: share: longer rules leave no parameter to 'decoder.layers.*.cross.query'"},
};

INSTANTIATE_TEST_SUITE_P(ShareSpec, ShareMistake, testing::ValuesIn(mistakes),
                         [](const testing::TestParamInfo<Mistake> &info) { return std::string(info.param.name); });
