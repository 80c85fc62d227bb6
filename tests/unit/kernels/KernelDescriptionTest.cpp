//===- KernelDescriptionTest.cpp - Text forms ------------------------------===//

#include "Regions.h"

#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

TEST(KernelDescription, text) {
  RegionBuilder region;
  int ids = region.indices(), table = region.array({10, 8});
  int embedded = region.operation("embed", {ids, table}, 8, {{"offset", int64_t(2)}});
  int parts = region.split(embedded, {3, 5});
  int normed = region.operation("norm", {parts}, 3, {{"function", std::string("l2")}, {"epsilon", 1e-12}});
  EXPECT_EQ(region.yield({normed, parts + 1}).text(), "row_tile 16\n"
                                                      "%0 : i32[?]\n"
                                                      "%1 : f32[10,8]\n"
                                                      "%2 = embed(%0, %1) {offset = 2} : f32[?,8]\n"
                                                      "%3, %4 = split(%2) : f32[?,3], f32[?,5]\n"
                                                      "%5 = norm(%3) {epsilon = 1e-12, function = \"l2\"} : f32[?,3]\n"
                                                      "yield %5, %4\n");
}

TEST(KernelDescription, textTellsNearbyNumbersAndTypesApart) {
  auto text = [](Attribute value) {
    RegionBuilder region;
    return region.yield({region.operation("scale", {region.rows(8)}, 8, {{"factor", value}})}).text();
  };
  EXPECT_NE(text(1.0), text(1.0000000000000002));
  EXPECT_NE(text(1.0), text(int64_t(1)));
  EXPECT_NE(text(std::string("1")), text(int64_t(1)));
  EXPECT_NE(text(std::string("a\"b")), text(std::string("a\\\"b")));
  EXPECT_EQ(text(std::vector<int64_t>{1, -2}), text(std::vector<int64_t>{1, -2}));
  EXPECT_NE(text(std::vector<std::string>{"a", "b"}), text(std::vector<std::string>{"a,b"}));
  EXPECT_NE(text(std::vector<std::string>{"1"}), text(std::vector<int64_t>{1}));
}

} // namespace
