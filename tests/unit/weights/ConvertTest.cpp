#include "weights/Convert.h"
#include "llvm/ADT/APFloat.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace tenon::weights;

/// All 65536 numbers of a 16-bit type, against LLVM's own conversion.
static void compareAll(StorageType type, const llvm::fltSemantics &semantics) {
  std::vector<uint16_t> stored(65536);
  for (size_t i = 0; i < stored.size(); ++i)
    stored[i] = uint16_t(i);
  std::vector<float> values(stored.size());
  convertToFloat(type, reinterpret_cast<const uint8_t *>(stored.data()), stored.size(), values.data());
  for (size_t i = 0; i < stored.size(); ++i) {
    llvm::APFloat expected(semantics, llvm::APInt(16, i));
    bool inexact = false;
    expected.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &inexact);
    if (expected.isNaN())
      EXPECT_TRUE(std::isnan(values[i])) << i;
    else
      EXPECT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(expected.convertToFloat())) << i;
  }
}

TEST(Convert, EveryHalf) { compareAll(StorageType::F16, llvm::APFloat::IEEEhalf()); }

TEST(Convert, EveryBfloat) { compareAll(StorageType::BF16, llvm::APFloat::BFloat()); }

TEST(Convert, DoublesAreRounded) {
  const double stored[] = {1.0 / 3.0, -0.0, 1e300, 1e-300, 3.0000000001};
  float values[5];
  convertToFloat(StorageType::F64, reinterpret_cast<const uint8_t *>(stored), 5, values);
  EXPECT_EQ(values[0], 1.0f / 3.0f);
  EXPECT_TRUE(std::signbit(values[1]));
  EXPECT_EQ(values[2], std::numeric_limits<float>::infinity());
  EXPECT_EQ(values[3], 0.0f);
  EXPECT_EQ(values[4], 3.0f);
}

TEST(Convert, MisalignedDataIsRead) {
  const float stored[] = {1.5f, -2.0f};
  std::vector<uint8_t> bytes(9);
  std::memcpy(bytes.data() + 1, stored, 8);
  float values[2];
  convertToFloat(StorageType::F32, bytes.data() + 1, 2, values);
  EXPECT_EQ(values[0], 1.5f);
  EXPECT_EQ(values[1], -2.0f);
}

TEST(Convert, OnlyFloatsAreFloats) {
  for (StorageType type : {StorageType::F32, StorageType::F16, StorageType::BF16, StorageType::F64})
    EXPECT_TRUE(isFloat(type));
  for (StorageType type :
       {StorageType::I8, StorageType::I32, StorageType::I64, StorageType::U8, StorageType::Bool, StorageType::F8E4M3})
    EXPECT_FALSE(isFloat(type));
}

TEST(NonFinite, AreCountedByKind) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  NonFinite count = countNonFinite({0.0f, infinity, 1.0f, nan, -infinity, -nan, 3e38f, 1e-45f, nan});
  EXPECT_EQ(count.infinities, 2u);
  EXPECT_EQ(count.nans, 3u);
}
