//===- SegmentsTest.cpp - One softmax over several segments ----------------===//

#include "Checks.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class SeveralSegments : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Targets, SeveralSegments, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

using Numbers = std::vector<int32_t>;

struct Heads {
  int64_t heads, keyHeads, size;
  int64_t width() const { return heads * size; }
  int64_t keyWidth() const { return keyHeads * size; }
};

/// One segment, as the kernel's attribute says it, and how many keys it has of each sequence: for own ones none are
/// given.
struct Segment {
  std::string words;
  Numbers keys = {};
  Numbers offsets = {};
};

Array vectorOf(const Numbers &numbers) { return {{static_cast<int64_t>(numbers.size())}, numbers}; }

/// An attention and what its arguments hold. Whatever is no key is NaN: rows of padding, the rest of pages.
class Joint {
public:
  Joint(const Heads &heads, int32_t rowTile, Numbers lengths, Numbers past, std::vector<Segment> segments,
        std::map<std::string, Attribute> more = {}, Numbers offsets = {}, float deviation = 1.0f)
      : batch(std::move(lengths), rowTile), heads(heads), deviation(deviation) {
    for (Segment &segment : segments)
      if (segment.keys.empty())
        for (size_t b = 0; b < batch.lengths.size(); ++b)
          segment.keys.push_back(batch.lengths[b] + (past.empty() ? 0 : past[b]));
    Segments words;
    for (const Segment &segment : segments)
      words.push_back(segment.words);
    add(region.rows(heads.width()), randomRows(batch, heads.width(), 1, deviation));
    addCache(segments);
    add(region.indices(), batch.startsArray());
    add(region.indices(), batch.lengthsArray());
    if (!past.empty())
      add(region.indices(), vectorOf(past));
    if (!offsets.empty())
      add(region.indices(), vectorOf(offsets));
    for (size_t i = 0; i < segments.size(); ++i)
      addSegment(segments[i], i);
    std::map<std::string, Attribute> attributes = {{"heads", heads.heads},
                                                   {"key_value_heads", heads.keyHeads},
                                                   {"head_size", heads.size},
                                                   {"scale", 1 / std::sqrt(static_cast<double>(heads.size))},
                                                   {"past", int64_t(!past.empty())},
                                                   {"offset", int64_t(!offsets.empty())},
                                                   {"segments", words}};
    attributes.merge(more);
    kernel = region.yield({region.operation("attention", operands, heads.width(), attributes)});
    kernel.rowTile = rowTile;
  }

  void expectAccurateOn(const std::string &target) const { check(kernel, target, arguments, batch); }
  std::vector<float> runOn(const std::string &target) const {
    return run(kernel, target, arguments, batch.rows())[0].floats();
  }

  Batch batch;
  KernelDescription kernel;
  std::vector<Array> arguments;
  std::vector<Paged> pages; ///< Of each segment in pages, as numbered in the one cache.

private:
  void add(int value, Array array) {
    operands.push_back(value);
    arguments.push_back(std::move(array));
  }

  /// All segments in pages lie in one cache, one after the other.
  void addCache(const std::vector<Segment> &segments) {
    std::vector<float> floats;
    int32_t before = 0;
    for (const Segment &segment : segments) {
      if (!segment.words.starts_with("pages"))
        continue;
      Paged paged = Paged::ofKeys(segment.keys, heads.keyHeads, heads.size);
      for (int32_t &page : paged.table)
        page += before;
      before += static_cast<int32_t>(paged.pages);
      float factor = deviation * (1.0f - 0.2f * static_cast<float>(pages.size()));
      for (float value : paged.cache.floats())
        floats.push_back(value * factor);
      pages.push_back(std::move(paged));
    }
    int64_t width = 2 * heads.keyWidth() * 16;
    if (before)
      add(region.rows(width), Array({before, width}, floats));
  }

  void addSegment(const Segment &segment, size_t number) {
    bool hasLengths = segment.words.find("lengths") != std::string::npos;
    if (segment.words.starts_with("pages")) {
      add(region.indexTable(), pages[nextPages++].tableArray());
    } else {
      Batch other = hasLengths ? Batch(segment.keys, static_cast<int32_t>(batch.starts.size() % 2 ? 16 : 1)) : batch;
      unsigned seed = 10 + 2 * static_cast<unsigned>(number);
      add(region.rows(heads.keyWidth()), randomRows(other, heads.keyWidth(), seed, deviation));
      add(region.rows(heads.keyWidth()), randomRows(other, heads.keyWidth(), seed + 1, deviation));
      if (hasLengths)
        add(region.indices(), other.startsArray());
    }
    if (hasLengths)
      add(region.indices(), vectorOf(segment.keys));
    if (!segment.offsets.empty())
      add(region.indices(), vectorOf(segment.offsets));
  }

