//===- CachePageTest.cpp - Places in a page of a cache --------------------===//

#include "support/CachePage.h"

#include <gtest/gtest.h>
#include <set>

using namespace tenon;

namespace {

TEST(CachePage, KeysAndValuesFillAPageWithoutOverlap) {
  constexpr int64_t heads = 3, size = 5;
  std::set<int64_t> places;
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t slot = 0; slot < kPageTokens; ++slot)
      for (int64_t component = 0; component < size; ++component) {
        EXPECT_TRUE(places.insert(keyPlace<int64_t>(size, head, slot, component)).second);
        EXPECT_TRUE(places.insert(valuePlace<int64_t>(size, head, slot, component)).second);
      }
  EXPECT_EQ(*places.begin(), 0);
  EXPECT_EQ(*places.rbegin(), keyValuePageFloats(heads, size) - 1);
  EXPECT_EQ(int64_t(places.size()), keyValuePageFloats(heads, size));
}

/// What docs/library.md says, in numbers.
TEST(CachePage, IsLaidOutAsDocumented) {
  constexpr int64_t size = 4;
  EXPECT_EQ(kPageTokens, 16);
  EXPECT_EQ(keyPlace<int64_t>(size, 1, 3, 2), 1 * 2 * size * 16 + 2 * 16 + 3);
  EXPECT_EQ(valuePlace<int64_t>(size, 1, 3, 2), 1 * 2 * size * 16 + size * 16 + 3 * size + 2);
  EXPECT_EQ(rowPlace<int64_t>(size, 3, 2), 3 * size + 2);
  EXPECT_EQ(rowPageFloats(size), 16 * size);
}

} // namespace
