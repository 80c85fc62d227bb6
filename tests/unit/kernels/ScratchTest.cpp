//===- ScratchTest.cpp - Kernels whose scratch memory cannot be had -------===//
//
// A kernel that is refused memory says so, gives back what it got, and works again later. Its loops are spread over
// threads, so that the one that is refused may be any.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"
#include "Regions.h"

#include <HalideRuntime.h>
#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

class Scratch : public testing::TestWithParam<std::string> {
protected:
  void TearDown() override {
    stopFailingScratch();
    setThreads(1);
  }

  /// Refuses the first request of a call, the second, and so on until a call makes no more; returns how many it made.
  static int64_t sweep(const LoadedKernel &kernel, const std::vector<Array *> &arrays, bool persistent) {
    for (int64_t first = 0;; ++first) {
      failScratch(first, persistent);
      int status = kernel(arrays);
      bool wasRefused = stopFailingScratch();
      EXPECT_EQ(scratchInUse(), 0) << "request " << first;
      EXPECT_EQ(status, wasRefused ? halide_error_code_out_of_memory : 0) << "request " << first;
      if (!wasRefused || HasFailure())
        return first;
    }
  }

  /// `rows` is the outermost size of the one result.
  static void check(const KernelDescription &description, std::vector<Array> arguments, int64_t rows) {
    if (!cpuHas(GetParam()))
      GTEST_SKIP() << "this CPU does not run " << GetParam();
    LoadedKernel kernel(description, scheduleOf(description, *findTarget(GetParam())));
    int64_t width = valueTypes(description)[static_cast<size_t>(description.results[0])].shape[1];
    Array undisturbed({rows, width}), result({rows, width});
    std::vector<Array *> arrays;
    for (Array &argument : arguments)
      arrays.push_back(&argument);
    arrays.push_back(&undisturbed);
    ASSERT_EQ(kernel(arrays), 0);
    arrays.back() = &result;
    for (int threads : {1, 3})
      for (bool persistent : {false, true}) {
        setThreads(threads);
        std::fill(result.floats().begin(), result.floats().end(), -1.0f);
        EXPECT_GT(sweep(kernel, arrays, persistent), 0);
        // The last call was not refused any.
        EXPECT_EQ(result.floats(), undisturbed.floats());
      }
  }
};
INSTANTIATE_TEST_SUITE_P(Targets, Scratch, testing::ValuesIn(targetNames()),
                         [](const auto &info) { return info.param.substr(info.param.size() - 2); });

/// No row of a batch is padding, so that every number of a result is one.
const Batch batch({16, 32});

TEST_P(Scratch, ofAttention) {
  RegionBuilder region;
  int x = region.rows(96), starts = region.indices(), lengths = region.indices();
  int q = region.split(x, {32, 32, 32});
  KernelDescription kernel = region.yield({region.operation("attention", {q, starts, lengths, q + 1, q + 2}, 32,
                                                            {{"heads", int64_t(2)},
                                                             {"key_value_heads", int64_t(2)},
                                                             {"head_size", int64_t(16)},
                                                             {"scale", 0.25},
                                                             {"segments", ownRows}})});
  check(kernel, {randomRows(batch, 96, 1), batch.startsArray(), batch.lengthsArray()}, batch.rows());
}

TEST_P(Scratch, ofANormBeforeAProduct) {
  constexpr int64_t depth = 2000;
  RegionBuilder region;
  int x = region.rows(depth), w = region.array({2, depth, 48});
  int normed = region.operation("norm", {x}, depth, {{"function", std::string("rmsnorm")}, {"epsilon", 1e-5}});
  KernelDescription kernel = region.yield({region.operation("linear", {normed, w}, 90)});
  check(kernel, {randomRows(batch, depth, 1), randomArray({2, depth, 48}, 2)}, batch.rows());
}

} // namespace