  Heads heads;
  float deviation;
  RegionBuilder region;
  std::vector<int> operands;
  size_t nextPages = 0;
};

using Attributes = std::map<std::string, Attribute>;

Attributes mask(const char *text) { return {{"mask", std::string(text)}}; }

const std::vector<Heads> allHeads = {{1, 1, 4}, {4, 2, 5}, {3, 1, 64}, {7, 1, 80}, {6, 6, 20}};
const Numbers awkward = {0, 1, 15, 16, 17, 31, 97};

TEST_P(SeveralSegments, pagesAndPages) {
  for (const Heads &heads : allHeads) {
    Joint(heads, 1, {1, 1, 1, 1, 1, 1, 1}, {5, 0, 16, 15, 100, 1, 14}, {{"pages lengths", awkward}, {"pages"}})
        .expectAccurateOn(GetParam());
    Joint(heads, 16, {5, 1, 16, 17, 33, 2, 0}, {0, 0, 16, 15, 100, 1, 3}, {{"pages lengths", awkward}, {"pages"}},
          mask("segment < 1 || k <= q"))
        .expectAccurateOn(GetParam());
  }
}

TEST_P(SeveralSegments, longSources) {
  for (int32_t rowTile : {1, 16})
    Joint({3, 1, 20}, rowTile, {1, 1, 1}, {700, 3, 0}, {{"pages lengths", {511, 1500, 64}}, {"pages"}})
        .expectAccurateOn(GetParam());
}

TEST_P(SeveralSegments, rowsAndRows) {
  for (const Heads &heads : {Heads{4, 2, 5}, {3, 1, 64}})
    for (int32_t rowTile : {1, 16})
      Joint(heads, rowTile, {5, 1, 16, 17, 33, 2, 0}, {}, {{"rows lengths", awkward}, {"rows"}})
          .expectAccurateOn(GetParam());
}

TEST_P(SeveralSegments, rowsAndPages) {
  Heads heads{4, 2, 20};
  for (int32_t rowTile : {1, 16}) {
    Joint(heads, rowTile, {5, 1, 16, 17, 33, 2}, {0, 3, 16, 15, 40, 1},
          {{"rows lengths", {0, 1, 15, 16, 17, 40}}, {"pages"}}, mask("segment == 0 || k <= q"))
        .expectAccurateOn(GetParam());
    Joint(heads, rowTile, {5, 1, 16, 17, 33, 2}, {}, {{"pages lengths", {0, 1, 15, 16, 17, 40}}, {"rows"}},
          mask("segment == 0 || abs(q - k) < 9"))
        .expectAccurateOn(GetParam());
  }
}

TEST_P(SeveralSegments, sourcesAlone) {
  for (int32_t rowTile : {1, 16})
    Joint({4, 2, 20}, rowTile, {5, 1, 20}, {3, 0, 40},
          {{"pages lengths", {0, 17, 30}}, {"rows lengths", {16, 0, 5}}, {"pages lengths", {3, 40, 0}}})
        .expectAccurateOn(GetParam());
}

TEST_P(SeveralSegments, masksAndScoresBySegment) {
  const std::pair<const char *, const char *> cases[] = {
      {"segment == 0 && abs(q - k) < 5 || segment == 1 && k <= q && q - k < 20", ""},
      {"segment == 1", ""},
      {"segment == 0", ""},
      {"segment > 1", ""},
      {"segment == query_segment || k % 3 == 0", ""},
      {"k <= q", ""},
      {"segment < 1 || k <= q", "s + select(segment == 0, 0.0, 0.25 * float(k - q))"},
      {"segment < 1 || k <= q", "5 * tanh(s / 5)"},
      {"", "select(segment == query_segment, s, 0.5 * s - 0.125 * float(segment + h))"},
      {"k <= q && q - k < 12", "s - 0.1 * abs(q - k)"},
  };
  for (auto [text, score] : cases)
    for (int32_t rowTile : {1, 16}) {
      Attributes more;
      if (*text)
        more["mask"] = std::string(text);
      if (*score)
        more["score"] = std::string(score);
      Joint({4, 2, 20}, rowTile, {5, 1, 40}, {3, 30, 17}, {{"pages lengths", {40, 17, 70}}, {"pages"}}, more)
          .expectAccurateOn(GetParam());
    }
}

