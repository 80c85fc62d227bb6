#include "weights/Safetensors.h"
#include "support/TempDirectory.h"
#include "llvm/ADT/StringExtras.h"
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::weights;
using test::TempDirectory;

static std::string lengthOf(uint64_t length) {
  return std::string(reinterpret_cast<const char *>(&length), sizeof(length));
}

/// A file with this header and `dataBytes` bytes of data.
static std::string fileWith(const std::string &header, size_t dataBytes) {
  std::string data;
  for (size_t i = 0; i < dataBytes; ++i)
    data += char(i);
  return lengthOf(header.size()) + header + data;
}

static llvm::Expected<SafetensorsIndex> indexOf(const std::string &file) {
  // A copy of just its size, so that a sanitizer sees a read past the end.
  std::vector<uint8_t> bytes(file.begin(), file.end());
  return readSafetensorsIndex(bytes, "f");
}

/// The error of a file, without the beginning that all have; empty where there is none.
static std::string errorOf(const std::string &file) {
  llvm::Expected<SafetensorsIndex> index = indexOf(file);
  if (index)
    return "";
  std::string text = llvm::toString(index.takeError());
  llvm::StringRef message = text;
  EXPECT_TRUE(message.consume_front("'f' is not a valid safetensors file: ")) << text;
  return message.str();
}

static const std::string twoTensors =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[],"data_offsets":[24,26]},)"
    R"("a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})";

TEST(Safetensors, ReadsTensorsInTheOrderOfTheirData) {
  SafetensorsIndex index = llvm::cantFail(indexOf(fileWith(twoTensors, 26)));
  ASSERT_EQ(index.entries.size(), 2u);
  EXPECT_EQ(index.entries[0].name, "a");
  EXPECT_EQ(index.entries[0].type, StorageType::F32);
  EXPECT_EQ(shapeText(index.entries[0].shape), "[2, 3]");
  EXPECT_EQ(index.entries[1].name, "b");
  EXPECT_EQ(index.entries[1].type, StorageType::BF16);
  EXPECT_TRUE(index.entries[1].shape.empty());
  EXPECT_EQ(index.entries[1].begin, 24u);
  EXPECT_EQ(index.entries[1].end, 26u);
  EXPECT_EQ(index.dataStart, 8 + twoTensors.size());
  ASSERT_EQ(index.metadata.size(), 1u);
  EXPECT_EQ(index.metadata[0].second, "pt");
}

TEST(Safetensors, TakesWhatIsEmptyButLegal) {
  EXPECT_EQ(errorOf(fileWith("{}", 0)), "");
  EXPECT_EQ(errorOf(fileWith("{}   ", 0)), "");
  EXPECT_EQ(errorOf(fileWith(R"({"__metadata__":{}})", 0)), "");
  EXPECT_EQ(errorOf(fileWith(R"({"z":{"dtype":"I64","shape":[0,7],"data_offsets":[0,0]},)"
                             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("y":{"dtype":"F32","shape":[3,0],"data_offsets":[1,1]}})",
                             1)),
            "");
}

namespace {

struct BadFile {
  const char *name;
  std::string file;
  const char *message;
};

void PrintTo(const BadFile &bad, std::ostream *os) { *os << bad.name; }

class SafetensorsBadFile : public testing::TestWithParam<BadFile> {};

} // namespace

TEST_P(SafetensorsBadFile, IsRefused) { EXPECT_EQ(errorOf(GetParam().file), GetParam().message); }

/// One tensor 'a' with these fields, over 4 bytes of data.
static std::string oneTensor(const std::string &fields) { return fileWith("{\"a\":{" + fields + "}}", 4); }

