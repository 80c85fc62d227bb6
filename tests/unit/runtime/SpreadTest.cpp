// Work of the runtime's own on a session's threads.

#include "FakeLibrary.h"

#include "Failure.h"
#include "Generate.h"
#include "Session.h"

#include <atomic>
#include <cmath>

namespace tenon::tests {
namespace {

using namespace runtime;

class Spread : public FakeDecoder {
protected:
  std::unique_ptr<Session> makeSession(unsigned threads) {
    std::string path = directory.path("fake_decoder.so");
    writeFile(path, fakeImage("fake_decoder"));
    auto opened = std::make_shared<const Model>(path, WeightLoading(), "", 0);
    return std::make_unique<Session>(opened, threads);
  }
};

TEST_F(Spread, EachTaskIsCalledOnce) {
  for (unsigned threads : {1u, 3u}) {
    std::unique_ptr<Session> session = makeSession(threads);
    std::vector<std::atomic<int>> calls(500);
    session->spread(500, [&](size_t index) {
      ASSERT_LT(ThreadPool::currentThread(), threads);
      ++calls[index];
    });
    for (const std::atomic<int> &count : calls)
      EXPECT_EQ(count.load(), 1);
    session->spread(0, [](size_t) { ADD_FAILURE(); });
  }
}

TEST_F(Spread, WhatATaskThrowsComesOut) {
  for (unsigned threads : {1u, 3u}) {
    std::unique_ptr<Session> session = makeSession(threads);
    auto run = [&] {
      session->spread(500, [](size_t index) {
        if (index == 300)
          fail(TENON_ERROR_CALLBACK, "task 300");
      });
    };
    try {
      run();
      ADD_FAILURE() << "nothing came out";
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.message, "task 300");
    }
    int calls = 0;
    session->spread(1, [&](size_t) { ++calls; }); // and goes on
    EXPECT_EQ(calls, 1);
  }
}

/// Probabilities of what may be said are those of everything, less what may not.
TEST_F(Spread, RenormalizedBeamsCountWhatMayBeSaid) {
  std::vector<int32_t> text = prompt(20);
  std::atomic<bool> cancelled{false};
  auto scoreOf = [&](bool renormalize) {
    std::unique_ptr<Session> session = makeSession(2);
    GenerateOptions options;
    options.bounds.maxTokens = 1;
    options.beams = 2;
    options.renormalize = renormalize;
    options.filter = [](std::span<float> scores, std::span<const int32_t>) {
      std::fill(scores.begin() + 4, scores.end(), -INFINITY);
    };
    Prompt one{&session->sequence(), text, &cancelled};
    GenerationResults results;
    generate(*session, {&one, 1}, options, {&results, 1});
    return results.sequences[0].score;
  };
  std::vector<float> scores = scoresAfter(text);
  double all = 0, allowed = 0, best = -INFINITY;
  for (size_t token = 0; token < scores.size(); ++token) {
    all += std::exp(double(scores[token]));
    allowed += token < 4 ? std::exp(double(scores[token])) : 0;
    best = token < 4 ? std::max(best, double(scores[token])) : best;
  }
  EXPECT_NEAR(scoreOf(false), best - std::log(all), 1e-5);
  EXPECT_NEAR(scoreOf(true), best - std::log(allowed), 1e-5);
  EXPECT_GT(std::abs(std::log(all) - std::log(allowed)), 0.1);
}

TEST_F(Spread, NothingMayBeSaid) {
  std::vector<int32_t> text = prompt(20);
  std::atomic<bool> cancelled{false};
  for (uint32_t beams : {0u, 3u})
    for (bool renormalize : {false, true}) {
      std::unique_ptr<Session> session = makeSession(2);
      GenerateOptions options;
      options.beams = beams;
      options.renormalize = renormalize;
      options.filter = [](std::span<float> scores, std::span<const int32_t> written) {
        if (written.size() == 2)
          std::fill(scores.begin(), scores.end(), -INFINITY);
      };
      Prompt one{&session->sequence(), text, &cancelled};
      GenerationResults results;
      generate(*session, {&one, 1}, options, {&results, 1});
      EXPECT_EQ(results.sequences[0].finish, TENON_FINISH_NOT_A_NUMBER) << beams;
      EXPECT_EQ(results.sequences[0].tokens.size(), 2u);
      EXPECT_EQ(session->sequence().length(), 22);
    }
}

} // namespace
} // namespace tenon::tests
