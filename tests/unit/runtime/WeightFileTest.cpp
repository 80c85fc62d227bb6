// Weight files that were damaged, renamed or moved.

#include "FakeLibrary.h"

#include <cstring>
#include <filesystem>

namespace tenon::tests {
namespace {

class WeightFiles : public FakeModel {
protected:
  /// The first component of an embedding, which the first weight decides.
  static float embeddingOf(tenon_model *opened) {
    tenon_session *session = nullptr;
    EXPECT_EQ(tenon_session_create(opened, nullptr, &session), TENON_OK);
    const int32_t ids[] = {3}, *row = ids, length = 1;
    float embedding[4] = {};
    EXPECT_EQ(tenon_session_encode(session, &row, &length, 1, nullptr, embedding), TENON_OK) << tenon_message();
    EXPECT_EQ(tenon_session_destroy(session), TENON_OK);
    return embedding[0];
  }

  static void expectOpens(const std::string &path, uint32_t check = 0) {
    tenon_model_options options{sizeof options, TENON_WEIGHTS_MAP, check, nullptr, 0};
    tenon_model *opened = nullptr;
    ASSERT_EQ(tenon_model_open(path.c_str(), &options, &opened), TENON_OK) << tenon_message();
    EXPECT_EQ(embeddingOf(opened), 3.0f);
    EXPECT_EQ(tenon_model_release(opened), TENON_OK);
  }
};

TEST_F(WeightFiles, EveryFlippedBitOfTheHeadersLengthIsFound) {
  writeModel();
  const Bytes good = weightFile(goodHeader());
  for (size_t bit = 0; bit < 64; ++bit) {
    Bytes file = good;
    file[bit / 8] ^= uint8_t(1 << bit % 8);
    writeFile(weightPath(), file);
    expectRefused(TENON_ERROR_WEIGHTS, "fake.weights");
  }
}

TEST_F(WeightFiles, LengthThatEndsWithinThePaddingIsFound) {
  writeModel();
  Bytes file = weightFile(goodHeader());
  for (uint64_t length : {uint64_t(4096 - 8 - 64), uint64_t(1024 - 8)}) {
    std::memcpy(file.data(), &length, sizeof length);
    writeFile(weightPath(), file);
    expectRefused(TENON_ERROR_WEIGHTS, "its tensors take 64");
  }
}

TEST_F(WeightFiles, FlippedBitOfTheHeaderChangesNoOutput) {
  writeModel();
  const Bytes good = weightFile(goodHeader());
  size_t refused = 0, tried = 0;
  for (size_t at = 8; at < 8 + goodHeader().size() + 40; ++at)
    for (int bit = 0; bit < 8; ++bit, ++tried) {
      Bytes file = good;
      file[at] ^= uint8_t(1 << bit);
      writeFile(weightPath(), file);
      tenon_model *opened = nullptr;
      if (tenon_status status = tenon_model_open(libraryPath().c_str(), nullptr, &opened); status != TENON_OK) {
        EXPECT_EQ(status, TENON_ERROR_WEIGHTS) << tenon_message();
        ++refused;
        continue;
      }
      EXPECT_EQ(embeddingOf(opened), 3.0f);
      EXPECT_EQ(tenon_model_release(opened), TENON_OK);
    }
  EXPECT_GT(refused, tried / 2);
}

TEST_F(WeightFiles, ChecksumIsComparedWhereAskedFor) {
  writeModel();
  expectOpens(libraryPath(), 1);
  Bytes file = weightFile(goodHeader());
  file.back() ^= 4; // a weight that this model does not look at
  writeFile(weightPath(), file);
  expectOpens(libraryPath(), 0);
  for (uint32_t loading : {TENON_WEIGHTS_MAP, TENON_WEIGHTS_COPY_HUGE}) {
    tenon_model_options options{sizeof options, loading, 1, nullptr, 0};
    expectRefused(TENON_ERROR_WEIGHTS, "fake.weights is damaged: the checksum of its data is ", &options);
  }
  writeFile(libraryPath(), fakeImage("fake_embedded"));
  expectOpens(libraryPath(), 1);
}

TEST_F(WeightFiles, DescribedWeightsAreThoseThatKernelsRead) {
  openModel();
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK);
  ASSERT_EQ(info.weight_bytes, 64u);
  float first = 0;
  std::memcpy(&first, info.weights, sizeof first);
  EXPECT_EQ(first, 1.0f);
}

TEST_F(WeightFiles, RenamedLibraryFindsTheRenamedFile) {
  writeModel();
  std::filesystem::rename(libraryPath(), directory.path("new.so"));
  expectOpens(directory.path("new.so"));
  for (const char *name : {"new.weights", "what ever.weights"}) {
    std::filesystem::rename(weightPath(), directory.path(name));
    expectOpens(directory.path("new.so"));
    std::filesystem::rename(directory.path(name), weightPath());
  }
}

TEST_F(WeightFiles, OthersUnderTheOldNameAreNotTaken) {
  writeModel();
  std::filesystem::rename(weightPath(), directory.path("new.weights"));
  Bytes other = weightFile(R"({"__metadata__":{"id":"f00d"},"w":{"data_offsets":[0,64]}})", 7);
  writeFile(weightPath(), other);
  writeFile(directory.path("also.weights"), other);
  std::filesystem::create_directory(directory.path("folder.weights"));
  expectOpens(libraryPath());
  std::filesystem::remove(directory.path("new.weights"));
  expectRefused(TENON_ERROR_WEIGHTS, "fake.weights: id is \"f00d\", the library was compiled with \"4e21");
}

TEST_F(WeightFiles, MovedLibraryWithoutThemSaysWhatItLooksFor) {
  writeModel();
  std::filesystem::create_directory(directory.path("elsewhere"));
  std::filesystem::rename(libraryPath(), directory.path("elsewhere/fake.so"));
  tenon_model *none = nullptr;
  expectStatus(tenon_model_open(directory.path("elsewhere/fake.so").c_str(), nullptr, &none), TENON_ERROR_FILE,
               "elsewhere/fake.weights does not exist, expected 4160 bytes; no other .weights file beside the library "
               "has its id 4e21b44762716c83eb85bb9ad3721f44");
}

TEST_F(WeightFiles, NamesOutOfFilesAreShownOnOneLine) {
  writeModel();
  writeFile(weightPath(), weightFile("{\"__metadata__\":{\"id\":\"a\\u001b[2J\\nb" + std::string(500, 'c') +
                                     "\"},\"w\":{\"data_offsets\":[0,64]}}"));
  expectRefused(TENON_ERROR_WEIGHTS, "id is \"a\\x1b[2J\\x0ab" + std::string(50, 'c'));
  EXPECT_LT(std::strlen(tenon_message()), 400u);
  writeFile(weightPath(), weightFile("{\"__metadata__\":{\"id\":\"4e21b44762716c83eb85bb9ad3721f44\"},\"w\\r\":7}"));
  expectRefused(TENON_ERROR_WEIGHTS, "fake.weights: weight file's header: tensor \"w\\x0d\" has no data_offsets");
}

TEST_F(WeightFiles, MessagesAreOneLineWhateverIsInThem) {
  openModel();
  expectStatus(tenon_session_call(session, "a\x1b[2J\r\nb\xff", nullptr, 0, nullptr, 0), TENON_ERROR_INVALID_ARGUMENT,
               "no entry point \"a\\x1b[2J\\x0d\\x0ab\\xff\"");
  expectStatus(tenon_session_call(session, std::string(5000, 'x').c_str(), nullptr, 0, nullptr, 0),
               TENON_ERROR_INVALID_ARGUMENT, "xxxx");
}

} // namespace
} // namespace tenon::tests
