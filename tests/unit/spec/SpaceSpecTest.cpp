//===- SpaceSpecTest.cpp - What stacks have of each other -----------------===//

#include "spec/Corners.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "spec/Stacks.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

static Model modelOf(const std::string &text) {
  llvm::Expected<Model> model = read(text);
  if (!model) {
    ADD_FAILURE() << llvm::toString(model.takeError()) << text;
    return {};
  }
  return *model;
}

static AttentionSublayer attentionOf(const Model &model, const std::string &stack, size_t sublayer) {
  return std::get<AttentionSublayer>(model.findStack(stack)->block[sublayer]);
}

class Corner : public testing::TestWithParam<const char *> {};

TEST_P(Corner, IsWrittenAsItIsRead) {
  std::string text = corner(GetParam());
  EXPECT_EQ(writeSpec(modelOf(text)), text.substr(text.find("tenon: 1"))); // Behind the comment.
}

INSTANTIATE_TEST_SUITE_P(SpaceSpec, Corner,
                         testing::Values("encoder-decoder", "shared", "same-layer", "joint", "concat", "prefix-lm",
                                         "turned", "gpt", "two-sources"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           std::string name = info.param;
                           llvm::replace(name, '-', '_');
                           return name;
                         });

TEST(SpaceSpec, WordsAreAboutTheOwnKeysOfAJointAttention) {
  auto maskOf = [](const std::string &mask) {
    return attentionOf(modelOf(changed(corner("joint"), "mask: causal", "mask: " + mask)), "decoder", 0).mask;
  };
  EXPECT_EQ(maskOf("causal"), "segment < 1 || k <= q");
  EXPECT_EQ(maskOf("{window: 4}"), "segment < 1 || k <= q && q - k < 4");
  EXPECT_EQ(maskOf("{prefix: 4}"), "segment < 1 || (k <= q || k < 4)");
  EXPECT_EQ(maskOf("{prefix: encoder}"), "segment < 1 || k <= q");
  EXPECT_EQ(maskOf("none"), "");
  EXPECT_EQ(maskOf("k <= q"), "k <= q");
}

TEST(SpaceSpec, WordsAreAboutThePlacesInAConcatenation) {
  auto maskOf = [](const std::string &mask) {
    return attentionOf(modelOf(changed(corner("concat"), "{prefix: encoder}", mask)), "both", 0).mask;
  };
  EXPECT_EQ(maskOf("causal"), "k <= q");
  EXPECT_EQ(maskOf("{window: 4}"), "k <= q && q - k < 4");
  EXPECT_EQ(maskOf("{prefix: encoder}"), "segment < 1 || k <= q");
}

TEST(SpaceSpec, MasksReadBackByTheirWords) {
  for (const char *mask : {"causal", "{window: 4}", "\"k <= q\""}) {
    std::string text = changed(corner("joint"), "mask: causal", std::string("mask: ") + mask);
    EXPECT_EQ(writeSpec(modelOf(text)), text.substr(text.find("tenon: 1")));
  }
  std::string number = changed(corner("joint"), "head: {stack: decoder, tied: true}\ntokens: {eos: 1, start: 0}\n", "");
  number = changed(number, "mask: causal", "mask: {prefix: 4}");
  EXPECT_EQ(writeSpec(modelOf(number)), number.substr(number.find("tenon: 1")));
}

TEST(SpaceSpec, EverySourceHasAState) {
  Model model = modelOf(corner("two-sources"));
  std::vector<Source> sources = attentionOf(model, "decoder", 1).sources;
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0], Source({"encoder", SourceState::Final}));
  EXPECT_EQ(sources[1], Source({"memory", SourceState::SameLayer}));
  EXPECT_EQ(sourceLayers(*model.findStack("decoder"), sources[0]), std::vector<int64_t>());
  EXPECT_EQ(sourceLayers(*model.findStack("decoder"), sources[1]), std::vector<int64_t>({0, 1}));
  EXPECT_EQ(attentionOf(model, "memory", 0).sources[0].layers, std::vector<int64_t>({0, 2}));
  EXPECT_EQ(sourcesOf(*model.findStack("decoder")), std::vector<std::string>({"encoder", "memory"}));
}

