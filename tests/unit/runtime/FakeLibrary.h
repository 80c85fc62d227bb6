//===- FakeLibrary.h - A library on disk for the runtime's tests -*- C++ -*-===//

#ifndef TENON_TESTS_FAKELIBRARY_H
#define TENON_TESTS_FAKELIBRARY_H

#include "tenon/library.h"
#include "tenon/tenon.h"

#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace tenon::tests {

using Bytes = std::vector<uint8_t>;

Bytes readFile(const std::string &path);
void writeFile(const std::string &path, const Bytes &bytes);

/// A directory that goes away with its contents.
class TemporaryDirectory {
public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;
  std::string path(const std::string &name) const { return directory + "/" + name; }

private:
  std::string directory;
};

/// The bytes of one of the modules made of fake_library.c ("fake_library", "fake_embedded", ...), stamped.
Bytes fakeImage(const std::string &module = "fake_library");
/// Where in an image the tenon_note structure lies.
size_t noteOffset(const Bytes &image);
/// The image with its note changed and stamped again.
Bytes withNote(Bytes image, const std::function<void(tenon_note &)> &change);

/// A weight file with that header, spaces behind it up to byte 4096 and 64 bytes of data, whose first float is
/// `weight`.
Bytes weightFile(const std::string &header, float weight = 1);
/// The header that fake_library.c's manifest asks for.
std::string goodHeader();

/// A directory with the fake library and its weights, and a model and a session over them when asked for.
class FakeModel : public testing::Test {
protected:
  ~FakeModel() override;
  std::string libraryPath() const { return directory.path("fake.so"); }
  std::string weightPath() const { return directory.path("fake.weights"); }
  void writeModel(float weight = 1);
  void openModel(uint32_t threads = 2);
  /// Opens the library as it is; checks that it is refused with that status and a message that contains `text`.
  void expectRefused(tenon_status status, const std::string &text, const tenon_model_options *options = nullptr);

  TemporaryDirectory directory;
  tenon_model *model = nullptr;
  tenon_session *session = nullptr;
};

/// fake_decoder.c as a model, in several sizes of its cache.
class FakeDecoder : public FakeModel {
protected:
  void SetUp() override { openDecoder(); }
  void openDecoder(uint64_t cacheBytes = 0, const std::string &module = "fake_decoder");
  tenon_session *newSession(uint32_t threads = 1);
  /// The token that fake_decoder.c predicts after `tokens`.
  static int32_t next(const std::vector<int32_t> &tokens);
  /// The `count` tokens that it predicts one after the other.
  static std::vector<int32_t> continuation(std::vector<int32_t> tokens, size_t count);
  /// The scores that it gives after `tokens`.
  static std::vector<float> scoresAfter(const std::vector<int32_t> &tokens);
  static int32_t best(const std::vector<float> &logits);
  static int64_t lengthOf(tenon_session *session);
  /// Tokens 2, 3, 4, ... that are no ends of texts.
  static std::vector<int32_t> prompt(size_t count, int32_t first = 2);

  static constexpr size_t vocab = 33;
  static constexpr uint64_t pageBytes = 512;

  ~FakeDecoder() override;

private:
  std::vector<tenon_session *> made;
};

tenon_tensor tensor(const char *name, tenon_type type, std::vector<int64_t> shape, void *data, size_t bytes);

/// Checks the status and that the message contains `text`.
void expectStatus(tenon_status found, tenon_status expected, const std::string &text);

} // namespace tenon::tests

#endif // TENON_TESTS_FAKELIBRARY_H
