// Sessions that hold tokens: prefill in pieces, decoding in batches, fork, rewind, and what must be refused. The fake
// decoder's answers depend on every token in the cache.

#include "FakeLibrary.h"

#include <atomic>
#include <thread>

namespace tenon::tests {
namespace {

class Cache : public FakeDecoder {
protected:
  int32_t prefill(tenon_session *session, const std::vector<int32_t> &tokens) {
    std::vector<float> logits(vocab);
    EXPECT_EQ(tenon_session_prefill(session, tokens.data(), tokens.size(), logits.data()), TENON_OK) << tenon_message();
    return best(logits);
  }
  int32_t decode(tenon_session *session, int32_t token) {
    std::vector<float> logits(vocab);
    EXPECT_EQ(tenon_decode(&session, &token, 1, logits.data()), TENON_OK) << tenon_message();
    return best(logits);
  }
};

TEST_F(Cache, PromptInOnePieceInPiecesAndTokenByToken) {
  std::vector<int32_t> tokens = prompt(590);
  EXPECT_EQ(prefill(newSession(), tokens), next(tokens));
  for (size_t piece : {1, 15, 16, 17, 250}) {
    tenon_session *session = newSession(2);
    int32_t last = -1;
    for (size_t done = 0; done < tokens.size(); done += piece) {
      std::vector<int32_t> part(tokens.begin() + ptrdiff_t(done),
                                tokens.begin() + ptrdiff_t(std::min(done + piece, tokens.size())));
      last = prefill(session, part);
      ASSERT_EQ(last, next({tokens.begin(), tokens.begin() + ptrdiff_t(done + part.size())})) << piece;
    }
    EXPECT_EQ(lengthOf(session), 590);
  }
}

TEST_F(Cache, RowsOfDifferentLengthsDecodeTogether) {
  std::vector<tenon_session *> sessions;
  std::vector<std::vector<int32_t>> texts;
  std::vector<int32_t> tokens;
  for (size_t row = 0; row < 9; ++row) {
    sessions.push_back(newSession(3));
    texts.push_back(prompt(1 + row * 15, int32_t(row)));
    tokens.push_back(prefill(sessions[row], texts[row]));
  }
  std::vector<float> logits(9 * vocab);
  for (int round = 0; round < 40; ++round) {
    ASSERT_EQ(tenon_decode(sessions.data(), tokens.data(), 9, logits.data()), TENON_OK) << tenon_message();
    for (size_t row = 0; row < 9; ++row) {
      texts[row].push_back(tokens[row]);
      tokens[row] = best({logits.begin() + ptrdiff_t(row * vocab), logits.begin() + ptrdiff_t((row + 1) * vocab)});
      ASSERT_EQ(tokens[row], next(texts[row])) << "row " << row << " of " << texts[row].size() << " tokens";
    }
  }
}

TEST_F(Cache, ForksGoTheirOwnWaysWhereverTheyPart) {
  for (size_t length : {15, 16, 17, 40}) {
    tenon_session *parent = newSession();
    std::vector<int32_t> shared = prompt(length);
    prefill(parent, shared);
    std::vector<tenon_session *> forks(4);
    for (tenon_session *&fork : forks)
      ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK) << tenon_message();
    forks.push_back(parent);
    std::vector<std::vector<int32_t>> texts(forks.size(), shared);
    for (int32_t round = 0; round < 20; ++round)
      for (size_t index = 0; index < forks.size(); ++index) {
        texts[index].push_back(2 + (int32_t(index) * 5 + round) % 30);
        ASSERT_EQ(decode(forks[index], texts[index].back()), next(texts[index]));
      }
    for (size_t index = 0; index < 4; ++index)
      ASSERT_EQ(tenon_session_destroy(forks[index]), TENON_OK);
  }
}

TEST_F(Cache, ForkOutlivesItsParentAndTheModelsHandle) {
  tenon_session *parent = nullptr, *fork = nullptr;
  ASSERT_EQ(tenon_session_create(model, nullptr, &parent), TENON_OK);
  std::vector<int32_t> text = prompt(21);
  prefill(parent, text);
  ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK);
  ASSERT_EQ(tenon_session_destroy(parent), TENON_OK);
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  model = nullptr;
  text.push_back(7);
  EXPECT_EQ(decode(fork, 7), next(text));
  uint32_t threads = 0;
  EXPECT_EQ(tenon_session_threads(fork, &threads), TENON_OK);
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
}