TEST(SpaceSpec, AnElementsStateIsItsOwn) {
  std::string text = changed(corner("two-sources"), "from: [encoder, {stack: memory, source: same-layer}]",
                             "from: [{stack: encoder, source: final}, memory], source: {layers: [1, 1]}");
  std::vector<Source> sources = attentionOf(modelOf(text), "decoder", 1).sources;
  EXPECT_EQ(sources[0], Source({"encoder", SourceState::Final}));
  EXPECT_EQ(sources[1], Source({"memory", SourceState::Layers, {1, 1}}));
}

/// Which stacks of a model go on token by token.
static std::string growing(const std::string &text) {
  Model model = modelOf(text);
  std::string names;
  for (auto [stack, grows] : llvm::zip_equal(model.stacks, growingStacks(model)))
    names += grows ? stack.name + " " : "";
  return names;
}

TEST(SpaceSpec, StacksThatGrow) {
  EXPECT_EQ(growing(corner("encoder-decoder")), "decoder ");
  EXPECT_EQ(growing(corner("joint")), "decoder ");
  EXPECT_EQ(growing(corner("concat")), "decoder both ");
  EXPECT_EQ(growing(corner("turned")), "decoder "); // A causal source is read as a whole.
  std::string headless = changed(corner("concat"), "head: {stack: both, tied: true}\n", "");
  EXPECT_EQ(growing(headless), "");
  EXPECT_EQ(growing(changed(headless, "  both:\n", "  both:\n    cache: true\n")), "decoder both ");
  // A mask by which a row may see a later one is for models that read all at once.
  EXPECT_EQ(growing(changed(corner("concat"), "mask: {prefix: encoder}", "mask: none")), "");
  EXPECT_EQ(growing(changed(corner("joint"), "mask: causal", "mask: none")), "");
  EXPECT_EQ(growing(changed(corner("joint"), "mask: causal", "mask: \"segment == 0 || k <= q\"")), "decoder ");
  EXPECT_EQ(growing(changed(corner("joint"), "mask: causal", "mask: \"query_segment == 1 && k <= q\"")), "decoder ");
}

TEST(SpaceSpec, WhatIsReadAsAWholeMayBeASourceWithAHeadToo) {
  EXPECT_EQ(growing(changed(corner("joint"), "stack: decoder", "stack: encoder")), "");
  // Also one that attends to others, and that is a part.
  EXPECT_EQ(growing(changed(corner("joint"), "head: {stack: decoder, tied: true}\n", "")), "");
  EXPECT_EQ(growing(changed(corner("concat"), "{stack: both, tied: true}", "{stack: encoder}")), "");
  EXPECT_EQ(growing(changed(corner("concat"), "  decoder:\n", "  decoder:\n    cache: true\n")), "decoder both ");
}

TEST(SpaceSpec, PlacesThatNobodyReadsHaveNoLimit) {
  std::string plain = changed(corner("concat"), "{kind: rotary, length: 128}", "{kind: none, length: 100}");
  EXPECT_EQ(messagesOf(plain), "");
  EXPECT_NE(messagesOf(changed(plain, "{prefix: encoder}", "{prefix: encoder}, rotary: {base: 100}"))
                .find("length (100) is below the 128 rows"),
            std::string::npos);
}

TEST(SpaceSpec, TheHeadOfAConcatenationIsItsLastParts) {
  std::string text = changed(corner("concat"), "tied: true", "tied: false");
  text = changed(text, "  decoder:\n    input: {vocab: 64", "  decoder:\n    input: {vocab: 50");
  text = changed(text, "share:\n  - \"decoder.input.tokens = encoder.input.tokens\"\n", "");
  std::vector<Parameter> list = parameters(modelOf(text));
  EXPECT_EQ(list.back().name, "head.weight");
  EXPECT_EQ(list.back().shape, (llvm::SmallVector<int64_t, 2>{50, 32}));
  EXPECT_NE(messagesOf(changed(text, "eos: 1", "eos: 50")).find("eos (50) is not between 0 and 49"), std::string::npos);
}
