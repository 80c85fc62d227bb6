//===- RejectionTest.cpp - What cannot be compiled, and what is said ------===//

#include "Regions.h"

#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

/// What compileKernel says; empty where it accepts.
std::string errorOf(const KernelDescription &kernel, const Schedule &schedule) {
  std::string output, error;
  if (compileKernel(kernel, schedule, "kernel", Output::LoweredLoops, output, error))
    return "";
  EXPECT_FALSE(error.empty());
  return error;
}

std::string errorOf(const KernelDescription &kernel) {
  std::string error;
  EXPECT_FALSE(scheduleSpace(kernel, *findTarget("x86-64-v3"), error));
  EXPECT_EQ(errorOf(kernel, {"x86-64-v3", {{}}}), error);
  return error;
}

KernelDescription scaled() {
  RegionBuilder region;
  return region.yield({region.operation("scale", {region.rows(8)}, 8, {{"factor", 2.0}})});
}

TEST(Rejection, unknownTarget) {
  EXPECT_EQ(errorOf(scaled(), {"x86-64-v9", {}}), "unknown target \"x86-64-v9\", expected one of x86-64-v3, x86-64-v4");
  EXPECT_EQ(findTarget("x86-64-v9"), nullptr);
}

/// What is said of the cases of a kernel that has one row-wise nest.
std::string errorOfCases(std::vector<ScheduleCase> cases) { return errorOf(scaled(), {"x86-64-v3", std::move(cases)}); }

TEST(Rejection, scheduleParameters) {
  EXPECT_EQ(errorOfCases({{{}, {{"rowwise", {{"tile", 1}}}}}}),
            "schedule: nest 1 of case 1 (rowwise) has no parameter 'tile', expected one of: tiles");
  EXPECT_EQ(errorOfCases({{{}, {{"rowwise", {{"tiles", 3}}}}}}),
            "schedule: 'tiles' of nest 1 of case 1 (rowwise) is 3, expected one of 1, 2, 4, 8, 16");
}

TEST(Rejection, scheduleNests) {
  EXPECT_EQ(errorOfCases({{{}, {}}}), "schedule: case 1 has 0 nests, expected 1: rowwise");
  EXPECT_EQ(errorOfCases({{{}, {{"rowwise", {}}, {"rowwise", {}}}}}),
            "schedule: case 1 has 2 nests, expected 1: rowwise");
  EXPECT_EQ(errorOfCases({{{}, {{"linear", {}}}}}), "schedule: nest 1 of case 1 is 'linear', expected 'rowwise'");
}

TEST(Rejection, scheduleCases) {
  NestSchedule nest{"rowwise", {}};
  EXPECT_EQ(errorOfCases(std::vector<ScheduleCase>{}), "schedule: a schedule without cases, expected one at least");
  EXPECT_EQ(errorOfCases({{{{"rows", 8}}, {nest}}}),
            "schedule: the last case is for rows <= 8, expected one for all sizes");
  EXPECT_EQ(errorOfCases({{{}, {nest}}, {{{"rows", 8}}, {nest}}}),
            "schedule: case 2 is never reached: case 1 takes all of its sizes");
  EXPECT_EQ(errorOfCases({{{{"rows", 8}}, {nest}}, {{{"rows", 8}}, {nest}}, {{}, {nest}}}),
            "schedule: case 2 is never reached: case 1 takes all of its sizes");
  EXPECT_EQ(errorOfCases({{{{"keys", 8}}, {nest}}, {{}, {nest}}}),
            "schedule: case 1 compares 'keys', expected one of this kernel's sizes: rows");
  EXPECT_EQ(errorOfCases({{{{"rows", 0}}, {nest}}, {{}, {nest}}}),
            "schedule: case 1 compares rows with 0, expected a number from 1 to 2147483647");
  EXPECT_EQ(errorOfCases({{{{"rows", int64_t(1) << 31}}, {nest}}, {{}, {nest}}}),
            "schedule: case 1 compares rows with 2147483648, expected a number from 1 to 2147483647");
  EXPECT_EQ(errorOfCases({{{{"rows", 8}, {"rows", 4}}, {nest}}, {{}, {nest}}}), "schedule: case 1 compares rows twice");
  std::vector<ScheduleCase> many;
  for (int64_t i = 1; i <= 16; ++i)
    many.push_back({{{"rows", i}}, {nest}});
  many.push_back({{}, {nest}});
  EXPECT_EQ(errorOfCases(many), "schedule: a schedule of 17 cases, expected at most 16");
}