static const std::string headers[] = {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"};

static const BadFile badFiles[] = {
    {"Empty", "", "it has 0 bytes; the length of the header alone takes 8"},
    {"SevenBytes", std::string(7, '\0'), "it has 7 bytes; the length of the header alone takes 8"},
    {"HeaderOfNothing", lengthOf(0), "the header does not begin with '{'"},
    {"HeaderBeyondFile", lengthOf(3) + "{}", "the header's length (3) is above the 2 bytes that follow it"},
    {"HeaderBeyondLimit", lengthOf(100'000'001) + "{}", "the header's length (100000001) is above 100000000"},
    {"HeaderOf2To63", lengthOf(uint64_t(1) << 63) + "{}",
     "the header's length (9223372036854775808) is above 100000000"},
    {"HeaderOfAllOnes", lengthOf(UINT64_MAX) + "{}", "the header's length (18446744073709551615) is above 100000000"},
    {"NoObject", fileWith("[]", 0), "the header does not begin with '{'"},
    {"SpaceBefore", fileWith(" {}", 0), "the header does not begin with '{'"},
    {"TextBehind", fileWith("{}x", 0),
     "the header is not valid JSON at its byte 3: parse error at line 1, column 3: syntax error while parsing value - "
     "invalid literal; last read: '{}x'; expected end of input"},
    {"Unclosed", fileWith("{\"a\":{", 0),
     "the header is not valid JSON at its byte 7: parse error at line 1, column 7: syntax error while parsing object "
     "key - unexpected end of input; expected string literal"},
    {"NoUtf8", fileWith("{\"\xff\":{}}", 0),
     "the header is not valid JSON at its byte 3: parse error at line 1, column 3: syntax error while parsing object "
     "key - invalid string: ill-formed UTF-8 byte; last read: '\"\xff'; expected string literal"},
    {"TensorIsNumber", fileWith(R"({"a":3})", 0),
     "tensor 'a': expected an object with dtype, shape, data_offsets, found the number 3"},
    {"TensorIsNull", fileWith(R"({"a":null})", 0),
     "tensor 'a': expected an object with dtype, shape, data_offsets, found null"},
    {"TensorIsArray", fileWith(R"({"a":[]})", 0),
     "tensor 'a': expected an object with dtype, shape, data_offsets, found an array"},
    {"TensorTwice", fileWith(headers[0] + headers[0].substr(1) + "}", 4), "the header has tensor 'a' twice"},
    {"MetadataTwice", fileWith(R"({"__metadata__":{},"__metadata__":{}})", 0), "the header has '__metadata__' twice"},
    {"MetadataKeyTwice", fileWith(R"({"__metadata__":{"k":"1","k":"2"}})", 0), "'__metadata__' has the key 'k' twice"},
    {"MetadataOfNumbers", fileWith(R"({"__metadata__":{"k":1}})", 0),
     "'__metadata__': expected an object of strings, found the number 1"},
    {"MetadataNested", fileWith(R"({"__metadata__":{"k":{}}})", 0),
     "'__metadata__': expected an object of strings, found an object"},
    {"TypeMissing", oneTensor(R"("shape":[1],"data_offsets":[0,4])"), "tensor 'a' has no 'dtype'"},
    {"ShapeMissing", oneTensor(R"("dtype":"F32","data_offsets":[0,4])"), "tensor 'a' has no 'shape'"},
    {"OffsetsMissing", oneTensor(R"("dtype":"F32","shape":[1])"), "tensor 'a' has no 'data_offsets'"},
    {"TypeUnknown", oneTensor(R"("dtype":"F99","shape":[1],"data_offsets":[0,4])"),
     "tensor 'a': dtype 'F99' is not known; known: F32, F16, BF16, F64, I8, I32, I64, U8, BOOL, I16, U16, U32, U64, "
     "F8_E4M3, F8_E5M2"},
    {"TypeNumber", oneTensor(R"("dtype":32,"shape":[1],"data_offsets":[0,4])"),
     "tensor 'a': dtype: expected a string, found the number 32"},
    {"TypeTwice", oneTensor(R"("dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4])"),
     "tensor 'a' has the key 'dtype' twice"},
    {"KeyUnknown", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1)"),
     "tensor 'a' has the key 'x', which is not known; known: dtype, shape, data_offsets"},
    {"ShapeNumber", oneTensor(R"("dtype":"F32","shape":1,"data_offsets":[0,4])"),
     "tensor 'a': shape: expected an array of sizes, found the number 1"},
    {"ShapeNested", oneTensor(R"("dtype":"F32","shape":[[1]],"data_offsets":[0,4])"),
     "tensor 'a': shape: expected an array of sizes, found an array"},
    {"ShapeNegative", oneTensor(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"),
     "tensor 'a': shape: expected an array of sizes, found the number -1"},
    {"ShapeFraction", oneTensor(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])"),
     "tensor 'a': shape: expected an array of sizes, found the number 1.0"},
    {"ShapeOf2To63", oneTensor(R"("dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4])"),
     "tensor 'a': shape: the number 9223372036854775808 is above 9223372036854775807"},
    {"ShapeOf2To64", oneTensor(R"("dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4])"),
     "tensor 'a': shape: expected an array of sizes, found the number 18446744073709551616"},
    {"ShapeWrapsTo4Bytes", oneTensor(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4])"),
     "tensor 'a': shape [4611686018427387904, 4] of F32 needs more than 2^63 bytes, data_offsets [0, 4] give 4"},
    {"ShapeTooSmall", oneTensor(R"("dtype":"U8","shape":[3],"data_offsets":[0,4])"),
     "tensor 'a': shape [3] of U8 needs 3 bytes, data_offsets [0, 4] give 4"},
    {"OffsetsOfOne", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[4])"),
     "tensor 'a': data_offsets: expected two offsets, found 1"},
    {"OffsetsOfThree", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,8])"),
     "tensor 'a': data_offsets: expected an array of two offsets, found the number 8"},
    {"OffsetsNegative", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[-4,0])"),
     "tensor 'a': data_offsets: expected an array of two offsets, found the number -4"},
    {"OffsetsSwapped", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"),
     "tensor 'a': data_offsets [4, 0] do not lie in the file's 4 bytes of data"},
    {"OffsetsBeyondFile", oneTensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])"),
     "tensor 'a': data_offsets [0, 8] do not lie in the file's 4 bytes of data"},
    {"OffsetsOf2To63", oneTensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808])"),
     "tensor 'a': data_offsets: the number 9223372036854775808 is above 9223372036854775807"},
    {"GapBefore", oneTensor(R"("dtype":"U8","shape":[3],"data_offsets":[1,4])"),
     "tensor 'a' begins at byte 1 of the data; the tensor before it ends at 0"},
    {"DataBehind", oneTensor(R"("dtype":"U8","shape":[3],"data_offsets":[0,3])"),
     "the last tensor ends at byte 3 of the data, which has 4"},
    {"Overlap",
     fileWith(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
              R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
              4),
     "tensor 'b' begins at byte 2 of the data; the tensor before it ends at 3"},
    {"GapBetween",
     fileWith(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
              R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
              4),
     "tensor 'b' begins at byte 2 of the data; the tensor before it ends at 1"},
    {"SameTwice",
     fileWith(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
              R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
              4),
     "tensor 'b' begins at byte 0 of the data; the tensor before it ends at 4"},
    {"NoTensorsButData", fileWith("{}", 4), "the last tensor ends at byte 0 of the data, which has 4"},
};

