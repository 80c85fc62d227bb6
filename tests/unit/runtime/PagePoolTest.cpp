#include "PagePool.h"

#include "Failure.h"
#include "Sequence.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

StateType state(int64_t layers, int64_t pageFloats, int64_t window = 0) {
  StateType type;
  type.name = "cache.a";
  type.layers = layers;
  type.pagesDim = 0;
  type.pageFloats = pageFloats;
  type.window = window;
  return type;
}

float *page(const PagePool &pool, int64_t layer, int64_t number, int64_t floats) {
  return static_cast<float *>(pool.state(0)) + (layer * pool.pageCount() + number) * floats;
}

TEST(PagePool, SizesItself) {
  EXPECT_EQ(PagePool({state(3, 64)}, 100, 10 * 3 * 256).pageCount(), 10);
  EXPECT_EQ(PagePool({state(3, 64)}, 100, 1).pageCount(), 1);
  EXPECT_EQ(PagePool({state(3, 64), state(2, 32)}, 100, 3 * 256 + 2 * 128).pageBytes(), 3u * 256 + 2 * 128);
  // One layer has less than 2^31 floats, whatever memory there is.
  EXPECT_LE(PagePool({state(1, 1 << 24)}, 0, uint64_t(1) << 50).pageCount(), 127);
  // Half of the memory, but a whole row at least.
  EXPECT_GE(PagePool({state(1, 64)}, 1000, 0).pageCount(), 63);
}

TEST(PagePool, FirstPageMayBeReadBeforeAnyIsHandedOut) {
  PagePool pool({state(3, 64)}, 0, 10 * 3 * 256);
  EXPECT_EQ(pool.pagesInUse(), 0u);
  for (int64_t layer = 0; layer < 3; ++layer)
    EXPECT_EQ(page(pool, layer, 0, 64)[63], 0);
}

TEST(PagePool, CopiesAreWholeAndWhatComesAfterIsZeros) {
  PagePool pool({state(2, 64)}, 0, 3 * 512);
  std::vector<int32_t> pages, others;
  pool.acquire(3, pages);
  for (int64_t layer = 0; layer < 2; ++layer)
    for (int32_t number : pages)
      std::fill_n(page(pool, layer, number, 64), 64, float(10 * layer + number + 1));
  pool.release(std::span(pages).subspan(1));
  // Into a page that somebody else has written.
  EXPECT_EQ(pool.copy(pages[0]), 1);
  EXPECT_FALSE(pool.isShared(1));
  pool.acquire(1, others);
  for (int64_t layer = 0; layer < 2; ++layer)
    for (int64_t index = 0; index < 64; ++index) {
      ASSERT_EQ(page(pool, layer, 1, 64)[index], float(10 * layer + 1));
      ASSERT_EQ(page(pool, layer, others[0], 64)[index], 0);
    }
  try {
    (void)pool.copy(0);
    ADD_FAILURE() << "the cache is full";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_CACHE_FULL);
  }
  EXPECT_EQ(pool.pagesInUse(), 3u);
}

TEST(PagePool, SaysWhatMemoryIsBehindAPointer) {
  constexpr size_t page = 64 * sizeof(float), layer = 10 * page;
  PagePool pool({state(2, 64), state(1, 64)}, 0, 10 * 3 * page);
  std::vector<int32_t> pages;
  pool.acquire(3, pages);
  auto begin = [&](size_t index) { return static_cast<const uint8_t *>(pool.state(index)); };
  for (const uint8_t *start : {begin(0), begin(0) + layer, begin(1)}) {
    EXPECT_EQ(pool.readableBytes(start, layer), 3 * page);
    EXPECT_EQ(pool.readableBytes(start, 100), 100u);
    EXPECT_EQ(pool.readableBytes(start + 2 * page + 8, layer), page - 8);
    EXPECT_EQ(pool.readableBytes(start + 3 * page, layer), 0u);
    EXPECT_EQ(pool.readableBytes(start + layer - 1, layer), 0u);
  }
  // Pages that are free again are still there.
  pool.release(pages);
  EXPECT_EQ(pool.readableBytes(begin(0), layer), 3 * page);
  std::vector<uint8_t> others(1000);
  EXPECT_EQ(pool.readableBytes(others.data(), others.size()), others.size());
}

TEST(PagePool, HandsOutTheLowestFirst) {
  PagePool pool({state(2, 64)}, 0, 100 * 512);
  std::vector<int32_t> pages;
  pool.acquire(6, pages);
  EXPECT_EQ(pages, (std::vector<int32_t>{0, 1, 2, 3, 4, 5}));
  pool.release(std::vector<int32_t>{4, 1, 3});
  EXPECT_EQ(pool.pagesInUse(), 3u);
  pages.clear();
  pool.acquire(4, pages);
  EXPECT_EQ(pages, (std::vector<int32_t>{1, 3, 4, 6}));
}

