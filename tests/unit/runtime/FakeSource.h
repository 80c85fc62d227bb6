//===- FakeSource.h - The fake decoder that attends to a source -*- C++ -*-===//

#ifndef TENON_TESTS_FAKESOURCE_H
#define TENON_TESTS_FAKESOURCE_H

#include "FakeLibrary.h"

namespace tenon::tests {

using Tokens = std::vector<int32_t>;

/// fake_decoder.c with FAKE_SOURCE, sessions about sources, and what they are to say.
class FakeSource : public FakeDecoder {
protected:
  void SetUp() override { openDecoder(0, "fake_source"); }

  static tenon_source sourceOf(const Tokens &tokens) {
    static const int32_t none = -1; // what is empty is not missing
    return {sizeof(tenon_source), tokens.empty() ? &none : tokens.data(), tokens.size(), nullptr, nullptr, 0};
  }
  static tenon_source missing() { return {sizeof(tenon_source), nullptr, 0, nullptr, nullptr, 0}; }
  static void setSource(tenon_session *session, const Tokens &tokens) {
    tenon_source source = sourceOf(tokens);
    ASSERT_EQ(tenon_session_set_sources(&session, &source, 1), TENON_OK) << tenon_message();
  }
  tenon_session *sessionAbout(const Tokens &tokens, uint32_t threads = 1) {
    tenon_session *session = newSession(threads);
    setSource(session, tokens);
    return session;
  }

  /// What fake_decoder.c adds up modulo 32.
  static int32_t sum(const Tokens &source, const Tokens &tokens) {
    int64_t sum = 0;
    for (size_t row = 0; row < source.size(); ++row)
      sum += int64_t(source[row]) * int64_t(row + 3);
    for (size_t k = 0; k < tokens.size(); ++k)
      sum += int64_t(tokens[k] + 1) * int64_t(k + 1);
    return int32_t(sum % 32);
  }
  static std::vector<float> scores(const Tokens &source, const Tokens &tokens) {
    int32_t h = sum(source, tokens);
    std::vector<float> scores;
    for (int32_t v = 0; v < 32; ++v)
      scores.push_back(-float((v - h + 32) % 32) / 4 - float((v * v * 7 + h * h * 13 + v * h * 5) % 1009) / 10000);
    scores.push_back(-100);
    return scores;
  }
  static int32_t likeliest(const Tokens &source, const Tokens &tokens) { return best(scores(source, tokens)); }
  static Tokens answer(const Tokens &source, Tokens tokens, size_t count) {
    Tokens written;
    while (written.size() < count) {
      written.push_back(likeliest(source, tokens));
      tokens.push_back(written.back());
    }
    return written;
  }

  static int32_t prefill(tenon_session *session, const Tokens &tokens) {
    std::vector<float> logits(vocab);
    EXPECT_EQ(tenon_session_prefill(session, tokens.data(), tokens.size(), logits.data()), TENON_OK) << tenon_message();
    return best(logits);
  }
  static int32_t decode(tenon_session *session, int32_t token) {
    std::vector<float> logits(vocab);
    EXPECT_EQ(tenon_decode(&session, &token, 1, logits.data()), TENON_OK) << tenon_message();
    return best(logits);
  }

  /// Gives each session its text, then goes on with all of them in one call after the other: each says what
  /// `expected(row, text)` is.
  template <typename Expected>
  static void expectTogether(const std::vector<tenon_session *> &sessions, std::vector<Tokens> texts,
                             const Expected &expected) {
    size_t rows = sessions.size();
    Tokens next;
    for (size_t row = 0; row < rows; ++row) {
      next.push_back(prefill(sessions[row], texts[row]));
      EXPECT_EQ(next[row], expected(row, texts[row])) << "row " << row;
    }
    std::vector<float> logits(rows * vocab);
    for (int round = 0; round < 20; ++round) {
      ASSERT_EQ(tenon_decode(sessions.data(), next.data(), rows, logits.data()), TENON_OK) << tenon_message();
      for (size_t row = 0; row < rows; ++row) {
        texts[row].push_back(next[row]);
        auto at = logits.begin() + ptrdiff_t(row * vocab);
        next[row] = best({at, at + ptrdiff_t(vocab)});
        ASSERT_EQ(next[row], expected(row, texts[row])) << "row " << row << ", round " << round;
      }
    }
  }

  static tenon_generate_options options(int64_t maxTokens) {
    tenon_generate_options made = TENON_GENERATE_DEFAULTS;
    made.max_tokens = maxTokens;
    made.ignore_eos = 1;
    return made;
  }
  static Tokens tokensOf(const tenon_sequence &sequence) {
    return {sequence.tokens, sequence.tokens + sequence.token_count};
  }
  static std::vector<tenon_sequence> generate(tenon_session *session, const Tokens &prompt,
                                              const tenon_generate_options &options) {
    tenon_generation result{sizeof result, nullptr, 0, 0, 0};
    EXPECT_EQ(tenon_generate(session, prompt.data(), prompt.size(), &options, &result), TENON_OK) << tenon_message();
    return {result.sequences, result.sequences + result.sequence_count};
  }
};

} // namespace tenon::tests

#endif // TENON_TESTS_FAKESOURCE_H
