//===- SharingTest.cpp - Which parameter is meant by a name ---------------===//

#include "support/Sharing.h"
#include <gtest/gtest.h>

using tenon::Sharing;

static Sharing rules(std::initializer_list<std::pair<const char *, const char *>> list) {
  Sharing sharing;
  for (auto [left, right] : list)
    EXPECT_TRUE(sharing.add(left, right));
  return sharing;
}

TEST(Sharing, BeginningsAreReplacedPartByPart) {
  Sharing sharing = rules({{"decoder.input", "encoder.input"}});
  EXPECT_EQ(sharing.resolve("decoder.input.tokens.weight"), "encoder.input.tokens.weight");
  EXPECT_EQ(sharing.resolve("decoder.inputs.tokens.weight"), "decoder.inputs.tokens.weight");
  EXPECT_EQ(sharing.resolve("decoder"), "decoder");
}

TEST(Sharing, TheLayerIsKept) {
  Sharing sharing = rules({{"a", "b"}, {"c.layers.*.mlp", "d.layers.*.other"}});
  EXPECT_EQ(sharing.resolve("a.layers.12.mlp.up"), "b.layers.12.mlp.up");
  EXPECT_EQ(sharing.resolve("c.layers.12.mlp.up"), "d.layers.12.other.up");
  EXPECT_EQ(sharing.resolve("c.layers.*.mlp.up"), "d.layers.*.other.up");
  EXPECT_EQ(sharing.resolve("c.layers.x.mlp.up"), "c.layers.x.mlp.up");
}

TEST(Sharing, ALongerRuleHolds) {
  Sharing sharing = rules({{"a", "b"}, {"a.layers.*.cross", "a.layers.*.own"}, {"a.layers.*.mlp", "a.layers.*.mlp"}});
  EXPECT_EQ(sharing.resolve("a.norm"), "b.norm");
  EXPECT_EQ(sharing.resolve("a.layers.3.cross.key"), "b.layers.3.own.key"); // Two steps.
  EXPECT_EQ(sharing.resolve("a.layers.3.mlp.up"), "a.layers.3.mlp.up");     // Kept.
  EXPECT_FALSE(sharing.add("a", "c"));
  EXPECT_EQ(sharing.resolve("a.norm"), "b.norm");
}

TEST(Sharing, AllLayersAreOne) {
  Sharing sharing = rules({{"a.layers.*", "a.layers.0"}, {"b", "a"}});
  EXPECT_EQ(sharing.resolve("a.layers.*.up"), "a.layers.0.up");
  EXPECT_EQ(sharing.resolve("a.layers.7.up"), "a.layers.0.up");
  EXPECT_EQ(sharing.resolve("a.layers.0.up"), "a.layers.0.up");
  EXPECT_EQ(sharing.resolve("b.layers.*.up"), "a.layers.0.up");
  EXPECT_EQ(Sharing::withoutLayer("a.layers.0.up"), "a.layers.*.up");
  EXPECT_EQ(Sharing::withoutLayer("pooling.0.weight"), "pooling.0.weight");
}

TEST(Sharing, CirclesAreNothing) {
  Sharing sharing = rules({{"a", "b"}, {"b", "c"}, {"c", "a"}, {"d", "d.d"}, {"e", "a"}});
  EXPECT_EQ(sharing.resolve("e.x"), std::nullopt);
  EXPECT_EQ(sharing.resolve("a.x"), std::nullopt);
  EXPECT_EQ(sharing.resolve("d.x"), std::nullopt);
  EXPECT_EQ(sharing.resolve("f.x"), "f.x");
}

TEST(Sharing, AChainMayBeAsLongAsThereAreRules) {
  Sharing sharing;
  for (int i = 0; i < 64; ++i)
    sharing.add("s" + std::to_string(i), "s" + std::to_string(i + 1));
  EXPECT_EQ(sharing.resolve("s0.x"), "s64.x");
  EXPECT_EQ(sharing.resolve("s63.x"), "s64.x");
}
