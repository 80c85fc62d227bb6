#include "FakeLibrary.h"

#include <cstring>

namespace tenon::tests {
namespace {

class Encode : public FakeModel {
protected:
  void SetUp() override { openModel(); }

  /// Token ids as the model's tokenizer gives them.
  std::vector<int32_t> tokenize(const std::string &text, size_t maxTokens = 0) {
    std::vector<int32_t> ids(100);
    size_t count = 0;
    EXPECT_EQ(tenon_model_tokenize(model, text.data(), text.size(), maxTokens, ids.data(), ids.size(), &count),
              TENON_OK)
        << tenon_message();
    ids.resize(count);
    return ids;
  }
};

TEST_F(Encode, RowsOfDifferentLengths) {
  const int32_t a[] = {1, 2, 3}, c[] = {9};
  const int32_t *rows[] = {a, nullptr, c};
  const int32_t lengths[] = {3, 0, 1};
  std::vector<float> hidden(3 * 3 * 4, -1), embedding(3 * 4, -1);
  ASSERT_EQ(tenon_session_encode(session, rows, lengths, 3, hidden.data(), embedding.data()), TENON_OK)
      << tenon_message();
  EXPECT_EQ(embedding, (std::vector<float>{6, 7, 8, 9, 0, 1, 2, 3, 9, 10, 11, 12}));
  EXPECT_EQ(hidden, (std::vector<float>{1, 2, 3, 4, 2, 3, 4, 5,  3,  4,  5, 6, 0, 0, 0, 0, 0, 0,
                                        0, 0, 0, 0, 0, 0, 9, 10, 11, 12, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(Encode, EmptyRowsAlone) {
  const int32_t *rows[] = {nullptr, nullptr};
  const int32_t lengths[] = {0, 0};
  float embedding[8];
  ASSERT_EQ(tenon_session_encode(session, rows, lengths, 2, nullptr, embedding), TENON_OK) << tenon_message();
  EXPECT_EQ(embedding[4], 0.0f);
}

TEST_F(Encode, BadRows) {
  const int32_t ids[] = {1, 2, 3, 4, 5, 6, 7};
  const int32_t *rows[] = {ids, nullptr};
  float embedding[8];
  auto encode = [&](int32_t first, int32_t second, size_t batch) {
    const int32_t lengths[] = {first, second};
    return tenon_session_encode(session, rows, lengths, batch, nullptr, embedding);
  };
  expectStatus(encode(1, 0, 0), TENON_ERROR_OUT_OF_RANGE, "batch is 0 rows, expected at least 1");
  expectStatus(encode(-1, 0, 2), TENON_ERROR_OUT_OF_RANGE, "length of row 0 is -1");
  expectStatus(encode(1, 1, 2), TENON_ERROR_INVALID_ARGUMENT, "row 1 of 1 tokens has no ids");
  expectStatus(encode(7, 0, 2), TENON_ERROR_OUT_OF_RANGE, "the longest row has 7 tokens, the model takes at most 6");
  const int32_t bad[] = {10};
  rows[0] = bad;
  expectStatus(encode(1, 0, 2), TENON_ERROR_OUT_OF_RANGE, "row 0, position 0: id 10, expected 0 to 9");
}

TEST_F(Encode, TokenizesAndCuts) {
  EXPECT_EQ(tokenize("One twos"), (std::vector<int32_t>{2, 4, 5, 8, 3}));
  EXPECT_EQ(tokenize(""), (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(tokenize("one two three four", 4), (std::vector<int32_t>{2, 4, 5, 3}));
  int32_t ids[2] = {-1, -1};
  size_t count = 0;
  expectStatus(tenon_model_tokenize(model, "one", 3, 0, ids, 2, &count), TENON_ERROR_CAPACITY,
               "text has 3 tokens, ids has room for 2");
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(ids[0], -1);
  expectStatus(tenon_model_tokenize(model, "\xff", 1, 0, ids, 2, &count), TENON_ERROR_TOKENIZER, "UTF-8");
  expectStatus(tenon_model_tokenize(model, nullptr, 1, 0, ids, 2, &count), TENON_ERROR_INVALID_ARGUMENT,
               "text is null");
}

TEST_F(Encode, Detokenizes) {
  const int32_t ids[] = {2, 4, 5, 8, 3};
  char text[9];
  size_t bytes = 0;
  ASSERT_EQ(tenon_model_detokenize(model, ids, 5, text, sizeof text, &bytes), TENON_OK) << tenon_message();
  EXPECT_STREQ(text, "one twos");
  expectStatus(tenon_model_detokenize(model, ids, 5, text, 8, &bytes), TENON_ERROR_CAPACITY, "8 bytes and a NUL");
  EXPECT_EQ(bytes, 8u);
}

TEST_F(Encode, EmbedsTextsInAnyOrder) {
  // More than one batch, of all lengths; the tokenizer's own truncation to 5 is below the model's 6 positions.
  const char *words[] = {"", "one", "one two", "four five three", "five five five five five", "seven"};
  std::vector<const char *> texts;
  for (size_t index = 0; index < 200; ++index)
    texts.push_back(words[index * 7 % 6]);
  std::vector<float> embeddings(texts.size() * 4, -1);
  ASSERT_EQ(tenon_session_embed_texts(session, texts.data(), texts.size(), embeddings.data()), TENON_OK)
      << tenon_message();
  for (size_t index = 0; index < texts.size(); ++index) {
    int32_t sum = 0;
    for (int32_t id : tokenize(texts[index], 5))
      sum += id;
    for (size_t column = 0; column < 4; ++column)
      ASSERT_EQ(embeddings[index * 4 + column], float(sum) + float(column)) << texts[index];
  }
}

TEST_F(Encode, BadTexts) {
  const char *texts[] = {"one", "\xc3"};
  float embeddings[8];
  expectStatus(tenon_session_embed_texts(session, texts, 0, embeddings), TENON_ERROR_OUT_OF_RANGE,
               "0 texts to embed, expected at least 1");
  expectStatus(tenon_session_embed_texts(session, texts, 2, embeddings), TENON_ERROR_TOKENIZER, "UTF-8");
  texts[1] = nullptr;
  expectStatus(tenon_session_embed_texts(session, texts, 2, embeddings), TENON_ERROR_INVALID_ARGUMENT,
               "text 1 is null");
  expectStatus(tenon_session_embed_texts(session, texts, 1, nullptr), TENON_ERROR_INVALID_ARGUMENT,
               "embeddings is null");
}

TEST_F(Encode, SameBitsWhateverTheThreads) {
  const int32_t ids[] = {1, 2, 3, 4, 5};
  std::vector<const int32_t *> rows(33, ids);
  std::vector<int32_t> lengths;
  for (int row = 0; row < 33; ++row)
    lengths.push_back(row % 6);
  std::vector<std::vector<float>> results;
  for (uint32_t threads : {1u, 2u, 3u, 8u}) {
    tenon_session_options options{sizeof options, threads, 0};
    tenon_session *own = nullptr;
    ASSERT_EQ(tenon_session_create(model, &options, &own), TENON_OK) << tenon_message();
    std::vector<float> &result = results.emplace_back(33 * 4);
    ASSERT_EQ(tenon_session_encode(own, rows.data(), lengths.data(), 33, nullptr, result.data()), TENON_OK)
        << tenon_message();
    EXPECT_EQ(std::memcmp(result.data(), results[0].data(), result.size() * sizeof(float)), 0);
    ASSERT_EQ(tenon_session_destroy(own), TENON_OK);
  }
}

} // namespace
} // namespace tenon::tests