TEST(PagePool, PagesAreZeroWhenHandedOut) {
  // Odd sizes, so that pages do not lie on the system's; more bytes than are kept.
  constexpr int64_t floats = 3 * 1024 + 32;
  PagePool pool({state(3, floats)}, 0, 4000ull * 3 * floats * 4);
  std::vector<int32_t> pages;
  pool.acquire(2500, pages);
  for (int32_t number : pages)
    for (int64_t layer = 0; layer < 3; ++layer)
      std::fill_n(page(pool, layer, number, floats), floats, 1.0f);
  std::vector<int32_t> kept, given;
  for (int32_t number : pages)
    (number % 7 == 0 ? kept : given).push_back(number);
  pool.release(given);
  std::vector<int32_t> again;
  pool.acquire(given.size(), again);
  EXPECT_EQ(again, given);
  auto holds = [&](int32_t number, float value) {
    bool all = true;
    for (int64_t layer = 0; layer < 3; ++layer)
      all = all && std::all_of(page(pool, layer, number, floats), page(pool, layer, number, floats) + floats,
                               [=](float found) { return found == value; });
    return all;
  };
  for (int32_t number : again)
    ASSERT_TRUE(holds(number, 0)) << number;
  for (int32_t number : kept)
    ASSERT_TRUE(holds(number, 1)) << number;
}

TEST(PagePool, FullIsAFailureThatChangesNothing) {
  PagePool pool({state(1, 64)}, 0, 5 * 256);
  std::vector<int32_t> pages;
  pool.acquire(3, pages);
  try {
    pool.acquire(3, pages);
    FAIL() << "six of five pages";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_CACHE_FULL);
  }
  EXPECT_EQ(pages.size(), 3u);
  pool.acquire(2, pages);
  EXPECT_EQ(pool.pagesInUse(), 5u);
}

TEST(Sequence, OnlyTheLastPageIsCopied) {
  auto pool = std::make_shared<PagePool>(std::vector{state(1, 64)}, 0, 100 * 256);
  std::vector<int32_t> tokens(20, 1);
  Sequence first({&pool, 1});
  first.prepare(20);
  page(*pool, 0, 1, 64)[0] = 5;
  first.commit(tokens);
  Sequence second = first;
  EXPECT_EQ(pool->pagesInUse(), 2u);
  second.prepare(1);
  EXPECT_EQ(second.pages(0)[0], 0);
  EXPECT_EQ(second.pages(0)[1], 2);
  EXPECT_EQ(page(*pool, 0, 2, 64)[0], 5);
  first.prepare(1);
  EXPECT_EQ(first.pages(0)[1], 1);
  second.rewind(3);
  second.prepare(1);
  EXPECT_NE(second.pages(0)[0], 0);
  {
    Sequence gone = std::move(first);
  }
  EXPECT_EQ(pool->pagesInUse(), 1u);
}

TEST(Sequence, PoolsHaveTablesAndWindowsOfTheirOwn) {
  StateType narrow = state(1, 32);
  narrow.window = 20;
  std::vector<std::shared_ptr<PagePool>> pools = {std::make_shared<PagePool>(std::vector{state(1, 64)}, 0, 5 * 256),
                                                  std::make_shared<PagePool>(std::vector{narrow}, 0, 3 * 128)};
  std::vector<int32_t> tokens(16, 1);
  Sequence sequence(pools);
  for (int round = 0; round < 4; ++round) {
    sequence.prepare(16);
    sequence.commit(tokens);
  }
  EXPECT_EQ(pools[0]->pagesInUse(), 4u);
  EXPECT_EQ(pools[1]->pagesInUse(), 2u); // of tokens 45 to 63, and no room for more than one more
  EXPECT_EQ(sequence.pages(1)[1], -1);
  EXPECT_THROW(sequence.prepare(32), Failure); // and gives back what it got of the first
  sequence.trim();
  EXPECT_EQ(pools[0]->pagesInUse(), 4u);
  EXPECT_THROW(sequence.rewind(40), Failure);
  EXPECT_EQ(sequence.length(), 64);
  sequence.rewind(60);
  EXPECT_EQ(pools[1]->pagesInUse(), 2u);
  sequence.rewind(0);
  EXPECT_EQ(pools[0]->pagesInUse() + pools[1]->pagesInUse(), 0u);
}

TEST(PagePool, MemoryIsSharedWithOthers) {
  EXPECT_EQ(PagePool({state(3, 64)}, 100, 10 * 1024, 1024).pageCount(), 10);
}

TEST(Sequence, RoomThatIsNotUsedGoesBack) {
  auto pool = std::make_shared<PagePool>(std::vector{state(1, 64)}, 0, 100 * 256);
  Sequence sequence({&pool, 1});
  sequence.prepare(40);
  EXPECT_EQ(pool->pagesInUse(), 3u);
  sequence.trim();
  EXPECT_EQ(pool->pagesInUse(), 0u);
}

} // namespace
} // namespace tenon::runtime