TEST(Rejection, unknownKind) {
  RegionBuilder region;
  EXPECT_EQ(errorOf(region.yield({region.operation("convolution", {region.rows(8)}, 8)})),
            "operation 0 (convolution): unknown kind, expected one of activation, add, append_rows, attention, "
            "cache_append, concat, depthwise, embed, linear, multiply, norm, pool, rotary, scale, scan, softcap, "
            "split, unfold");
}

TEST(Rejection, weightsOfAnotherShape) {
  RegionBuilder region;
  int x = region.rows(8), w = region.array({2, 7, 16});
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x, w}, 20)})),
            "operation 0 (linear): expected the packed weights to be f32[2, 8, 16], found f32[2, 7, 16]");
}

TEST(Rejection, operandThatComesLater) {
  RegionBuilder region;
  int x = region.rows(8);
  EXPECT_EQ(errorOf(region.yield({region.operation("add", {x, 5}, 8)})),
            "operation 0 (add): operand %5 is not one of the 1 values before it");
}

TEST(Rejection, operandCount) {
  RegionBuilder region;
  int x = region.rows(8);
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x}, 8)})),
            "operation 0 (linear): expected 2 to 3 operands, found 1");
}

TEST(Rejection, attributes) {
  RegionBuilder missing, type, choice;
  EXPECT_EQ(errorOf(missing.yield({missing.operation("scale", {missing.rows(8)}, 8)})),
            "operation 0 (scale): expected the attribute \"factor\"");
  EXPECT_EQ(errorOf(type.yield({type.operation("scale", {type.rows(8)}, 8, {{"factor", int64_t(2)}})})),
            "operation 0 (scale): expected the attribute \"factor\" to be a real number");
  EXPECT_EQ(
      errorOf(
          choice.yield({choice.operation("activation", {choice.rows(8)}, 8, {{"function", std::string("swish")}})})),
      "operation 0 (activation): expected the attribute \"function\" to be one of gelu, gelu_tanh, quick_gelu, relu, "
      "relu_squared, sigmoid, silu, tanh, found \"swish\"");
}

TEST(Rejection, headsThatDoNotDivide) {
  RegionBuilder region;
  int q = region.rows(12), k = region.rows(8), starts = region.indices(), lengths = region.indices();
  EXPECT_EQ(errorOf(region.yield({region.operation("attention", {q, starts, lengths, k, k}, 12,
                                                   {{"heads", int64_t(3)},
                                                    {"key_value_heads", int64_t(2)},
                                                    {"head_size", int64_t(4)},
                                                    {"scale", 1.0},
                                                    {"segments", ownRows}})})),
            "operation 0 (attention): heads (3) is not a multiple of key_value_heads (2)");
}

TEST(Rejection, rowTile) {
  KernelDescription kernel = scaled();
  kernel.rowTile = 8;
  EXPECT_EQ(errorOf(kernel), "row_tile: expected 1 or 16, found 8");
}

TEST(Rejection, groupsThatDoNotDivide) {
  RegionBuilder region, gamma;
  std::map<std::string, Attribute> attributes = {
      {"function", std::string("rmsnorm")}, {"epsilon", 1e-5}, {"groups", int64_t(3)}};
  EXPECT_EQ(errorOf(region.yield({region.operation("norm", {region.rows(8)}, 8, attributes)})),
            "operation 0 (norm): width (8) is not a multiple of groups (3)");
  int x = gamma.rows(12), scale = gamma.array({12});
  EXPECT_EQ(errorOf(gamma.yield({gamma.operation("norm", {x, scale}, 12, attributes)})),
            "operation 0 (norm): expected gamma to be f32[4], found f32[12]");
}

TEST(Rejection, capOfZero) {
  RegionBuilder region;
  EXPECT_EQ(errorOf(region.yield({region.operation("softcap", {region.rows(8)}, 8, {{"cap", 0.0}})})),
            "operation 0 (softcap): expected the attribute \"cap\" to be more than 0, found 0.000000");
}

