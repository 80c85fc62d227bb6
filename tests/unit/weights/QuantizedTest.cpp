#include "weights/Quantized.h"
#include "weights/Convert.h"
#include "weights/Gguf.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace tenon::weights;

static std::unique_ptr<GgufFile> golden() { return llvm::cantFail(GgufFile::open(TENON_GOLDEN_DIR "/quantized.gguf")); }

/// Bit for bit, apart from which NaN a NaN is.
static void expectSame(llvm::ArrayRef<float> found, llvm::ArrayRef<float> expected, llvm::StringRef name) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i)
    if (!(std::isnan(found[i]) && std::isnan(expected[i])))
      EXPECT_EQ(std::memcmp(&found[i], &expected[i], sizeof(float)), 0)
          << name.str() << " " << i << ": " << found[i] << ", expected " << expected[i];
}

TEST(Quantized, EveryTypeWidensAsTheGgufPackageDoes) {
  auto file = golden();
  size_t types = 0;
  for (const GgufTensor &tensor : file->getIndex().tensors) {
    const GgufTensor *widened = file->tensor((tensor.name + ".widened").str());
    if (!widened)
      continue;
    ++types;
    TensorView view{tensor.type, tensor.shape, file->data(tensor)};
    std::vector<float> found(file->data(*widened).size() / sizeof(float)), expected(found.size());
    std::memcpy(expected.data(), file->data(*widened).data(), expected.size() * sizeof(float));
    EXPECT_EQ(readFloats(view, 0, found.size(), found.data()).size(), view.data.size());
    expectSame(found, expected, tensor.name);
  }
  EXPECT_EQ(types, 11u);
}

TEST(Quantized, PartsOfBlocksAreRead) {
  auto file = golden();
  for (llvm::StringRef name : {"Q8_0", "Q5_1", "Q6_K", "F16"}) {
    const GgufTensor *tensor = file->tensor(name);
    TensorView view{tensor->type, tensor->shape, file->data(*tensor)};
    size_t count = view.data.size() / storageBytes(view.type) * blockNumbers(view.type);
    std::vector<float> whole(count), part(count);
    (void)readFloats(view, 0, count, whole.data());
    for (size_t first : {size_t(0), size_t(1), size_t(31), size_t(32), count - 1})
      for (size_t length : {size_t(0), size_t(1), size_t(2), size_t(32), size_t(65), count - first})
        if (first + length <= count) {
          llvm::ArrayRef<uint8_t> bytes = readFloats(view, first, length, part.data());
          EXPECT_TRUE(bytes.begin() >= view.data.begin() && bytes.end() <= view.data.end());
          expectSame(llvm::ArrayRef(part).take_front(length), llvm::ArrayRef(whole).slice(first, length), name);
        }
  }
}

TEST(Quantized, OnlyBlocksAreQuantised) {
  EXPECT_TRUE(isQuantized(StorageType::Q4_K));
  EXPECT_FALSE(isQuantized(StorageType::BF16));
  EXPECT_TRUE(isFloat(StorageType::Q8_0));
  EXPECT_EQ(storageTypeNamed("Q8_0"), std::nullopt);
}
