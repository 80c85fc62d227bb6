#include "FakeLibrary.h"

#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenon::tests {
namespace {

class Call : public FakeModel {
protected:
  void SetUp() override { openModel(); }

  tenon_status run(const char *entry, std::vector<tenon_tensor> inputs, std::vector<tenon_tensor> outputs = {}) {
    tenon_status status =
        tenon_session_call(session, entry, inputs.data(), inputs.size(), outputs.data(), outputs.size());
    results = std::move(outputs);
    return status;
  }

  std::vector<tenon_tensor> results;
};

tenon_tensor floats(const char *name, std::vector<int64_t> shape, std::vector<float> &data) {
  return tensor(name, TENON_F32, std::move(shape), data.data(), data.size() * sizeof(float));
}

tenon_tensor ints(const char *name, std::vector<int64_t> shape, std::vector<int32_t> &data) {
  return tensor(name, TENON_I32, std::move(shape), data.data(), data.size() * sizeof(int32_t));
}

TEST_F(Call, WritesToTheCallersMemory) {
  std::vector<float> x = {1, 2, 3, 4, 5, 6}, y(6);
  ASSERT_EQ(run("double", {floats("x", {3, 2}, x)}, {floats("y", {}, y)}), TENON_OK) << tenon_message();
  EXPECT_EQ(y, (std::vector<float>{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(results[0].type, TENON_F32);
  EXPECT_EQ(results[0].rank, 2u);
  EXPECT_EQ(results[0].shape[0], 3);
  EXPECT_EQ(results[0].shape[1], 2);
  EXPECT_EQ(results[0].bytes, 24u);
  EXPECT_EQ(results[0].data, y.data());
}

TEST_F(Call, LendsTheSessionsMemory) {
  std::vector<float> x(100 * 70);
  std::iota(x.begin(), x.end(), 0.0f);
  ASSERT_EQ(run("double", {floats("x", {100, 70}, x)}, {tensor("y", TENON_F32, {}, nullptr, 0)}), TENON_OK)
      << tenon_message();
  ASSERT_EQ(results[0].bytes, x.size() * sizeof(float));
  const float *y = static_cast<const float *>(results[0].data);
  for (size_t index = 0; index < x.size(); ++index)
    ASSERT_EQ(y[index], 2 * x[index]);
}

TEST_F(Call, OutputNobodyWantsIsNotNeeded) {
  std::vector<float> x = {1, 2};
  EXPECT_EQ(run("double", {floats("x", {1, 2}, x)}), TENON_OK) << tenon_message();
}

TEST_F(Call, GrowsAndShrinks) {
  for (int64_t rows : {3, 4000, 1, 9000, 2}) {
    std::vector<float> x(size_t(rows) * 100, 1.5f), y(x.size());
    ASSERT_EQ(run("double", {floats("x", {rows, 100}, x)}, {floats("y", {}, y)}), TENON_OK) << tenon_message();
    for (float value : y)
      ASSERT_EQ(value, 3.0f);
  }
}

TEST_F(Call, NamesThatTheEntryPointDoesNotHave) {
  std::vector<float> x(2), y(2);
  expectStatus(run("triple", {}), TENON_ERROR_INVALID_ARGUMENT, "no entry point \"triple\", it has double, encode");
  expectStatus(run("double", {floats("z", {1, 2}, x)}), TENON_ERROR_INVALID_ARGUMENT,
               "double has no input \"z\", it has x");
  expectStatus(run("double", {floats(nullptr, {1, 2}, x)}), TENON_ERROR_INVALID_ARGUMENT, "has no name");
  expectStatus(run("double", {floats("x", {1, 2}, x)}, {floats("z", {}, y)}), TENON_ERROR_INVALID_ARGUMENT,
               "double has no output \"z\", it has y");
  expectStatus(run("double", {}), TENON_ERROR_INVALID_ARGUMENT, "input x of double is not given");
  expectStatus(run("double", {floats("x", {1, 2}, x), floats("x", {1, 2}, x)}), TENON_ERROR_INVALID_ARGUMENT,
               "input x is given twice");
  expectStatus(run("double", {floats("x", {1, 2}, x)}, {floats("y", {}, y), floats("y", {}, y)}),
               TENON_ERROR_INVALID_ARGUMENT, "output y is given twice");
}

TEST_F(Call, TypesRanksAndSizesThatDoNotFit) {
  std::vector<float> x(4), y(4);
  tenon_tensor wrong = floats("x", {2, 2}, x);
  wrong.type = TENON_F64;
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "input x is f64, expected f32");
  wrong.type = tenon_type(77);
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "input x is type 77, expected f32");
  expectStatus(run("double", {floats("x", {4}, x)}), TENON_ERROR_INVALID_ARGUMENT, "has rank 1, expected 2");
  wrong = floats("x", {2, 2}, x);
  wrong.rank = 1000;
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "has rank 1000, expected 2");
  wrong = floats("x", {2, 2}, x);
  wrong.bytes = 15;
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "has 15 bytes, its shape [2, 2] needs 16");
  wrong.data = nullptr;
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "input x has no data");
  wrong = floats("x", {1, 2}, x);
  wrong.data = reinterpret_cast<char *>(x.data()) + 1;
  expectStatus(run("double", {wrong}), TENON_ERROR_INVALID_ARGUMENT, "does not lie on a multiple");
  tenon_tensor small = floats("y", {}, y);
  small.bytes = 15;
  expectStatus(run("double", {floats("x", {2, 2}, x)}, {small}), TENON_ERROR_CAPACITY,
               "output y has room for 15 bytes, its shape [2, 2] needs 16");
}