TEST_F(Cache, RewindsToAnyLength) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(50);
  for (int64_t length : {50, 49, 33, 32, 31, 16, 1, 0}) {
    ASSERT_EQ(tenon_session_rewind(session, 0), TENON_OK) << tenon_message();
    prefill(session, text);
    ASSERT_EQ(tenon_session_rewind(session, length), TENON_OK) << tenon_message();
    EXPECT_EQ(lengthOf(session), length);
    std::vector<int32_t> other(text.begin(), text.begin() + length);
    for (int32_t token : prompt(20, 9)) {
      other.push_back(token);
      ASSERT_EQ(decode(session, token), next(other)) << "after " << length;
    }
  }
}

TEST_F(Cache, RewindingAForkLeavesTheOtherAlone) {
  tenon_session *session = newSession(), *fork = nullptr;
  std::vector<int32_t> text = prompt(40), other(text.begin(), text.begin() + 20);
  prefill(session, text);
  ASSERT_EQ(tenon_session_fork(session, &fork), TENON_OK);
  ASSERT_EQ(tenon_session_rewind(fork, 20), TENON_OK);
  for (int32_t token : prompt(20, 3)) {
    other.push_back(token);
    EXPECT_EQ(decode(fork, token), next(other));
  }
  text.push_back(5);
  EXPECT_EQ(decode(session, 5), next(text));
  EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
}

TEST_F(Cache, GivesTheTokensItHolds) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(20), ids(20);
  size_t count = 0;
  ASSERT_EQ(tenon_session_tokens(session, nullptr, 0, &count), TENON_OK);
  EXPECT_EQ(count, 0u);
  prefill(session, text);
  expectStatus(tenon_session_tokens(session, ids.data(), 19, &count), TENON_ERROR_CAPACITY,
               "the session holds 20 tokens, ids has room for 19");
  EXPECT_EQ(count, 20u);
  ASSERT_EQ(tenon_session_tokens(session, ids.data(), 20, &count), TENON_OK);
  EXPECT_EQ(ids, text);
}

TEST_F(Cache, ScoresEveryToken) {
  tenon_session *session = newSession(2);
  std::vector<int32_t> text = prompt(530);
  std::vector<float> logits(530 * vocab), hidden(530 * 2);
  ASSERT_EQ(tenon_session_score(session, text.data(), text.size(), logits.data(), hidden.data()), TENON_OK)
      << tenon_message();
  for (size_t t = 0; t < text.size(); ++t) {
    ASSERT_EQ(best({logits.begin() + ptrdiff_t(t * vocab), logits.begin() + ptrdiff_t((t + 1) * vocab)}),
              next({text.begin(), text.begin() + ptrdiff_t(t + 1)}));
    ASSERT_EQ(hidden[2 * t + 1], float(t) + 1);
  }
  EXPECT_EQ(tenon_session_score(session, text.data(), 10, nullptr, nullptr), TENON_OK) << tenon_message();
  EXPECT_EQ(lengthOf(session), 540);
}

TEST_F(Cache, BadTokensAndCounts) {
  tenon_session *session = newSession();
  prefill(session, prompt(10));
  std::vector<int32_t> text = prompt(591), bad = {3, 33};
  std::vector<float> logits(vocab, -7);
  expectStatus(tenon_session_prefill(session, text.data(), 591, logits.data()), TENON_ERROR_OUT_OF_RANGE,
               "row 0 would have 601 tokens, the model takes at most 600, of which 10 are cached");
  expectStatus(tenon_session_prefill(session, bad.data(), 2, logits.data()), TENON_ERROR_OUT_OF_RANGE,
               "row 0, token 1: id 33, expected 0 to 32");
  bad[1] = -1;
  expectStatus(tenon_session_score(session, bad.data(), 2, nullptr, nullptr), TENON_ERROR_OUT_OF_RANGE, "id -1");
  expectStatus(tenon_decode(&session, &bad[1], 1, logits.data()), TENON_ERROR_OUT_OF_RANGE, "id -1");
  expectStatus(tenon_session_prefill(session, text.data(), 0, nullptr), TENON_ERROR_OUT_OF_RANGE, "0 tokens");
  expectStatus(tenon_session_prefill(session, nullptr, 1, nullptr), TENON_ERROR_INVALID_ARGUMENT, "tokens is null");
  expectStatus(tenon_decode(&session, text.data(), 0, logits.data()), TENON_ERROR_OUT_OF_RANGE, "0 sessions");
  expectStatus(tenon_decode(nullptr, text.data(), 1, logits.data()), TENON_ERROR_INVALID_ARGUMENT, "sessions is null");
  expectStatus(tenon_decode(&session, text.data(), 1, nullptr), TENON_ERROR_INVALID_ARGUMENT, "logits is null");
  expectStatus(tenon_session_rewind(session, 11), TENON_ERROR_OUT_OF_RANGE,
               "cannot rewind to 11 tokens, the session has 10");
  expectStatus(tenon_session_rewind(session, -1), TENON_ERROR_OUT_OF_RANGE, "cannot rewind to -1");
  expectStatus(tenon_session_fork(session, nullptr), TENON_ERROR_INVALID_ARGUMENT, "forked is null");
  expectStatus(tenon_session_length(session, nullptr), TENON_ERROR_INVALID_ARGUMENT, "length is null");
  EXPECT_EQ(logits[0], -7);
  std::vector<int32_t> whole = prompt(10);
  whole.push_back(4);
  EXPECT_EQ(decode(session, 4), next(whole));
}

