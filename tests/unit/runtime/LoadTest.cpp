#include "FakeLibrary.h"

#include "Cpu.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::tests {
namespace {

using Load = FakeModel;

TEST_F(Load, DescribesTheModel) {
  openModel();
  tenon_model_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(tenon_model_describe(model, &info), TENON_OK);
  EXPECT_STREQ(info.name, "fake");
  EXPECT_STREQ(info.spec, "tenon: 1\n");
  EXPECT_EQ(std::string_view(info.manifest, info.manifest_size).substr(0, 11), "{\"tenon\":2,");
  EXPECT_EQ(info.width, 4);
  EXPECT_EQ(info.vocab, 10);
  EXPECT_EQ(info.positions, 6);
  EXPECT_EQ(info.types, 2);
  EXPECT_EQ(info.weight_bytes, 64u);
  EXPECT_EQ(info.has_tokenizer, 1);
}

TEST_F(Load, MissingLibrary) { expectRefused(TENON_ERROR_FILE, "No such file"); }

TEST_F(Load, LibraryThatIsADirectory) {
  std::filesystem::create_directory(libraryPath());
  expectRefused(TENON_ERROR_FILE, "not a regular file");
}

TEST_F(Load, LibraryThatIsAFifoDoesNotBlock) {
  ASSERT_EQ(mkfifo(libraryPath().c_str(), 0600), 0);
  expectRefused(TENON_ERROR_FILE, "not a regular file");
}

TEST_F(Load, FileThatIsNoElf) {
  writeFile(libraryPath(), Bytes(1000, 'x'));
  expectRefused(TENON_ERROR_LIBRARY, "expected an ELF shared library");
}

TEST_F(Load, ElfThatIsNoTenonLibrary) {
  writeFile(libraryPath(), readFile("/proc/self/exe"));
  expectRefused(TENON_ERROR_LIBRARY, "no Tenon note");
}

TEST_F(Load, TruncatedLibrary) {
  Bytes image = fakeImage();
  image.resize(image.size() - 1);
  writeFile(libraryPath(), image);
  expectRefused(TENON_ERROR_LIBRARY, "bytes, its note says");
}

TEST_F(Load, FlippedByte) {
  Bytes image = fakeImage();
  image[image.size() / 2] ^= 1;
  writeFile(libraryPath(), image);
  expectRefused(TENON_ERROR_LIBRARY, "damaged");
}

TEST_F(Load, OtherVersion) {
  writeFile(libraryPath(), withNote(fakeImage(), [](tenon_note &note) { note.version = 1; }));
  expectRefused(TENON_ERROR_VERSION, "library is version 1, this runtime reads version 2");
}

TEST_F(Load, OtherMachine) {
  writeFile(libraryPath(), withNote(fakeImage(), [](tenon_note &note) { note.machine = 243; }));
  expectRefused(TENON_ERROR_CPU, "ELF machine 243");
}

TEST_F(Load, CpuLevelTooHigh) {
  writeFile(libraryPath(), withNote(fakeImage(), [](tenon_note &note) { note.least_level = 9; }));
  expectRefused(TENON_ERROR_CPU, "needs x86-64-v9, this CPU has ");
}

TEST_F(Load, TableOfAnotherVersion) {
  writeFile(libraryPath(), fakeImage("fake_table_version"));
  expectRefused(TENON_ERROR_VERSION, "library is version 7, this runtime reads version 2");
}

TEST_F(Load, TableThatDisagreesWithTheManifest) {
  writeFile(libraryPath(), fakeImage("fake_kernel_count"));
  expectRefused(TENON_ERROR_LIBRARY, "lists 7 entry points and 1 kernels, the table has 7 and 5");
}

TEST_F(Load, LibraryReplacedWhileTheOldOneIsOpen) {
  openModel();
  writeFile(libraryPath(), withNote(fakeImage(), [](tenon_note &note) { note.reserved = 1; }));
  expectRefused(TENON_ERROR_LIBRARY, "was replaced while");
  ASSERT_EQ(tenon_session_destroy(session), TENON_OK);
  ASSERT_EQ(tenon_model_release(model), TENON_OK);
  session = nullptr;
  model = nullptr;
  EXPECT_EQ(tenon_model_open(libraryPath().c_str(), nullptr, &model), TENON_OK) << tenon_message();
}

TEST_F(Load, PathWithoutDirectory) {
  writeModel();
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(libraryPath()).parent_path());
  EXPECT_EQ(tenon_model_open("fake.so", nullptr, &model), TENON_OK) << tenon_message();
  std::filesystem::current_path(before);
}

