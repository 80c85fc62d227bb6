#include "FakeLibrary.h"

#include <thread>

namespace tenon::tests {
namespace {

using Handles = FakeModel;

TEST_F(Handles, NullHandles) {
  tenon_model_info info{};
  info.struct_size = sizeof info;
  size_t count;
  uint32_t threads;
  tenon_session *made = nullptr;
  expectStatus(tenon_model_describe(nullptr, &info), TENON_ERROR_HANDLE, "model handle is null");
  expectStatus(tenon_model_retain(nullptr), TENON_ERROR_HANDLE, "model handle is null");
  expectStatus(tenon_model_release(nullptr), TENON_ERROR_HANDLE, "model handle is null");
  expectStatus(tenon_model_tokenize(nullptr, "", 0, 0, nullptr, 0, &count), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_model_detokenize(nullptr, nullptr, 0, nullptr, 0, &count), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_session_create(nullptr, nullptr, &made), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_session_destroy(nullptr), TENON_ERROR_HANDLE, "session handle is null");
  expectStatus(tenon_session_threads(nullptr, &threads), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_session_call(nullptr, "x", nullptr, 0, nullptr, 0), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_session_encode(nullptr, nullptr, nullptr, 0, nullptr, nullptr), TENON_ERROR_HANDLE, "null");
  expectStatus(tenon_session_embed_texts(nullptr, nullptr, 0, nullptr), TENON_ERROR_HANDLE, "null");
}

TEST_F(Handles, FreedHandles) {
  openModel();
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_session_destroy(session), TENON_OK);
  expectStatus(tenon_session_destroy(session), TENON_ERROR_HANDLE, "session handle is freed");
  expectStatus(tenon_session_call(session, "double", nullptr, 0, nullptr, 0), TENON_ERROR_HANDLE, "freed");
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  expectStatus(tenon_model_release(model), TENON_ERROR_HANDLE, "model handle is freed");
  expectStatus(tenon_model_retain(model), TENON_ERROR_HANDLE, "freed");
  expectStatus(tenon_model_describe(model, &info), TENON_ERROR_HANDLE, "freed");
  session = nullptr;
  model = nullptr;
}

TEST_F(Handles, HandlesOfTheOtherKind) {
  openModel();
  uint32_t threads;
  expectStatus(tenon_session_threads(reinterpret_cast<tenon_session *>(model), &threads), TENON_ERROR_HANDLE,
               "of another kind");
  expectStatus(tenon_model_retain(reinterpret_cast<tenon_model *>(session)), TENON_ERROR_HANDLE, "of another kind");
}

TEST_F(Handles, ModelOutlivesItsHandleThroughASession) {
  openModel();
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  model = nullptr;
  float x[] = {1, 2}, y[2] = {};
  tenon_tensor input = tensor("x", TENON_F32, {1, 2}, x, sizeof x), output = tensor("y", TENON_F32, {}, y, sizeof y);
  ASSERT_EQ(tenon_session_call(session, "double", &input, 1, &output, 1), TENON_OK) << tenon_message();
  EXPECT_EQ(y[1], 4.0f);
}

TEST_F(Handles, EachReferenceIsGivenBackOnce) {
  openModel();
  ASSERT_EQ(tenon_model_retain(model), TENON_OK);
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  tenon_model_info info{};
  info.struct_size = sizeof info;
  EXPECT_EQ(tenon_model_describe(model, &info), TENON_OK);
}

TEST_F(Handles, FreedSessionsAreUsedAgainAfterMany) {
  openModel();
  std::vector<tenon_session *> made(3000);
  tenon_session_options options{sizeof options, 1, 0};
  for (tenon_session *&one : made) {
    ASSERT_EQ(tenon_session_create(model, &options, &one), TENON_OK);
    ASSERT_EQ(tenon_session_destroy(one), TENON_OK);
    expectStatus(tenon_session_destroy(one), TENON_ERROR_HANDLE, "freed");
  }
  EXPECT_NE(std::count(made.begin(), made.end(), made.front()), 1);
}

TEST_F(Handles, ModelIsReleasedWhileOthersLookAtIt) {
  openModel();
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 3; ++reader)
    readers.emplace_back([this] {
      tenon_model_info info{};
      info.struct_size = sizeof info;
      tenon_status status;
      while ((status = tenon_model_describe(model, &info)) == TENON_OK)
        ;
      EXPECT_EQ(status, TENON_ERROR_HANDLE);
    });
  EXPECT_EQ(tenon_model_release(model), TENON_OK);
  for (std::thread &reader : readers)
    reader.join();
  model = nullptr;
}

TEST_F(Handles, BadOptionsAndStructs) {
  openModel();
  tenon_session *made = nullptr;
  tenon_session_options options{0, 1, 0};
  expectStatus(tenon_session_create(model, &options, &made), TENON_ERROR_STRUCT_SIZE, "is 0, expected");
  options = {sizeof options, TENON_MAX_THREADS + 1, 0};
  expectStatus(tenon_session_create(model, &options, &made), TENON_ERROR_OUT_OF_RANGE, "expected at most 1024");
  options = {sizeof options, 1, 1};
  expectStatus(tenon_session_create(model, &options, &made), TENON_ERROR_INVALID_ARGUMENT, "reserved");
  expectStatus(tenon_session_create(model, nullptr, nullptr), TENON_ERROR_INVALID_ARGUMENT, "session is null");
  tenon_model_info info{};
  expectStatus(tenon_model_describe(model, &info), TENON_ERROR_STRUCT_SIZE, "tenon_model_info is 0");
  expectStatus(tenon_model_describe(model, nullptr), TENON_ERROR_INVALID_ARGUMENT, "info is null");
  EXPECT_EQ(made, nullptr);
}

TEST_F(Handles, MessagesBelongToTheirThread) {
  expectStatus(tenon_model_release(nullptr), TENON_ERROR_HANDLE, "null");
  std::thread([] { EXPECT_STREQ(tenon_message(), ""); }).join();
  EXPECT_STREQ(tenon_status_name(tenon_status(12345)), "unknown status");
}

} // namespace
} // namespace tenon::tests
