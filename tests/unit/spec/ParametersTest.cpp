#include "spec/Parameters.h"
#include "spec/SpecTexts.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

/// One line per parameter: its name, its shape, its layers.
static std::string listed(const std::string &text) {
  std::string list;
  for (const Parameter &parameter : parameters(llvm::cantFail(read(text)))) {
    list += parameter.name;
    for (int64_t extent : parameter.shape)
      list += " " + std::to_string(extent);
    list += (parameter.layers ? " x" + std::to_string(parameter.layers) : "") + "\n";
  }
  return list;
}

TEST(Parameters, OfAPostNormEncoder) {
  EXPECT_EQ(listed(smallSpec), R"(encoder.input.tokens.weight 100 24
encoder.input.types.weight 2 24
encoder.input.positions.weight 32 24
encoder.input.norm.weight 24
encoder.input.norm.bias 24
encoder.layers.*.attention.query.weight 24 24 x3
encoder.layers.*.attention.query.bias 24 x3
encoder.layers.*.attention.key.weight 24 24 x3
encoder.layers.*.attention.key.bias 24 x3
encoder.layers.*.attention.value.weight 24 24 x3
encoder.layers.*.attention.value.bias 24 x3
encoder.layers.*.attention.output.weight 24 24 x3
encoder.layers.*.attention.output.bias 24 x3
encoder.layers.*.attention.norm.weight 24 x3
encoder.layers.*.attention.norm.bias 24 x3
encoder.layers.*.mlp.up.weight 48 24 x3
encoder.layers.*.mlp.up.bias 48 x3
encoder.layers.*.mlp.down.weight 24 48 x3
encoder.layers.*.mlp.down.bias 24 x3
encoder.layers.*.mlp.norm.weight 24 x3
encoder.layers.*.mlp.norm.bias 24 x3
)");
}

TEST(Parameters, OfAPreNormEncoderWithGroupedHeadsAndAGate) {
  EXPECT_EQ(listed(R"(tenon: 1
name: x
width: 8
stacks:
  a:
    input: {vocab: 9, positions: {kind: learned, length: 5, offset: 2}}
    layers: 2
    norm: {kind: rmsnorm, place: before}
    block:
      - attention: {heads: 4, kv_heads: 2, head_size: 3, bias: false}
      - mlp: {hidden: 6, gated: true, bias: false}
)"),
            R"(a.input.tokens.weight 9 8
a.input.positions.weight 7 8
a.layers.*.attention.norm.weight 8 x2
a.layers.*.attention.query.weight 12 8 x2
a.layers.*.attention.key.weight 6 8 x2
a.layers.*.attention.value.weight 6 8 x2
a.layers.*.attention.output.weight 8 12 x2
a.layers.*.attention.output.bias 8 x2
a.layers.*.mlp.norm.weight 8 x2
a.layers.*.mlp.gate.weight 6 8 x2
a.layers.*.mlp.up.weight 6 8 x2
a.layers.*.mlp.down.weight 8 6 x2
a.norm.weight 8
)");
}

TEST(Parameters, NormsHaveTheBiasThatTheSpecGivesThem) {
  std::string text = changed(smallSpec, "epsilon: 1e-12", "bias: false");
  EXPECT_EQ(listed(text).find("norm.bias"), std::string::npos);
  text = changed(smallSpec, "place: after, epsilon: 1e-12", "place: before, final: false");
  EXPECT_EQ(listed(text).find("encoder.norm"), std::string::npos);
  text = changed(smallSpec, "place: after, epsilon: 1e-12", "place: before");
  EXPECT_NE(listed(text).find("encoder.norm.weight 24\nencoder.norm.bias 24\n"), std::string::npos);
}
