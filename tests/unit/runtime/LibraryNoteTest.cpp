#include "LibraryNote.h"
#include "FakeLibrary.h"

#include "Cpu.h"

#include <cstring>
#include <elf.h>

namespace tenon {
namespace {

using tests::Bytes;

LibraryImage imageOf(const Bytes &bytes) { return LibraryImage::fromMemory(bytes.data(), bytes.size()); }

bool accepts(const Bytes &bytes) {
  std::string error;
  auto found = findNote(imageOf(bytes), error);
  bool accepted = found && checkNote(imageOf(bytes), *found, runtime::machine(), error) == NoteProblem::None;
  EXPECT_EQ(accepted, error.empty()) << error;
  return accepted;
}

TEST(LibraryNote, StampedLibraryIsAccepted) { EXPECT_TRUE(accepts(tests::fakeImage())); }

TEST(LibraryNote, FileAndMemoryAreStampedAlike) {
  tests::TemporaryDirectory directory;
  Bytes image = tests::fakeImage();
  Bytes unstamped = tests::withNote(image, [](tenon_note &note) { note.file_size = 0; });
  tests::writeFile(directory.path("a.so"), unstamped);
  std::string error;
  ASSERT_TRUE(stampLibrary(directory.path("a.so").c_str(), 0, 0, error)) << error;
  EXPECT_EQ(tests::readFile(directory.path("a.so")), image);
}

TEST(LibraryNote, EveryFlippedByteIsFound) {
  Bytes image = tests::fakeImage();
  for (size_t at = 0; at < image.size(); ++at) {
    image[at] ^= 0x10;
    EXPECT_FALSE(accepts(image)) << "byte " << at;
    image[at] ^= 0x10;
  }
}

TEST(LibraryNote, EveryTruncationIsFound) {
  Bytes image = tests::fakeImage();
  for (size_t size = 0; size < image.size(); ++size)
    EXPECT_FALSE(accepts(Bytes(image.begin(), image.begin() + ptrdiff_t(size)))) << "size " << size;
}

TEST(LibraryNote, ExtraBytesAreFound) {
  Bytes image = tests::fakeImage();
  image.push_back(0);
  EXPECT_FALSE(accepts(image));
}

TEST(LibraryNote, AbsurdHeaderFieldsAreRefused) {
  const Bytes image = tests::fakeImage();
  for (uint64_t value : {uint64_t(-1), uint64_t(1) << 63, uint64_t(image.size()), uint64_t(image.size()) - 1}) {
    Bytes changed = image;
    std::memcpy(changed.data() + offsetof(Elf64_Ehdr, e_phoff), &value, sizeof value);
    EXPECT_FALSE(accepts(changed)) << value;
  }
  Elf64_Ehdr header;
  std::memcpy(&header, image.data(), sizeof header);
  for (unsigned index = 0; index < header.e_phnum; ++index)
    for (size_t field : {offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_filesz)})
      for (uint64_t value : {uint64_t(-1), uint64_t(1) << 63, uint64_t(image.size())}) {
        Bytes changed = image;
        std::memcpy(changed.data() + header.e_phoff + index * sizeof(Elf64_Phdr) + field, &value, sizeof value);
        EXPECT_FALSE(accepts(changed)) << "segment " << index << ", field " << field << ", value " << value;
      }
}

TEST(LibraryNote, AbsurdNoteSizesAreRefused) {
  const Bytes image = tests::fakeImage();
  // The name's and the descriptor's length stand 20 and 16 bytes in front of the descriptor.
  for (size_t before : {size_t(20), size_t(16)})
    for (uint32_t value : {0u, 1u, 7u, 0x7fffffffu, 0xffffffffu}) {
      Bytes changed = image;
      std::memcpy(changed.data() + tests::noteOffset(image) - before, &value, sizeof value);
      EXPECT_FALSE(accepts(changed)) << before << " " << value;
    }
}

TEST(LibraryNote, ExcludedSpanIsNotHashed) {
  Bytes image = tests::fakeImage();
  const size_t weights = image.size();
  image.resize(weights + 100, 7);
  std::string error;
  ASSERT_TRUE(stampLibrary(image.data(), image.size(), weights, 90, error)) << error;
  image[weights + 89] = 1;
  EXPECT_TRUE(accepts(image));
  image[weights + 90] = 1;
  EXPECT_FALSE(accepts(image));
}

TEST(LibraryNote, ExcludedSpanMustLieInTheFileAndNotOnTheNote) {
  Bytes image = tests::fakeImage();
  std::string error;
  EXPECT_FALSE(stampLibrary(image.data(), image.size(), image.size() - 10, 11, error));
  EXPECT_NE(error.find("reach beyond"), std::string::npos) << error;
  EXPECT_FALSE(stampLibrary(image.data(), image.size(), uint64_t(-1), 2, error));
  EXPECT_FALSE(stampLibrary(image.data(), image.size(), tests::noteOffset(image), 1, error));
  EXPECT_NE(error.find("overlap"), std::string::npos) << error;
}

} // namespace
} // namespace tenon