TEST_F(Load, LinkToALibraryFindsTheWeightsBesideIt) {
  writeModel();
  std::filesystem::create_directory(directory.path("elsewhere"));
  std::string link = directory.path("elsewhere/link.so");
  std::filesystem::create_symlink(libraryPath(), link);
  EXPECT_EQ(tenon_model_open(link.c_str(), nullptr, &model), TENON_OK) << tenon_message();
}

TEST_F(Load, MissingWeights) {
  writeFile(libraryPath(), fakeImage());
  expectRefused(TENON_ERROR_FILE, "fake.weights does not exist, expected 4160 bytes");
}

TEST_F(Load, WeightsOfAnotherSize) {
  writeModel();
  Bytes file = weightFile(goodHeader());
  file.pop_back();
  writeFile(weightPath(), file);
  expectRefused(TENON_ERROR_WEIGHTS, "is 4159 bytes, the library was compiled with 4160");
}

TEST_F(Load, WeightsOfAnotherLibrary) {
  writeModel();
  writeFile(weightPath(), weightFile(R"({"__metadata__":{"id":"f00d"}})"));
  expectRefused(TENON_ERROR_WEIGHTS, "id is \"f00d\", the library was compiled with \"4e21");
}

TEST_F(Load, WeightsThatAreAFifoDoNotBlock) {
  writeFile(libraryPath(), fakeImage());
  ASSERT_EQ(mkfifo(weightPath().c_str(), 0600), 0);
  expectRefused(TENON_ERROR_FILE, "not a regular file");
}

TEST_F(Load, WeightNameThatLeavesTheDirectory) {
  writeModel();
  // As long as "fake.weights", so that nothing moves; then the hash is right again.
  Bytes image = fakeImage();
  const std::string name = "fake.weights", other = "../a.weights";
  auto at = std::search(image.begin(), image.end(), name.begin(), name.end());
  ASSERT_NE(at, image.end());
  std::copy(other.begin(), other.end(), at);
  writeFile(libraryPath(), withNote(image, [](tenon_note &) {}));
  expectRefused(TENON_ERROR_LIBRARY, "\"../a.weights\", expected a plain name");
}

TEST_F(Load, BadWeightHeaders) {
  struct Case {
    const char *header;
    const char *message;
  };
  const Case cases[] = {{"nonsense", "weight file's header"},
                        {"", "weight file's header"},
                        {R"({"__metadata__":7})", "id is \"\""},
                        {R"({"__metadata__":{"id":7}})", "id is \"\""},
                        {R"([])", "id is \"\""},
                        {R"({"__metadata__":{"id":"\xff"}})", "weight file's header"}};
  for (const Case &bad : cases) {
    writeModel();
    writeFile(weightPath(), weightFile(bad.header));
    expectRefused(TENON_ERROR_WEIGHTS, bad.message);
  }
  writeFile(weightPath(), weightFile(R"({"a":)" + std::string(1000, '[') + std::string(1000, ']') + "}"));
  expectRefused(TENON_ERROR_WEIGHTS, "nested more than 16 deep");
}

TEST_F(Load, AbsurdWeightHeaderLengths) {
  writeModel();
  for (uint64_t length : {uint64_t(4153), uint64_t(100'000'001), uint64_t(1) << 63, uint64_t(-1), uint64_t(-8)}) {
    Bytes file = weightFile(goodHeader());
    std::memcpy(file.data(), &length, sizeof length);
    writeFile(weightPath(), file);
    expectRefused(TENON_ERROR_WEIGHTS, "expected at most");
  }
  Bytes file = weightFile(goodHeader());
  file[0] -= 1;
  writeFile(weightPath(), file);
  expectRefused(TENON_ERROR_WEIGHTS, "expected a multiple of 64");
}

float firstEmbedding(tenon_model *model) {
  tenon_session *session = nullptr;
  EXPECT_EQ(tenon_session_create(model, nullptr, &session), TENON_OK);
  const int32_t ids[] = {3};
  const int32_t *row = ids;
  const int32_t length = 1;
  float embedding[4] = {};
  EXPECT_EQ(tenon_session_encode(session, &row, &length, 1, nullptr, embedding), TENON_OK) << tenon_message();
  EXPECT_EQ(tenon_session_destroy(session), TENON_OK);
  return embedding[0];
}

TEST_F(Load, WeightsAreMappedOrCopied) {
  for (uint32_t loading : {TENON_WEIGHTS_MAP, TENON_WEIGHTS_COPY_HUGE}) {
    writeModel(2.5f);
    tenon_model_options options{sizeof options, loading, 0, nullptr, 0};
    tenon_model *opened = nullptr;
    ASSERT_EQ(tenon_model_open(libraryPath().c_str(), &options, &opened), TENON_OK) << tenon_message();
    EXPECT_EQ(firstEmbedding(opened), 7.5f);
    EXPECT_EQ(tenon_model_release(opened), TENON_OK);
  }
}

