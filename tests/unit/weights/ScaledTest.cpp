#include "support/TempDirectory.h"
#include "weights/Convert.h"
#include "weights/SafetensorsSource.h"
#include "weights/TableSource.h"
#include <gtest/gtest.h>
#include <numeric>

using namespace tenon;
using namespace tenon::weights;

static std::vector<float> read(const TensorView &view, uint64_t first, uint64_t count) {
  std::vector<float> values(count);
  (void)readFloats(view, first, count, values.data());
  return values;
}

static std::vector<float> all(const TensorView &view) { return read(view, 0, view.elements()); }

namespace {
/// 3 rows of the integers 1 to 12, with a factor of 1, 10 and 100.
struct Rows {
  std::vector<int8_t> numbers = std::vector<int8_t>(12);
  std::vector<float> factors = {1, 10, 100};
  TensorView view;

  Rows() {
    std::iota(numbers.begin(), numbers.end(), int8_t(1));
    view.type = StorageType::ScaledI8;
    view.shape = {3, 4};
    view.data = llvm::ArrayRef(reinterpret_cast<const uint8_t *>(numbers.data()), numbers.size());
    view.factors = factors;
    view.scaled = 4;
  }
};
} // namespace

TEST(Scaled, EveryRowHasItsFactor) {
  Rows rows;
  EXPECT_EQ(all(rows.view), (std::vector<float>{1, 2, 3, 4, 50, 60, 70, 80, 900, 1000, 1100, 1200}));
  EXPECT_EQ(read(rows.view, 3, 3), (std::vector<float>{4, 50, 60}));
  EXPECT_TRUE(isFloat(StorageType::ScaledI8));
}

TEST(Scaled, SelectedRowsKeepTheirFactors) {
  Rows rows;
  TensorView last = selectRows(rows.view, spec::TensorName{"", "", false, 1, 2, 3});
  EXPECT_EQ(last.shape, (llvm::SmallVector<int64_t, 4>{2, 4}));
  EXPECT_EQ(all(last), (std::vector<float>{50, 60, 70, 80, 900, 1000, 1100, 1200}));
}

TEST(Scaled, TheFactorsAreThoseOfTheRowsThatAreStored) {
  Rows rows;
  TensorView transposed = selectRows(rows.view, spec::TensorName{"", "", true, 0, 0, 0});
  EXPECT_EQ(transposed.shape, (llvm::SmallVector<int64_t, 4>{4, 3}));
  EXPECT_EQ(all(transposed), (std::vector<float>{1, 50, 900, 2, 60, 1000, 3, 70, 1100, 4, 80, 1200}));
}

TEST(Scaled, SixteenBitsAndNegativeNumbers) {
  std::vector<int16_t> numbers = {-32768, 32767, -1};
  std::vector<float> factors = {0.5f};
  TensorView view{StorageType::ScaledI16, {3}, llvm::ArrayRef(reinterpret_cast<const uint8_t *>(numbers.data()), 6)};
  view.factors = factors;
  view.scaled = 3;
  EXPECT_EQ(all(view), (std::vector<float>{-16384, 16383.5f, -0.5f}));
}

TEST(Scaled, NoSafetensorsFileHasThem) {
  EXPECT_FALSE(storageTypeNamed(storageName(StorageType::ScaledI8)));
  EXPECT_EQ(storageNames().find("scaled"), std::string::npos);
}

TEST(TableSource, FindsWhatWasAdded) {
  test::TempDirectory directory;
  auto file = MappedFile::open(directory.write("x.bin", "12345678"));
  ASSERT_TRUE(bool(file));
  TableSource source("x.bin", std::move(*file));
  source.add("decoder.a", "A", {StorageType::F32, {2}, source.bytes()});
  llvm::ArrayRef<float> kept = source.keep({1, 2, 3});
  source.add("decoder.b", "B",
             {StorageType::F32, {3}, llvm::ArrayRef(reinterpret_cast<const uint8_t *>(kept.data()), 12)});
  EXPECT_EQ(source.tensorName("decoder.a"), "A");
  EXPECT_EQ(source.tensorName("decoder.c"), "decoder.c");
  EXPECT_EQ(source.tensorNames(), (std::vector<std::string>{"A", "B"}));
  EXPECT_FALSE(source.find("decoder.c"));
  ASSERT_TRUE(source.find("decoder.b"));
  // What is not the file's stays as it is.
  source.release(source.find("decoder.b")->data);
  EXPECT_EQ(all(*source.find("decoder.b")), (std::vector<float>{1, 2, 3}));
}