/// Operands of a cache's operations with 2 key heads of 4 components: pages of 256 floats.
struct CacheOperands {
  explicit CacheOperands(RegionBuilder &region, int64_t page = 256)
      : cache(region.rows(page)), queries(region.rows(16)), keys(region.rows(8)), starts(region.indices()),
        lengths(region.indices()), past(region.indices()), pages(region.indexTable()) {}
  int cache, queries, keys, starts, lengths, past, pages;
  static std::map<std::string, Attribute> attributes(int64_t size = 4) {
    return {{"heads", int64_t(4)}, {"key_value_heads", int64_t(2)}, {"head_size", size}, {"scale", 1.0},
            {"past", int64_t(1)},  {"segments", ownPages}};
  }
};

TEST(Rejection, cacheAppend) {
  RegionBuilder page, values, table;
  CacheOperands p(page, 128), v(values), t(table);
  EXPECT_EQ(
      errorOf(page.yield({page.operation(
          "cache_append", {p.cache, p.keys, p.keys, p.starts, p.lengths, p.past, p.pages}, 128, p.attributes())})),
      "operation 0 (cache_append): expected the cache to be f32[?, 256], found f32[?, 128]");
  EXPECT_EQ(
      errorOf(values.yield({values.operation(
          "cache_append", {v.cache, v.keys, v.queries, v.starts, v.lengths, v.past, v.pages}, 256, v.attributes())})),
      "operation 0 (cache_append): expected the values to be f32[?, 8], found f32[?, 16]");
  EXPECT_EQ(errorOf(table.yield({table.operation(
                "cache_append", {t.cache, t.keys, t.keys, t.starts, t.lengths, t.past, t.past}, 256, t.attributes())})),
            "operation 0 (cache_append): expected pages to be i32[?, ?], found i32[?]");
}

TEST(Rejection, cachedAttention) {
  RegionBuilder count, later;
  CacheOperands c(count), l(later);
  EXPECT_EQ(errorOf(count.yield(
                {count.operation("attention", {c.queries, c.cache, c.starts, c.lengths, c.past}, 16, c.attributes())})),
            "operation 0 (attention): expected 6 operands, found 5");
  int cache = later.operation("cache_append", {l.cache, l.keys, l.keys, l.starts, l.lengths, l.past, l.pages}, 256,
                              l.attributes());
  EXPECT_EQ(errorOf(later.yield({later.operation("attention", {l.queries, cache, l.starts, l.lengths, l.past, l.pages},
                                                 16, l.attributes())})),
            "operation 1 (attention): expected the cache to be an argument of the kernel, found the result %7");
}

TEST(Rejection, segments) {
  auto error = [](const Segments &segments, bool past, auto operands) {
    RegionBuilder region;
    CacheOperands o(region);
    std::map<std::string, Attribute> attributes = o.attributes();
    attributes["segments"] = segments;
    attributes["past"] = int64_t(past);
    return errorOf(region.yield({region.operation("attention", operands(o), 16, attributes)}));
  };
  using Operands = std::vector<int>;
  auto none = [](const CacheOperands &o) { return Operands{o.queries}; };
  EXPECT_EQ(error({}, false, none), "operation 0 (attention): expected at least one segment");
  EXPECT_EQ(error({"columns"}, false, none), "operation 0 (attention): segment \"columns\" is neither rows nor pages");
  EXPECT_EQ(
      error({"rows lengths lengths"}, false, none),
      "operation 0 (attention): segment \"rows lengths lengths\" has \"lengths\", expected lengths or offset, once");
  EXPECT_EQ(error({"pages lengths"}, true,
                  [](const CacheOperands &o) {
                    return Operands{o.queries, o.cache, o.starts, o.lengths, o.past, o.pages, o.pages};
                  }),
            "operation 0 (attention): expected the numbers of keys to be i32[?], found i32[?, ?]");
  EXPECT_EQ(error({"pages"}, false,
                  [](const CacheOperands &o) {
                    return Operands{o.queries, o.cache, o.starts, o.lengths, o.pages};
                  }),
            "operation 0 (attention): expected past rows, since the sequences' own keys are in pages");
  EXPECT_EQ(error({"pages lengths", "rows"}, true,
                  [](const CacheOperands &o) {
                    return Operands{o.queries, o.cache,   o.starts, o.lengths, o.past,
                                    o.pages,   o.lengths, o.keys,   o.keys};
                  }),
            "operation 0 (attention): expected the sequences' own keys to be in pages, since there are rows before");
  EXPECT_EQ(error({"rows", "rows lengths offset"}, false,
                  [](const CacheOperands &o) {
                    return Operands{o.queries, o.starts,  o.lengths, o.keys,    o.keys,
                                    o.keys,    o.queries, o.starts,  o.lengths, o.past};
                  }),
            "operation 0 (attention): expected the values to be f32[?, 8], found f32[?, 16]");
}

