//===- ConvolutionSpecTest.cpp - Gated convolutions in the spec -----------===//

#include "spec/Parameters.h"
#include "spec/SpecTexts.h"
#include "spec/SpecWriter.h"
#include "spec/Stacks.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

namespace {

const std::string convolved = R"yaml(tenon: 1
name: convolved
width: 6
stacks:
  decoder:
    input: {vocab: 9}
    layers: 2
    norm: {kind: rmsnorm, place: before}
    block:
      - convolution: {kernel: 4, hidden: 10}
head: {}
)yaml";

std::string with(const std::string &keys) {
  return changed(convolved, "{kernel: 4, hidden: 10}", "{" + keys + "}");
}

TEST(ConvolutionSpec, HasTheUsualKeys) {
  llvm::Expected<Model> model = read(convolved);
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  const auto &convolution = std::get<ConvolutionSublayer>(model->stacks[0].block[0]);
  EXPECT_EQ(convolution.kernel, 4);
  EXPECT_EQ(convolution.hidden, 10);
  EXPECT_TRUE(convolution.activation == Activation::Sigmoid && convolution.causal && convolution.bias);
  EXPECT_TRUE(keepsCache(*model, model->stacks[0]));
  EXPECT_NE(writeSpec(*model).find("- convolution: {kernel: 4, hidden: 10, activation: sigmoid}\n"), std::string::npos)
      << writeSpec(*model);
}

TEST(ConvolutionSpec, KeysAreWrittenAsTheyAreRead) {
  std::string keys = "kernel: 256, hidden: 3, activation: silu, causal: false, bias: false, name: c";
  llvm::Expected<Model> model = read(with(keys));
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_NE(writeSpec(*model).find("- convolution: {" + keys + "}\n"), std::string::npos) << writeSpec(*model);
}

TEST(ConvolutionSpec, ParametersAreThoseOfTheOperation) {
  llvm::Expected<Model> model = read(convolved);
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  std::vector<std::string> found;
  for (const spec::Parameter &parameter : parameters(*model))
    if (llvm::StringRef name = parameter.name; name.consume_front("decoder.layers.*.convolution."))
      found.push_back(name.str() + " " + std::to_string(parameter.shape[0]));
  EXPECT_EQ(found, (std::vector<std::string>{"norm.weight 6", "depthwise.weight 4", "gate.weight 10", "gate.bias 10",
                                             "up.weight 10", "up.bias 10", "down.weight 6", "down.bias 6"}));
}

/// A head on it then scores what is there as a whole, as with any mask that lets queries see later keys.
TEST(ConvolutionSpec, WithLaterRowsAStackIsReadAsAWhole) {
  llvm::Expected<Model> model = read(with("kernel: 4, hidden: 10, causal: false"));
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  EXPECT_FALSE(keepsCache(*model, model->stacks[0]));
}

TEST(ConvolutionSpec, MistakesAreReportedWhereTheyStand) {
  EXPECT_EQ(messagesOf(with("kernel: 257, hidden: 10")), "10:31: error: kernel (257) is not between 1 and 256");
  EXPECT_EQ(messagesOf(with("hidden: 10")), "10:22: error: convolution has no key 'kernel', which it needs");
  EXPECT_EQ(messagesOf(with("kernel: 4, hidden: 1000000000")),
            "10:42: error: hidden x width (1000000000 x 6) is more than the 2147483647 elements that a tensor can have");
  EXPECT_EQ(messagesOf(with("kernel: 4, hidden: 10, stride: 2")), "10:46: error: convolution has no key 'stride'\n"
            "10:46: note: its keys are kernel, hidden, activation, causal, bias, name");
  std::string kept = changed(with("kernel: 4, hidden: 10, causal: false"), "    block:", "    cache: true\n    block:");
  EXPECT_EQ(messagesOf(changed(kept, "head: {}\n", "")),
            "9:12: error: 'cache: true' is for a stack that goes on token by token; sublayer 'convolution' of 'decoder' "
            "reads later rows: write 'causal: true'");
}

TEST(ConvolutionSpec, RowsOfSeveralStacksAreRefused) {
  std::string messages = messagesOf(R"yaml(tenon: 1
name: joined
width: 6
stacks:
  a:
    input: {vocab: 9}
    layers: 1
    block: [mlp: {hidden: 3}]
  b:
    input: {vocab: 9}
    layers: 1
    block: [mlp: {hidden: 3}]
  both:
    input: {concat: [a, b]}
    layers: 1
    block: [convolution: {kernel: 4, hidden: 10}]
)yaml");
  EXPECT_EQ(messages, "16:26: error: a convolution goes through one stack's rows in their order; the rows of 'both' are "
                      "those of other stacks\n14:22: note: the first of them");
}

} // namespace