INSTANTIATE_TEST_SUITE_P(Safetensors, SafetensorsBadFile, testing::ValuesIn(badFiles),
                         [](const testing::TestParamInfo<BadFile> &info) { return std::string(info.param.name); });

TEST(Safetensors, EveryTruncationAndExtensionIsRefused) {
  std::string file = fileWith(twoTensors, 26);
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(errorOf(file.substr(0, length)), "") << length;
  EXPECT_NE(errorOf(file + "x"), "");
}

TEST(Safetensors, AFlippedBitIsRefusedOrLeavesAWholeFile) {
  std::string file = fileWith(twoTensors, 26);
  for (size_t bit = 0; bit < (8 + twoTensors.size()) * 8; ++bit) {
    std::string flipped = file;
    flipped[bit / 8] = char(flipped[bit / 8] ^ (1 << bit % 8));
    llvm::Expected<SafetensorsIndex> index = indexOf(flipped);
    if (!index) {
      llvm::consumeError(index.takeError());
      continue;
    }
    ASSERT_FALSE(index->entries.empty()) << bit;
    uint64_t position = 0;
    for (const SafetensorsEntry &entry : index->entries) {
      EXPECT_EQ(entry.begin, position) << bit;
      position = entry.end;
    }
    EXPECT_EQ(index->dataStart + position, file.size()) << bit;
  }
}