TEST_P(SeveralSegments, positionsThatGoOnBehindTheSource) {
  for (int32_t rowTile : {1, 16})
    for (const char *text : {"k <= q", "k <= q && q - k < 24", "k <= q && k / 16 == q / 16"}) {
      Numbers sources = {40, 17, 70};
      Joint({4, 2, 20}, rowTile, {5, 1, 40}, {3, 30, 17}, {{"pages lengths", sources}, {"pages offset", {}, sources}},
            mask(text), sources)
          .expectAccurateOn(GetParam());
      Joint({4, 2, 20}, rowTile, {5, 1, 40}, {}, {{"rows lengths", sources}, {"rows offset", {}, sources}}, mask(text),
            sources)
          .expectAccurateOn(GetParam());
    }
}

TEST_P(SeveralSegments, queriesOfAnyPart) {
  for (int64_t part : {0, 1}) {
    Attributes more = mask("segment == query_segment || segment == 2 && k <= q");
    more["query_segment"] = part;
    Joint({4, 2, 20}, 16, {5, 1, 40}, {}, {{"rows"}, {"rows lengths", {4, 19, 16}}, {"rows lengths", {7, 0, 33}}}, more)
        .expectAccurateOn(GetParam());
  }
}

TEST_P(SeveralSegments, asManyAsThereMayBe) {
  std::vector<Segment> segments;
  for (int32_t i = 0; i < 8; ++i)
    segments.push_back({i % 2 ? "pages lengths" : "rows lengths", {i * 5, 33 - i * 4}});
  segments.push_back({"pages"});
  for (int32_t rowTile : {1, 16})
    Joint({2, 1, 8}, rowTile, {3, 18}, {7, 0}, segments, mask("segment < 8 || k <= q")).expectAccurateOn(GetParam());
}

TEST_P(SeveralSegments, largeScores) {
  for (int32_t rowTile : {1, 16})
    Joint({2, 2, 24}, rowTile, {40, 7}, {3, 0}, {{"pages lengths", {5, 100}}, {"pages"}}, mask("segment < 1 || k <= q"),
          {}, 60.0f)
        .expectAccurateOn(GetParam());
}

TEST_P(SeveralSegments, withoutAnyKeyRowsAreZeros) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int32_t rowTile : {1, 16}) {
    Joint empty({2, 2, 20}, rowTile, {3}, {}, {{"rows lengths", {0}}, {"rows lengths", {0}}});
    Joint masked({2, 2, 20}, rowTile, {3}, {4}, {{"pages lengths", {20}}, {"pages"}}, mask("k > 100"));
    for (const Joint *each : {&empty, &masked}) {
      std::vector<float> found = each->runOn(GetParam());
      for (size_t i = 0; i < 3 * 40; ++i)
        ASSERT_EQ(found[i], 0.0f) << i;
    }
  }
}

/// An empty source, or one that the mask hides, changes no bit.
TEST_P(SeveralSegments, anEmptySourceChangesNothing) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  Heads heads{6, 2, 20};
  Numbers lengths = {5, 1, 40}, past = {3, 300, 17};
  for (int32_t rowTile : {1, 16}) {
    Joint alone(heads, rowTile, lengths, past, {{"pages"}}, mask("k <= q"));
    Joint empty(heads, rowTile, lengths, past, {{"pages"}, {"pages lengths", {0, 0, 0}}},
                mask("segment > 0 || k <= q"));
    Joint hidden(heads, rowTile, lengths, past, {{"pages"}, {"pages lengths", {9, 100, 16}}},
                 mask("segment == 0 && k <= q"));
    std::vector<float> expected = alone.runOn(GetParam());
    for (const Joint *each : {&empty, &hidden}) {
      std::vector<float> found = each->runOn(GetParam());
      for (int64_t row = 0; row < alone.batch.rows(); ++row)
        for (int64_t c = 0; alone.batch.isReal(row) && c < heads.width(); ++c) {
          size_t at = static_cast<size_t>(row * heads.width() + c);
          ASSERT_EQ(found[at], expected[at]) << "row tile " << rowTile << ", row " << row;
        }
    }
  }
}

