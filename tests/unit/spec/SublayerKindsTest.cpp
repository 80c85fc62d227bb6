//===- SublayerKindsTest.cpp - Kinds of sublayers, as the dialect has them ===//

#include "spec/SpecTexts.h"
#include "spec/SpecWriter.h"
#include "spec/Stacks.h"

#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

namespace {

const std::string mlp = "- mlp: {hidden: 48, activation: gelu}";

std::string listed(llvm::ArrayRef<std::string_view> kinds) {
  return llvm::join(llvm::map_range(kinds, [](std::string_view kind) { return std::string(kind); }), ", ");
}

std::string messagesWith(const std::string &sublayer) { return messagesOf(changed(smallSpec, mlp, sublayer)); }

TEST(SublayerKinds, AreEachListedOnce) {
  std::set<std::string_view> all(std::begin(sublayerKinds), std::end(sublayerKinds));
  EXPECT_EQ(all.size(), std::size(sublayerKinds));
  EXPECT_EQ(std::size(sublayerKinds), std::variant_size_v<Sublayer>);
  // What others stand in stands in no other.
  std::set<std::string_view> single(std::begin(singleSublayerKinds), std::end(singleSublayerKinds));
  EXPECT_TRUE(all.erase("parallel"));
  EXPECT_EQ(single, all);
}

TEST(SublayerKinds, AnUnknownOneIsReportedWithAll) {
  EXPECT_EQ(messagesWith("- mpl: {hidden: 48}"),
            "11:9: error: sublayer: expected one of " + listed(sublayerKinds) + ", found 'mpl'; did you mean 'mlp'?");
}

TEST(SublayerKinds, ASublayerHasOneKey) {
  std::string expected = "11:9: error: a sublayer is a mapping of one key, which is one of " + listed(sublayerKinds);
  EXPECT_EQ(messagesWith("- {mlp: {hidden: 48}, attention: {heads: 4}}"), expected + "; found a mapping of 2");
  EXPECT_EQ(messagesWith("- mlp"), expected + "; found 'mlp'");
}

std::string before(const std::string &sublayers) {
  return changed(changed(smallSpec, "place: after", "place: before"), mlp, "- parallel: {block: [" + sublayers + "]}");
}

TEST(SublayerKinds, AllButParallelStandInParallel) {
  std::string messages = messagesOf(before("mlp: {hidden: 3}, parallel: {}"));
  EXPECT_NE(messages.find("parallel sublayer: expected one of " + listed(singleSublayerKinds) + ", found 'parallel'"),
            std::string::npos)
      << messages;
  llvm::Expected<Model> model = read(before("ssru: {}, mlp: {hidden: 3}"));
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  const auto &parallel = std::get<ParallelSublayer>(model->stacks[0].block[1]);
  EXPECT_TRUE(std::holds_alternative<SsruSublayer>(parallel.block[0]));
}

TEST(SublayerKinds, KeysThatAreNotGivenAreTheUsual) {
  llvm::Expected<Model> model = read(changed(smallSpec, mlp, "- ssru: {}"));
  ASSERT_TRUE(bool(model)) << llvm::toString(model.takeError());
  const auto &ssru = std::get<SsruSublayer>(model->stacks[0].block[1]);
  EXPECT_EQ(ssru.name, "ssru");
  EXPECT_TRUE(ssru.bias && !ssru.inputBias && ssru.activation == Activation::Relu);
  EXPECT_NE(writeSpec(*model).find("- ssru: {activation: relu}\n"), std::string::npos) << writeSpec(*model);
}

} // namespace