TEST_F(Cache, FullPositionsRefuseOneMore) {
  tenon_session *session = newSession();
  prefill(session, prompt(600));
  int32_t token = 3;
  std::vector<float> logits(vocab);
  expectStatus(tenon_decode(&session, &token, 1, logits.data()), TENON_ERROR_OUT_OF_RANGE,
               "row 0 would have 601 tokens, the model takes at most 600");
  EXPECT_EQ(lengthOf(session), 600);
}

TEST_F(Cache, SessionsOfOneDecodeAreDifferentAndOfOneModel) {
  tenon_session *session = newSession(), *other = newSession(), *twice[] = {session, other, session};
  std::vector<int32_t> tokens = {2, 3, 4};
  std::vector<float> logits(3 * vocab);
  expectStatus(tenon_decode(twice, tokens.data(), 3, logits.data()), TENON_ERROR_INVALID_ARGUMENT,
               "sessions 0 and 2 are the same");
  tenon_model *second = nullptr;
  std::string path = directory.path("fake_window.so");
  writeFile(path, fakeImage("fake_window"));
  ASSERT_EQ(tenon_model_open(path.c_str(), nullptr, &second), TENON_OK) << tenon_message();
  tenon_session *foreign = nullptr;
  ASSERT_EQ(tenon_session_create(second, nullptr, &foreign), TENON_OK);
  tenon_session *mixed[] = {session, foreign};
  expectStatus(tenon_decode(mixed, tokens.data(), 2, logits.data()), TENON_ERROR_INVALID_ARGUMENT,
               "session 1 is of another model than session 0");
  EXPECT_EQ(tenon_session_destroy(foreign), TENON_OK);
  EXPECT_EQ(tenon_model_release(second), TENON_OK);
}

TEST_F(Cache, FullCacheIsAnErrorAndFreesAgain) {
  openDecoder(5 * pageBytes);
  tenon_session *first = newSession(), *second = newSession();
  std::vector<int32_t> text = prompt(48), more = prompt(33);
  prefill(first, text);
  std::vector<float> logits(vocab);
  expectStatus(tenon_session_prefill(second, more.data(), 33, logits.data()), TENON_ERROR_CACHE_FULL,
               "the cache is full: of its 5 pages of 16 tokens, 3 are in use, and 3 more are needed");
  EXPECT_EQ(lengthOf(second), 0);
  more.resize(32);
  EXPECT_EQ(prefill(second, more), next(more));
  tenon_session *both[] = {first, second};
  int32_t tokens[] = {2, 3};
  std::vector<float> twoLogits(2 * vocab);
  expectStatus(tenon_decode(both, tokens, 2, twoLogits.data()), TENON_ERROR_CACHE_FULL, "5 are in use");
  ASSERT_EQ(tenon_session_rewind(second, 16), TENON_OK);
  text.push_back(2);
  EXPECT_EQ(decode(first, 2), next(text));
}