TEST_F(Call, ExtentsThatDoNotFit) {
  std::vector<float> x(4);
  for (int64_t extent : {int64_t(0), int64_t(-1), INT64_MIN})
    expectStatus(run("double", {floats("x", {extent, 2}, x)}), TENON_ERROR_OUT_OF_RANGE, "expected at least 1");
  expectStatus(run("double", {floats("x", {INT64_MAX, 2}, x)}), TENON_ERROR_OUT_OF_RANGE, "more than 2147483647");
  expectStatus(run("double", {floats("x", {int64_t(1) << 33, int64_t(1) << 33}, x)}), TENON_ERROR_OUT_OF_RANGE,
               "more than 2147483647");
  std::vector<int32_t> gate(3);
  expectStatus(run("wait", {ints("gate", {3}, gate)}), TENON_ERROR_INVALID_ARGUMENT,
               "extent 0 of input gate is 3, expected 2");
  std::vector<int32_t> tokens(6), lengths(3);
  expectStatus(run("encode", {ints("tokens", {2, 3}, tokens), ints("lengths", {3}, lengths)}),
               TENON_ERROR_INVALID_ARGUMENT, "extent 0 (batch) of input lengths is 3, another input has 2");
}

TEST_F(Call, OptionalInputsAreZeros) {
  std::vector<int32_t> tokens = {1, 2, 3, 4}, lengths = {2, 1}, types = {1, 1, 0, 1};
  std::vector<float> embedding(8);
  ASSERT_EQ(run("encode", {ints("tokens", {2, 2}, tokens), ints("lengths", {2}, lengths)},
                {floats("embedding", {}, embedding)}),
            TENON_OK)
      << tenon_message();
  EXPECT_EQ(embedding, (std::vector<float>{3, 4, 5, 6, 3, 4, 5, 6}));
  ASSERT_EQ(run("encode", {ints("types", {2, 2}, types), ints("tokens", {2, 2}, tokens), ints("lengths", {2}, lengths)},
                {floats("embedding", {}, embedding)}),
            TENON_OK)
      << tenon_message();
  EXPECT_EQ(embedding, (std::vector<float>{5, 6, 7, 8, 3, 4, 5, 6}));
}

TEST_F(Call, IdsAndLengthsAgainstTheLimits) {
  std::vector<int32_t> tokens = {1, 2, 3, 4}, lengths = {2, 2}, types(4);
  auto encode = [&] {
    return run("encode", {ints("tokens", {2, 2}, tokens), ints("lengths", {2}, lengths), ints("types", {2, 2}, types)});
  };
  EXPECT_EQ(encode(), TENON_OK) << tenon_message();
  tokens[3] = 10;
  expectStatus(encode(), TENON_ERROR_OUT_OF_RANGE, "input tokens, row 1, position 1: id 10, expected 0 to 9");
  tokens[3] = -1;
  expectStatus(encode(), TENON_ERROR_OUT_OF_RANGE, "input tokens, row 1, position 1: id -1, expected 0 to 9");
  lengths[1] = 1; // now the bad id is padding
  EXPECT_EQ(encode(), TENON_OK) << tenon_message();
  types[0] = 2;
  expectStatus(encode(), TENON_ERROR_OUT_OF_RANGE, "input types, row 0, position 0: id 2, expected 0 to 1");
  types[0] = 1;
  lengths[0] = 0;
  EXPECT_EQ(encode(), TENON_OK) << tenon_message();
  lengths[0] = 3;
  expectStatus(encode(), TENON_ERROR_OUT_OF_RANGE, "length of row 0 is 3, expected 0 to 2");
  lengths[0] = -1;
  expectStatus(encode(), TENON_ERROR_OUT_OF_RANGE, "length of row 0 is -1, expected 0 to 2");
  std::vector<int32_t> many(7), one = {1};
  expectStatus(run("encode", {ints("tokens", {1, 7}, many), ints("lengths", {1}, one)}), TENON_ERROR_OUT_OF_RANGE,
               "rows of 7 tokens, the model takes at most 6");
}

