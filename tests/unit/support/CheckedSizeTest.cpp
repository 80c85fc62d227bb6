#include "runtime/support/CheckedSize.h"
#include <gtest/gtest.h>

using tenon::CheckedSize;

TEST(CheckedSize, HoldsWhatFitsIntoInt64) {
  EXPECT_EQ(CheckedSize(int64_t(0)).get(), 0u);
  EXPECT_EQ(CheckedSize(INT64_MAX).get(), uint64_t(INT64_MAX));
  EXPECT_FALSE(CheckedSize(uint64_t(INT64_MAX) + 1).isValid());
  EXPECT_FALSE(CheckedSize(UINT64_MAX).isValid());
  EXPECT_FALSE(CheckedSize(-1).isValid());
  EXPECT_FALSE(CheckedSize(INT64_MIN).isValid());
}

TEST(CheckedSize, OperationsThatOverflowAreInvalid) {
  EXPECT_EQ((CheckedSize(6) * 7 + 8).get(), 50u);
  EXPECT_FALSE((CheckedSize(INT64_MAX) + 1).isValid());
  EXPECT_FALSE((CheckedSize(int64_t(1) << 32) * (int64_t(1) << 31)).isValid());
  EXPECT_FALSE((CheckedSize(int64_t(1) << 62) * (int64_t(1) << 62)).isValid());
  EXPECT_FALSE((CheckedSize(3) - 4).isValid());
  EXPECT_FALSE(CheckedSize(INT64_MAX).alignedTo(64).isValid());
}

TEST(CheckedSize, AnInvalidSizeStaysInvalid) {
  CheckedSize invalid = -1;
  EXPECT_FALSE((invalid * 0).isValid());
  EXPECT_FALSE((invalid + 1).isValid());
  EXPECT_FALSE((CheckedSize(10) - invalid).isValid());
  EXPECT_FALSE(invalid.alignedTo(1).isValid());
}

TEST(CheckedSize, AnInvalidSizeIsWithinNoBound) {
  CheckedSize invalid = -1;
  EXPECT_FALSE(invalid <= CheckedSize(INT64_MAX));
  EXPECT_FALSE(CheckedSize(0) <= invalid);
  EXPECT_FALSE(invalid == invalid);
  EXPECT_TRUE(CheckedSize(3) <= CheckedSize(3));
}

TEST(CheckedSize, NarrowsOnlyWhatFits) {
  EXPECT_EQ(CheckedSize(INT32_MAX).as<int32_t>(), INT32_MAX);
  EXPECT_EQ(CheckedSize(int64_t(INT32_MAX) + 1).as<int32_t>(), std::nullopt);
  EXPECT_EQ(CheckedSize(-1).as<int64_t>(), std::nullopt);
}

TEST(CheckedSize, AlignsUpwards) {
  EXPECT_EQ(CheckedSize(0).alignedTo(64).get(), 0u);
  EXPECT_EQ(CheckedSize(1).alignedTo(64).get(), 64u);
  EXPECT_EQ(CheckedSize(64).alignedTo(64).get(), 64u);
}
