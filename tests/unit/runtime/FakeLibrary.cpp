//===- FakeLibrary.cpp - A library on disk for the runtime's tests --------===//

#include "FakeLibrary.h"

#include "LibraryNote.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace tenon::tests {

Bytes readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

void writeFile(const std::string &path, const Bytes &bytes) {
  // Through a new file, as the compiler writes: a library that is loaded keeps its old contents.
  std::filesystem::remove(path);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
  ASSERT_TRUE(file.flush()) << path;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tenon-XXXXXX").string();
  directory = mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

Bytes fakeImage(const std::string &module) {
  Bytes image = readFile(std::string(FAKE_LIBRARY_DIRECTORY) + "/" + module + ".so");
  std::string error;
  EXPECT_TRUE(stampLibrary(image.data(), image.size(), 0, 0, error)) << error;
  return image;
}

size_t noteOffset(const Bytes &image) {
  std::string error;
  auto found = findNote(LibraryImage::fromMemory(image.data(), image.size()), error);
  EXPECT_TRUE(found) << error;
  return found ? size_t(found->offset) : 0;
}

Bytes withNote(Bytes image, const std::function<void(tenon_note &)> &change) {
  size_t offset = noteOffset(image);
  tenon_note note;
  std::memcpy(&note, image.data() + offset, sizeof note);
  change(note);
  std::memcpy(image.data() + offset, &note, sizeof note);
  FoundNote found{note, offset, 0};
  std::string error;
  EXPECT_TRUE(hashLibrary(LibraryImage::fromMemory(image.data(), image.size()), found, note.hash, error)) << error;
  std::memcpy(image.data() + offset, &note, sizeof note);
  return image;
}

Bytes weightFile(const std::string &header, float weight) {
  Bytes file(4096 + 64, ' ');
  uint64_t length = 4096 - 8;
  for (int byte = 0; byte < 8; ++byte)
    file[size_t(byte)] = uint8_t(length >> (8 * byte));
  std::copy(header.begin(), header.end(), file.begin() + 8);
  std::memset(file.data() + 4096, 0, 64);
  std::memcpy(file.data() + 4096, &weight, sizeof weight);
  return file;
}

std::string goodHeader() {
  return R"({"__metadata__":{"id":"4e21b44762716c83eb85bb9ad3721f44"},"w":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}})";
}

FakeModel::~FakeModel() {
  if (session)
    tenon_session_destroy(session);
  if (model)
    tenon_model_release(model);
}

void FakeModel::writeModel(float weight) {
  writeFile(libraryPath(), fakeImage());
  writeFile(weightPath(), weightFile(goodHeader(), weight));
}

void FakeModel::openModel(uint32_t threads) {
  writeModel();
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), nullptr, &model), TENON_OK) << tenon_message();
  tenon_session_options options{sizeof options, threads, 0};
  ASSERT_EQ(tenon_session_create(model, &options, &session), TENON_OK) << tenon_message();
}

void FakeModel::expectRefused(tenon_status status, const std::string &text, const tenon_model_options *options) {
  tenon_model *none = nullptr;
  expectStatus(tenon_model_open(libraryPath().c_str(), options, &none), status, text);
  EXPECT_EQ(none, nullptr);
}

void FakeDecoder::openDecoder(uint64_t cacheBytes, const std::string &module) {
  for (tenon_session *one : made)
    tenon_session_destroy(one);
  made.clear();
  if (model)
    tenon_model_release(model);
  model = nullptr;
  // The loader knows libraries by name.
  std::string path = directory.path(module + ".so");
  writeFile(path, fakeImage(module));
  tenon_model_options options{sizeof options, TENON_WEIGHTS_MAP, 0, nullptr, cacheBytes};
  ASSERT_EQ(tenon_model_open(path.c_str(), &options, &model), TENON_OK) << tenon_message();
}

FakeDecoder::~FakeDecoder() {
  for (tenon_session *one : made)
    tenon_session_destroy(one);
}

tenon_session *FakeDecoder::newSession(uint32_t threads) {
  tenon_session_options options{sizeof options, threads, 0};
  tenon_session *one = nullptr;
  EXPECT_EQ(tenon_session_create(model, &options, &one), TENON_OK) << tenon_message();
  made.push_back(one);
  return one;
}

int32_t FakeDecoder::next(const std::vector<int32_t> &tokens) {
  int64_t sum = 0;
  for (size_t k = 0; k < tokens.size(); ++k)
    sum += int64_t(tokens[k] + 1) * int64_t(k + 1);
  return int32_t(sum % 32);
}

std::vector<int32_t> FakeDecoder::continuation(std::vector<int32_t> tokens, size_t count) {
  std::vector<int32_t> written;
  for (size_t index = 0; index < count; ++index) {
    written.push_back(next(tokens));
    tokens.push_back(written.back());
  }
  return written;
}

std::vector<float> FakeDecoder::scoresAfter(const std::vector<int32_t> &tokens) {
  int32_t h = next(tokens);
  std::vector<float> scores;
  for (int32_t v = 0; v < 32; ++v)
    scores.push_back(-float((v - h + 32) % 32) / 4 - float((v * v * 7 + h * h * 13 + v * h * 5) % 1009) / 10000);
  scores.push_back(-100);
  return scores;
}

int32_t FakeDecoder::best(const std::vector<float> &logits) {
  for (float logit : logits)
    EXPECT_FALSE(std::isnan(logit));
  return int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

int64_t FakeDecoder::lengthOf(tenon_session *session) {
  int64_t length = -1;
  EXPECT_EQ(tenon_session_length(session, &length), TENON_OK) << tenon_message();
  return length;
}

std::vector<int32_t> FakeDecoder::prompt(size_t count, int32_t first) {
  std::vector<int32_t> tokens;
  for (size_t index = 0; index < count; ++index)
    tokens.push_back(2 + int32_t((size_t(first) + index * 7) % 30));
  return tokens;
}

tenon_tensor tensor(const char *name, tenon_type type, std::vector<int64_t> shape, void *data, size_t bytes) {
  tenon_tensor result{};
  result.name = name;
  result.type = type;
  result.rank = uint32_t(shape.size());
  std::copy(shape.begin(), shape.end(), result.shape);
  result.data = data;
  result.bytes = bytes;
  return result;
}

void expectStatus(tenon_status found, tenon_status expected, const std::string &text) {
  EXPECT_STREQ(tenon_status_name(found), tenon_status_name(expected));
  if (expected != TENON_OK) {
    EXPECT_NE(std::string(tenon_message()).find(text), std::string::npos)
        << "message: " << tenon_message() << "\nexpected in it: " << text;
  }
}

} // namespace tenon::tests