TEST(Rejection, scan) {
  std::map<std::string, Attribute> cached = {{"cached", int64_t(1)}};
  RegionBuilder input, page, count;
  CacheOperands i(input), p(page), c(count);
  EXPECT_EQ(errorOf(input.yield({input.operation("scan", {i.queries, i.keys, i.starts, i.lengths}, 16)})),
            "operation 0 (scan): expected the input to be f32[?, 16], found f32[?, 8]");
  EXPECT_EQ(errorOf(page.yield(
                {page.operation("scan", {p.keys, p.keys, p.cache, p.starts, p.lengths, p.past, p.pages}, 8, cached)})),
            "operation 0 (scan): expected the cache to be f32[?, 128], found f32[?, 256]");
  EXPECT_EQ(errorOf(count.yield({count.operation("scan", {c.keys, c.keys, c.starts, c.lengths}, 8, cached)})),
            "operation 0 (scan): expected 7 operands, found 4");
}

TEST(Rejection, depthwise) {
  auto error = [](std::vector<int64_t> weights, int64_t before, bool cached) {
    RegionBuilder region;
    CacheOperands o(region);
    std::vector<int> operands = {o.keys, region.array(std::move(weights)), o.starts, o.lengths};
    if (cached)
      operands = {operands[0], operands[1], o.cache, o.starts, o.lengths, o.past, o.pages};
    return errorOf(region.yield(
        {region.operation("depthwise", operands, 8, {{"before", before}, {"cached", int64_t(cached ? 1 : 0)}})}));
  };
  EXPECT_EQ(error({3, 7}, 1, false), "operation 0 (depthwise): expected the weights to be f32[3, 8], found f32[3, 7]");
  EXPECT_EQ(error({257, 8}, 1, false), "operation 0 (depthwise): expected 1 to 256 rows of weights, found f32[257, 8]");
  EXPECT_EQ(error({3, 8}, 3, false),
            "operation 0 (depthwise): expected the attribute \"before\" to be at most 2, found 3");
  EXPECT_EQ(error({3, 8}, 1, true), "operation 0 (depthwise): expected the attribute \"before\" to be 2, found 1");
  EXPECT_EQ(error({3, 8}, 2, true), "operation 0 (depthwise): expected the cache to be f32[?, 128], found f32[?, 256]");
}

TEST(Rejection, appendRows) {
  RegionBuilder page, table;
  CacheOperands p(page), t(table);
  EXPECT_EQ(errorOf(page.yield(
                {page.operation("append_rows", {p.cache, p.keys, p.starts, p.lengths, p.past, p.pages}, 256)})),
            "operation 0 (append_rows): expected the cache to be f32[?, 128], found f32[?, 256]");
  EXPECT_EQ(errorOf(table.yield(
                {table.operation("append_rows", {t.cache, t.queries, t.starts, t.lengths, t.past, t.past}, 256)})),
            "operation 0 (append_rows): expected pages to be i32[?, ?], found i32[?]");
}

TEST(Rejection, unfold) {
  auto error = [](int64_t window, int64_t stride, int64_t width) {
    RegionBuilder region;
    CacheOperands o(region);
    return errorOf(region.yield({region.operation("unfold", {o.keys, o.starts, o.lengths, o.starts, o.lengths}, width,
                                                  {{"window", window}, {"stride", stride}})}));
  };
  EXPECT_EQ(error(2, 1, 16), "operation 0 (unfold): expected the attribute \"window\" to be odd, found 2");
  EXPECT_EQ(error(3, 0, 24), "operation 0 (unfold): expected the attribute \"stride\" to be at least 1, found 0");
  EXPECT_EQ(error(3, 1, 16), "operation 0 (unfold): expected the result to be f32[?, 24], found f32[?, 16]");
}