TEST(Safetensors, DeepNestingEndsAtOnce) {
  std::string deep = "{\"a\":";
  deep.append(10'000'000, '[');
  EXPECT_EQ(errorOf(fileWith(deep, 0)),
            "tensor 'a': expected an object with dtype, shape, data_offsets, found an array");
}

TEST(Safetensors, NamesAreShownOnOneLine) {
  std::string name = "w\\u001b[2J\\n" + std::string(1000, 'x');
  for (std::string what : {R"("dtype":7)", R"("dtype":"F9")", R"("x":1)", ""}) {
    std::string error = errorOf(fileWith("{\"" + name + "\":{" + what + "}}", 0));
    EXPECT_EQ(error.find("tensor 'w\\x1b[2J\\x0axxx"), 0u) << error;
    EXPECT_LT(error.size(), 300u) << error;
  }
  std::string twice = R"("\n":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(errorOf(fileWith("{" + twice + "," + twice + "}", 0)), "the header has tensor '\\x0a' twice");
}

TEST(Safetensors, MessagesStayShort) {
  std::string name(1'000'000, 'n');
  EXPECT_LT(errorOf(fileWith("{\"" + name + "\":1}", 0)).size(), 700u);
}

TEST(Safetensors, WrittenHeadersReadBack) {
  std::vector<SafetensorsEntry> entries = {{"a \"quoted\" \xc3\xa9", StorageType::F16, {3}, 0, 6},
                                           {"empty", StorageType::F8E5M2, {0}, 6, 6},
                                           {"scalar", StorageType::U8, {}, 6, 7}};
  for (uint64_t alignment : {8, 64, 4096}) {
    std::string header = safetensorsHeader(entries, {{"id", "x"}, {"format", "y"}}, alignment);
    EXPECT_EQ(header.size() % alignment, 0u);
    SafetensorsIndex index = llvm::cantFail(indexOf(header + std::string(7, 'd')));
    EXPECT_EQ(index.dataStart, header.size());
    ASSERT_EQ(index.entries.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(index.entries[i].name, entries[i].name);
      EXPECT_EQ(index.entries[i].type, entries[i].type);
      EXPECT_EQ(index.entries[i].shape, entries[i].shape);
      EXPECT_EQ(index.entries[i].end, entries[i].end);
    }
    EXPECT_EQ(index.metadata[0].first, "id");
  }
}

TEST(SafetensorsFile, GivesTheBytesOfATensor) {
  TempDirectory directory;
  auto file = llvm::cantFail(SafetensorsFile::open(directory.write("m.safetensors", fileWith(twoTensors, 26))));
  std::optional<TensorView> view = file->find("b");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->data.vec(), (std::vector<uint8_t>{24, 25}));
  file->release(view->data);
  EXPECT_EQ(view->data.vec(), (std::vector<uint8_t>{24, 25}));
  EXPECT_FALSE(file->find("c"));
}

TEST(SafetensorsFile, MayBeALink) {
  TempDirectory directory;
  directory.write("blob", fileWith("{}", 0));
  ASSERT_EQ(::symlink("blob", directory.path("m.safetensors").c_str()), 0);
  EXPECT_TRUE(bool(SafetensorsFile::open(directory.path("m.safetensors"))));
}

TEST(SafetensorsFile, MustBeARegularFile) {
  TempDirectory directory;
  auto error = [](const std::string &path) { return llvm::toString(SafetensorsFile::open(path).takeError()); };
  EXPECT_EQ(error(directory.path("none")), "cannot read '" + directory.path("none") + "': No such file or directory");
  EXPECT_EQ(error(directory.path()), "cannot read '" + directory.path() + "': it is a directory");
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error(directory.path("pipe")), "cannot read '" + directory.path("pipe") + "': it is not a regular file");
  EXPECT_EQ(error("/dev/zero"), "cannot read '/dev/zero': it is not a regular file");
  EXPECT_EQ(error(directory.write("empty", "")),
            "'" + directory.path("empty") +
                "' is not a valid safetensors file: it has 0 bytes; the length of the header alone takes 8");
}