TEST_F(Call, NullArguments) {
  std::vector<float> x(2);
  tenon_tensor input = floats("x", {1, 2}, x);
  expectStatus(tenon_session_call(session, nullptr, &input, 1, nullptr, 0), TENON_ERROR_INVALID_ARGUMENT,
               "entry is null");
  expectStatus(tenon_session_call(session, "double", nullptr, 1, nullptr, 0), TENON_ERROR_INVALID_ARGUMENT,
               "inputs is null");
  expectStatus(tenon_session_call(session, "double", &input, 1, nullptr, 1), TENON_ERROR_INVALID_ARGUMENT,
               "outputs is null");
}

TEST_F(Call, TaskErrorIsTheCallsError) {
  for (int32_t index : {0, 31, 63}) {
    std::vector<int32_t> request = {index, -3};
    expectStatus(run("fail", {ints("request", {2}, request)}), TENON_ERROR_KERNEL,
                 "a kernel of fail returned -3: Buffer argument x has type float32 but expected int8");
  }
  std::vector<int32_t> none = {64, -3};
  EXPECT_EQ(run("fail", {ints("request", {2}, none)}), TENON_OK);
}

TEST_F(Call, NoMemoryIsAStatus) {
  std::vector<int32_t> in(2);
  expectStatus(run("hungry", {ints("in", {2}, in)}), TENON_ERROR_NO_MEMORY, "4611686018427387904 bytes");
  std::vector<float> x = {1, 2}, y(2);
  EXPECT_EQ(run("double", {floats("x", {1, 2}, x)}, {floats("y", {}, y)}), TENON_OK) << tenon_message();
  EXPECT_EQ(y[1], 4.0f);
}

TEST_F(Call, SecondThreadIsToldBusy) {
  std::vector<int32_t> gate(2);
  std::atomic_ref<int32_t> open(gate[0]), entered(gate[1]);
  std::thread other([&] { EXPECT_EQ(run("wait", {ints("gate", {2}, gate)}), TENON_OK) << tenon_message(); });
  while (entered.load() == 0)
    std::this_thread::yield();
  uint32_t threads = 0;
  expectStatus(tenon_session_call(session, "double", nullptr, 0, nullptr, 0), TENON_ERROR_BUSY, "another thread");
  expectStatus(tenon_session_threads(session, &threads), TENON_ERROR_BUSY, "another thread");
  expectStatus(tenon_session_destroy(session), TENON_ERROR_BUSY, "another thread");
  open.store(1);
  other.join();
  EXPECT_EQ(tenon_session_threads(session, &threads), TENON_OK);
  EXPECT_EQ(threads, 2u);
}

TEST_F(Call, SessionsOfOneModelRunAtOnce) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      tenon_session *own = nullptr;
      tenon_session_options options{sizeof options, 2, 0};
      ASSERT_EQ(tenon_session_create(model, &options, &own), TENON_OK) << tenon_message();
      std::vector<float> x(64 * 8, float(caller)), y(x.size());
      for (int repeat = 0; repeat < 200; ++repeat) {
        tenon_tensor input = floats("x", {64, 8}, x), output = floats("y", {}, y);
        ASSERT_EQ(tenon_session_call(own, "double", &input, 1, &output, 1), TENON_OK) << tenon_message();
        ASSERT_EQ(y[511], float(2 * caller));
      }
      ASSERT_EQ(tenon_session_destroy(own), TENON_OK);
    });
  for (std::thread &caller : callers)
    caller.join();
}

#if defined(__x86_64__)
TEST_F(Call, FloatingPointModeIsTheKernelsInsideAndTheCallersOutside) {
  const unsigned before = _mm_getcsr();
  const unsigned odd = (before | 0x8040u) ^ 0x2000u; // flush to zero, denormals are zero, another rounding
  std::vector<int32_t> in(2), out = {-1};
  // Before the first call, whose workers inherit the settings, and after.
  for (int repeat = 0; repeat < 2; ++repeat) {
    _mm_setcsr(odd);
    tenon_status status = run("control", {ints("in", {2}, in)}, {ints("out", {}, out)});
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    ASSERT_EQ(status, TENON_OK) << tenon_message();
    EXPECT_EQ(after, odd);
    EXPECT_EQ(out[0], 0);
  }
}
#endif

} // namespace
} // namespace tenon::tests