/// How many rows there are is the driver's to say.
TEST(Rejection, unfoldWithinAKernel) {
  RegionBuilder hidden, read;
  CacheOperands h(hidden), r(read);
  std::map<std::string, Attribute> attributes = {{"window", int64_t(3)}};
  int unfolded = hidden.operation("unfold", {h.keys, h.starts, h.lengths, h.starts, h.lengths}, 24, attributes);
  EXPECT_EQ(errorOf(hidden.yield({hidden.operation("scale", {h.keys}, 8, {{"factor", 2.0}})})),
            "operation 0 (unfold): expected its result to be one of the kernel's");
  unfolded = read.operation("unfold", {r.keys, r.starts, r.lengths, r.starts, r.lengths}, 24, attributes);
  EXPECT_EQ(errorOf(read.yield({unfolded, read.operation("scale", {unfolded}, 24, {{"factor", 2.0}})})),
            "operation 1 (scale): operand %7 is unfolded in the same kernel, expected rows of the kernel's own");
}

TEST(Rejection, positionsOfEmbeddings) {
  RegionBuilder region;
  int ids = region.indices(), table = region.array({5, 8});
  EXPECT_EQ(errorOf(region.yield({region.operation("embed", {ids, table}, 8, {{"zero_first", int64_t(1)}})})),
            "operation 0 (embed): expected 3 operands, found 2");
}

TEST(Rejection, expressions) {
  auto error = [](const char *name, const char *text) {
    RegionBuilder region;
    CacheOperands o(region);
    std::map<std::string, Attribute> attributes = o.attributes();
    attributes[name] = std::string(text);
    return errorOf(region.yield(
        {region.operation("attention", {o.queries, o.cache, o.starts, o.lengths, o.past, o.pages}, 16, attributes)}));
  };
  EXPECT_EQ(error("mask", "k <= q &&"), "operation 0 (attention): mask \"k <= q &&\": column 10: expected a value, "
                                        "but found the end");
  EXPECT_EQ(error("score", "k <= q").substr(0, 54), "operation 0 (attention): score \"k <= q\": column 1: a s");
  EXPECT_EQ(error("score", "s + table1(0, k)"),
            "operation 0 (attention): score reads 2 tables, but the operation has 0");
}

TEST(Rejection, pageThatIsTooLarge) {
  RegionBuilder region;
  CacheOperands o(region);
  EXPECT_EQ(
      errorOf(region.yield(
          {region.operation("cache_append", {o.cache, o.keys, o.keys, o.starts, o.lengths, o.past, o.pages}, 256,
                            o.attributes(1 << 27))})),
      "operation 0 (cache_append): a page of 2 key heads of 134217728 components has more than 2147483647 floats");
}

TEST(Rejection, splitThatDoesNotAddUp) {
  RegionBuilder region;
  int parts = region.split(region.rows(8), {3, 4});
  EXPECT_EQ(errorOf(region.yield({parts})), "operation 0 (split): expected results whose widths add to 8, found 7");
}

TEST(Rejection, concatThatDoesNotAddUp) {
  RegionBuilder region;
  int left = region.rows(8), right = region.rows(3);
  EXPECT_EQ(errorOf(region.yield({region.operation("concat", {left, right}, 12)})),
            "operation 0 (concat): expected operands whose widths add to 12, found 11");
}

TEST(Rejection, sizesOver32Bits) {
  RegionBuilder region;
  int x = region.rows(8), w = region.array({1 << 16, 1 << 16});
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x, w}, 1 << 16)})),
            "argument 1: dimension 1 is 65536, expected sizes of at least 1 whose product is at most 2147483647");
}

TEST(Rejection, results) {
  RegionBuilder none, argument, twice;
  none.rows(8);
  EXPECT_EQ(errorOf(none.yield({})), "expected at least one result");
  argument.rows(8);
  EXPECT_EQ(errorOf(argument.yield({0})), "result %0 is not the result of an operation");
  int value = twice.operation("scale", {twice.rows(8)}, 8, {{"factor", 2.0}});
  EXPECT_EQ(errorOf(twice.yield({value, value})), "result %1 is yielded twice");
}

TEST(Rejection, otherOutputsAreText) {
  Schedule schedule = scheduleOf(scaled(), *findTarget("x86-64-v3"));
  std::string loops, assembly, error;
  ASSERT_TRUE(compileKernel(scaled(), schedule, "some_kernel", Output::LoweredLoops, loops, error)) << error;
  EXPECT_NE(loops.find("for ("), std::string::npos);
  ASSERT_TRUE(compileKernel(scaled(), schedule, "some_kernel", Output::Assembly, assembly, error)) << error;
  EXPECT_NE(assembly.find("some_kernel:"), std::string::npos);
}

} // namespace
