#include "weights/PackedReuse.h"
#include "support/TempDirectory.h"
#include "weights/MemorySource.h"
#include "weights/Safetensors.h"
#include "llvm/Support/FileSystem.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::weights;
using test::MemorySource;
using test::TempDirectory;

namespace {

std::vector<PackedTensor> matrix() {
  PackedTensor tensor;
  tensor.name = "w";
  tensor.parts = {"w"};
  tensor.shape = {2, 3};
  tensor.partRows = {2};
  return {tensor};
}

MemorySource source(float last) {
  MemorySource made;
  made.add<float>("w", {2, 3}, {1, 2, 3, 4, 5, last});
  return made;
}

/// A packed file that can be found again.
class PackedReuse : public testing::Test {
protected:
  PackedReuse() {
    std::vector<PackedTensor> tensors = matrix();
    MemorySource weights = source(6);
    inputs = packedInputs(tensors, weights).value();
    auto file = llvm::cantFail(AtomicFile::create(path));
    written = llvm::cantFail(writePackedWeights(*file, tensors, llvm::cantFail(placeTensors(tensors)), weights, {},
                                                reuseMetadata(inputs, {"one note", "another"})));
    llvm::cantFail(file->commit());
  }

  std::optional<PackedFile> reuse() {
    notes.clear();
    return reusePackedWeights(path, inputs, notes);
  }

  TempDirectory directory;
  std::string path = directory.path("w.weights");
  std::string inputs;
  PackedFile written;
  std::vector<std::string> notes;
};

TEST_F(PackedReuse, AFileOfTheSameInputsIsFoundWithItsNotes) {
  std::optional<PackedFile> found = reuse();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, written.id);
  EXPECT_EQ(found->fileBytes, written.fileBytes);
  EXPECT_EQ(notes, (std::vector<std::string>{"one note", "another"}));
}

TEST_F(PackedReuse, OtherNumbersAndOtherLayoutsAreOtherInputs) {
  EXPECT_EQ(packedInputs(matrix(), source(6)), inputs);
  EXPECT_NE(packedInputs(matrix(), source(7)), inputs);
  std::vector<PackedTensor> picked = matrix();
  picked[0].picked = {1, 0};
  EXPECT_NE(packedInputs(picked, source(6)), inputs);
  std::vector<PackedTensor> panels = matrix();
  panels[0].panel = 16;
  panels[0].shape = {1, 3, 16};
  EXPECT_NE(packedInputs(panels, source(6)), inputs);
}

TEST_F(PackedReuse, ASourceThatLacksAParameterHasNoInputs) {
  EXPECT_EQ(packedInputs(matrix(), MemorySource()), std::nullopt);
}

TEST_F(PackedReuse, AnyByteOfTheDataThatChangedIsSeen) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(written.fileBytes) - 1);
  file.put('\x7f');
  file.close();
  EXPECT_FALSE(reuse());
}

TEST_F(PackedReuse, AnyBitOfTheHeaderThatChangedIsSeen) {
  const std::string good = directory.read("w.weights");
  uint64_t header = 0;
  std::memcpy(&header, good.data(), sizeof(header));
  size_t text = good.find_last_not_of(' ', 8 + header - 1) + 2; // and a byte of the padding
  for (size_t at = 0; at < text; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] ^= char(1 << bit);
      directory.write("w.weights", bad);
      ASSERT_FALSE(reuse()) << "bit " << bit << " of byte " << at;
    }
  directory.write("w.weights", good);
  EXPECT_TRUE(reuse());
}

TEST_F(PackedReuse, WhatIsNoPackedFileIsNotTaken) {
  std::ofstream(path) << "something else";
  EXPECT_FALSE(reuse());
  llvm::sys::fs::remove(path);
  EXPECT_FALSE(reuse());
}

TEST_F(PackedReuse, OtherInputsFindNothing) {
  inputs = std::string(32, '0');
  EXPECT_FALSE(reuse());
}

} // namespace