TEST_F(Load, CopiedWeightsSurviveTruncation) {
  writeModel(2.5f);
  tenon_model_options options{sizeof options, TENON_WEIGHTS_COPY_HUGE, 0, nullptr, 0};
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), &options, &model), TENON_OK) << tenon_message();
  ASSERT_EQ(truncate(weightPath().c_str(), 0), 0);
  EXPECT_EQ(firstEmbedding(model), 7.5f);
}

TEST_F(Load, EmbeddedWeights) {
  writeFile(libraryPath(), fakeImage("fake_embedded"));
  for (uint32_t loading : {TENON_WEIGHTS_MAP, TENON_WEIGHTS_COPY_HUGE}) {
    tenon_model_options options{sizeof options, loading, 0, nullptr, 0};
    tenon_model *opened = nullptr;
    ASSERT_EQ(tenon_model_open(libraryPath().c_str(), &options, &opened), TENON_OK) << tenon_message();
    EXPECT_EQ(firstEmbedding(opened), 3.0f);
    EXPECT_EQ(tenon_model_release(opened), TENON_OK);
  }
}

TEST_F(Load, BadOptions) {
  writeModel();
  tenon_model_options options{sizeof options - 1, 0, 0, nullptr, 0};
  expectRefused(TENON_ERROR_STRUCT_SIZE, "struct_size of tenon_model_options is ", &options);
  options = {sizeof options, 2, 0, nullptr, 0};
  expectRefused(TENON_ERROR_INVALID_ARGUMENT, "load_weights is 2", &options);
  options = {sizeof options, 0, 2, nullptr, 0};
  expectRefused(TENON_ERROR_INVALID_ARGUMENT, "check_weights is 2, expected 0 or 1", &options);
  expectStatus(tenon_model_open(nullptr, nullptr, &model), TENON_ERROR_INVALID_ARGUMENT, "path is null");
  expectStatus(tenon_model_open(libraryPath().c_str(), nullptr, nullptr), TENON_ERROR_INVALID_ARGUMENT,
               "model is null");
}

int32_t levelOfKernels(tenon_model *model) {
  tenon_session *session = nullptr;
  EXPECT_EQ(tenon_session_create(model, nullptr, &session), TENON_OK);
  int32_t in[2] = {}, out = -1;
  tenon_tensor input = tensor("in", TENON_I32, {2}, in, sizeof in);
  tenon_tensor output = tensor("out", TENON_I32, {}, &out, sizeof out);
  EXPECT_EQ(tenon_session_call(session, "level", &input, 1, &output, 1), TENON_OK) << tenon_message();
  EXPECT_EQ(tenon_session_destroy(session), TENON_OK);
  return out;
}

class LoadTarget : public FakeModel {
protected:
  ~LoadTarget() override { unsetenv("TENON_TARGET"); }
};

TEST_F(LoadTarget, BestThatTheCpuRuns) {
  writeModel();
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), nullptr, &model), TENON_OK) << tenon_message();
  EXPECT_EQ(levelOfKernels(model), runtime::cpuLevel() >= 3 ? 3 : 1);
}

TEST_F(LoadTarget, OptionChooses) {
  writeModel();
  setenv("TENON_TARGET", "x86-64-v3", 1);
  tenon_model_options options{sizeof options, 0, 0, "baseline", 0};
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), &options, &model), TENON_OK) << tenon_message();
  EXPECT_EQ(levelOfKernels(model), 1);
}

TEST_F(LoadTarget, EnvironmentChooses) {
  writeModel();
  setenv("TENON_TARGET", "baseline", 1);
  ASSERT_EQ(tenon_model_open(libraryPath().c_str(), nullptr, &model), TENON_OK) << tenon_message();
  EXPECT_EQ(levelOfKernels(model), 1);
}

TEST_F(LoadTarget, UnknownOrBeyondTheCpu) {
  writeModel();
  tenon_model_options options{sizeof options, 0, 0, "x86-64-v9", 0};
  expectRefused(TENON_ERROR_CPU, "target x86-64-v9 needs x86-64-v9, this CPU has", &options);
  options.target = "sparc";
  expectRefused(TENON_ERROR_INVALID_ARGUMENT, "target \"sparc\" is not in the library, which has x86-64-v9", &options);
}

} // namespace
} // namespace tenon::tests