TEST_F(Cache, FailedKernelLeavesTheCacheAsItWas) {
  tenon_session *session = newSession();
  std::vector<int32_t> text = prompt(30), bad = {4, 5, 32};
  prefill(session, text);
  expectStatus(tenon_session_prefill(session, bad.data(), 3, nullptr), TENON_ERROR_KERNEL, "token 32");
  EXPECT_EQ(lengthOf(session), 30);
  text.push_back(6);
  EXPECT_EQ(decode(session, 6), next(text));
  // In pieces: the first went well.
  std::vector<int32_t> longer = prompt(540);
  longer[530] = 32;
  expectStatus(tenon_session_prefill(session, longer.data(), 540, nullptr), TENON_ERROR_KERNEL, "token 32");
  expectStatus(tenon_session_score(session, longer.data(), 540, nullptr, nullptr), TENON_ERROR_KERNEL, "token 32");
  EXPECT_EQ(lengthOf(session), 31);
}

TEST_F(Cache, EntryPointsWithStatesAreNotCalledByName) {
  expectStatus(tenon_session_call(newSession(), "prefill", nullptr, 0, nullptr, 0), TENON_ERROR_INVALID_ARGUMENT,
               "keeps a cache");
}

TEST_F(Cache, SessionsOfOtherModelsDoNotGenerate) {
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  openModel();
  int64_t length;
  int32_t token = 1;
  expectStatus(tenon_session_length(session, &length), TENON_ERROR_INVALID_ARGUMENT,
               "model fake does not generate: it has no entry point prefill");
  expectStatus(tenon_session_prefill(session, &token, 1, nullptr), TENON_ERROR_INVALID_ARGUMENT, "does not generate");
  expectStatus(tenon_session_fork(session, &session), TENON_ERROR_INVALID_ARGUMENT, "does not generate");
}

TEST_F(Cache, TokensThatTheModelHasNoRowForMatterWhereTheyAreUsed) {
  openDecoder(4 * pageBytes, "fake_small_vocabulary");
  tenon_session *session = newSession();
  std::vector<float> logits(vocab);
  const int32_t known[] = {2, 29}, unknown[] = {2, 30}, negative[] = {-1};
  ASSERT_EQ(tenon_session_prefill(session, known, 2, logits.data()), TENON_OK) << tenon_message();
  expectStatus(tenon_session_prefill(session, unknown, 2, nullptr), TENON_ERROR_OUT_OF_RANGE,
               "row 0, token 1: id 30, token \"\u00a9\" of the tokenizer, expected 0 to 29");
  expectStatus(tenon_session_prefill(session, negative, 1, nullptr), TENON_ERROR_OUT_OF_RANGE,
               "row 0, token 0: id -1, expected 0 to 29");
  EXPECT_EQ(lengthOf(session), 2);
}

TEST_F(Cache, WindowGivesPagesBack) {
  openDecoder(4 * pageBytes, "fake_window");
  tenon_session *session = newSession();
  std::vector<int32_t> tokens = prompt(300);
  std::vector<float> logits(vocab);
  // 300 tokens through 64 tokens' pages, 20 of which are seen.
  for (int32_t token : tokens)
    ASSERT_EQ(tenon_decode(&session, &token, 1, logits.data()), TENON_OK) << tenon_message();
  (void)best(logits);
  ASSERT_EQ(tenon_session_rewind(session, 292), TENON_OK) << tenon_message();
  int32_t token = 3;
  ASSERT_EQ(tenon_decode(&session, &token, 1, logits.data()), TENON_OK) << tenon_message();
  (void)best(logits);
  expectStatus(tenon_session_rewind(session, 200), TENON_ERROR_OUT_OF_RANGE, "the model sees 20 tokens back");
  EXPECT_EQ(lengthOf(session), 293);
  ASSERT_EQ(tenon_session_rewind(session, 0), TENON_OK) << tenon_message();
}

TEST_F(Cache, SessionsOfOneModelOnManyThreads) {
  tenon_session *parent = newSession();
  std::vector<int32_t> shared = prompt(37);
  prefill(parent, shared);
  std::vector<std::thread> threads;
  for (int32_t number = 0; number < 4; ++number) {
    tenon_session *fork = nullptr;
    ASSERT_EQ(tenon_session_fork(parent, &fork), TENON_OK);
    threads.emplace_back([=, this] {
      std::vector<int32_t> text = shared;
      for (int32_t round = 0; round < 60; ++round) {
        text.push_back(2 + (round * 3 + number) % 30);
        ASSERT_EQ(decode(fork, text.back()), next(text));
        if (round % 13 == 12) {
          ASSERT_EQ(tenon_session_rewind(fork, 37), TENON_OK);
          text.resize(37);
        }
      }
      EXPECT_EQ(tenon_session_destroy(fork), TENON_OK);
    });
  }
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
} // namespace tenon::tests
