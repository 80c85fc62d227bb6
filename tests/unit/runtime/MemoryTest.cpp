#include "Memory.h"

#include <cstring>
#include <gtest/gtest.h>
#include <set>

namespace tenon::runtime {
namespace {

TEST(Arena, GrowsOnly) {
  Arena arena;
  uint8_t *first = arena.reserve(1);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0u);
  EXPECT_EQ(arena.reserve(4096), first);
  uint8_t *large = arena.reserve(size_t(5) << 20);
  ASSERT_NE(large, nullptr);
  std::memset(large, 1, size_t(5) << 20);
  EXPECT_EQ(arena.reserve(1), large);
}

TEST(Arena, KeepsWhatItHasWhenThereIsNoMore) {
  Arena arena;
  uint8_t *first = arena.reserve(1);
  EXPECT_EQ(arena.reserve(size_t(1) << 62), nullptr);
  EXPECT_EQ(arena.reserve(size_t(-1)), nullptr);
  EXPECT_EQ(arena.reserve(1), first);
}

TEST(ScratchCache, FreedBlockIsUsedAgain) {
  ScratchCache cache;
  void *first = cache.allocate(1000);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 128, 0u);
  std::memset(first, 1, 1000);
  cache.release(first);
  EXPECT_EQ(cache.allocate(900), first);
  cache.release(first);
}

TEST(ScratchCache, SmallestThatFitsIsTaken) {
  ScratchCache cache;
  void *large = cache.allocate(10000), *small = cache.allocate(1000);
  cache.release(large);
  cache.release(small);
  EXPECT_EQ(cache.allocate(500), small);
  EXPECT_EQ(cache.allocate(500), large);
  cache.release(small);
  cache.release(large);
}

TEST(ScratchCache, ManyBlocksAreDistinct) {
  ScratchCache cache;
  std::set<void *> blocks;
  for (int round = 0; round < 3; ++round) {
    blocks.clear();
    for (size_t size = 1; size <= 100; ++size)
      EXPECT_TRUE(blocks.insert(cache.allocate(size * 100)).second);
    for (void *block : blocks)
      cache.release(block);
  }
}

TEST(ScratchCache, NullAndTooMuch) {
  ScratchCache cache;
  cache.release(nullptr);
  EXPECT_EQ(cache.allocate(size_t(-1)), nullptr);
  EXPECT_EQ(cache.allocate(size_t(1) << 62), nullptr);
  void *empty = cache.allocate(0);
  EXPECT_NE(empty, nullptr);
  cache.release(empty);
}

} // namespace
} // namespace tenon::runtime