/// What is not a number in one source stays in the rows of its sequence.
TEST_P(SeveralSegments, notANumberStaysInItsSequence) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int32_t rowTile : {1, 16}) {
    Joint each({2, 1, 8}, rowTile, {2, 3}, {20, 1}, {{"pages lengths", {20, 18}}, {"pages"}});
    // The first value of the first key of sequence 0.
    each.arguments[1].floats()[static_cast<size_t>(each.pages[0].table[0]) * 256 + 128] =
        std::numeric_limits<float>::quiet_NaN();
    std::vector<float> found = each.runOn(GetParam());
    for (size_t b : {0, 1})
      for (int32_t t = 0; t < each.batch.lengths[b]; ++t)
        for (int64_t c = 0; c < 16; ++c)
          ASSERT_EQ(std::isnan(found[static_cast<size_t>((each.batch.starts[b] + t) * 16 + c)]), b == 0 && c % 8 == 0)
              << "row tile " << rowTile << ", sequence " << b << ", row " << t << ", column " << c;
  }
}

/// Pages that no query sees are not read: they are NaN.
TEST_P(SeveralSegments, pagesThatAMaskHidesMayBeAnything) {
  if (!cpuHas(GetParam()))
    GTEST_SKIP() << "this CPU does not run " << GetParam();
  for (int32_t rowTile : {1, 16}) {
    // Queries 90 and more see their own keys from 67 on, and the source's from 32 to 47.
    Joint each({2, 1, 8}, rowTile, {rowTile == 1 ? 1 : 3}, {90}, {{"pages lengths", {100}}, {"pages"}},
               mask("segment == 0 && k / 16 == 2 || segment == 1 && k <= q && q - k < 24"));
    auto spoil = [&](size_t segment, int slot) {
      std::fill_n(each.arguments[1].floats().begin() + each.pages[segment].table[static_cast<size_t>(slot)] * 256, 256,
                  std::numeric_limits<float>::quiet_NaN());
    };
    for (int slot : {0, 1, 3, 4, 5, 6})
      spoil(0, slot);
    for (int slot : {0, 1, 2, 3})
      spoil(1, slot);
    std::vector<float> found = each.runOn(GetParam());
    for (size_t i = 0; i < static_cast<size_t>(each.batch.lengths[0]) * 16; ++i)
      ASSERT_FALSE(std::isnan(found[i])) << "row tile " << rowTile << ", " << i;
  }
}

KernelDescription joint(const char *text, int64_t rowTile) {
  return Joint({2, 1, 8}, static_cast<int32_t>(rowTile), {1}, {0}, {{"pages lengths", {1}}, {"pages"}}, mask(text))
      .kernel;
}

TEST(SegmentRanges, text) {
  EXPECT_EQ(keyRangeText(joint("segment < 1 || k <= q", 16)),
            "segment 0: keys 0 to the last\nsegment 1: keys 0 to last_query\n");
  EXPECT_EQ(keyRangeText(joint("segment == 0 && k < 9 || segment == 1 && k <= q && q - k < 16", 16)),
            "segment 0: keys 0 to 8\nsegment 1: keys (first_query + -15) to last_query\n");
  EXPECT_EQ(keyRangeText(joint("segment == query_segment && k <= q", 16)),
            "segment 0: keys 0 to -1\nsegment 1: keys 0 to last_query\n");
}

TEST(SegmentRanges, visitedBlocks) {
  auto visited = [](const char *text, int64_t rowTile, std::vector<int64_t> lengths, std::vector<int64_t> past,
                    std::vector<int64_t> source) {
    return visitedKeyBlocks(joint(text, rowTile), lengths, past, {{0, source}});
  };
  // 8 tiles of 16 queries: all 3 blocks of the source, and t + 1 of their own for tile t.
  EXPECT_EQ(visited("segment < 1 || k <= q", 16, {128}, {0}, {40}), 8 * 3 + 36);
  EXPECT_EQ(visited("segment < 1 && k <= q || segment == 1", 16, {32}, {0}, {1000}), 1 + 2 + 2 * 2);
  EXPECT_EQ(visited("segment == 1 && k <= q", 16, {128}, {0}, {40}), 36);
  EXPECT_EQ(visited("segment < 1 || k <= q && q - k < 16", 1, {1, 1}, {1000, 15}, {16, 17}), 1 + 2 + 2 + 1);
  EXPECT_EQ(visitedKeyBlocks(joint("k <= q", 16), {128}, {0}), std::nullopt);
}

} // namespace
