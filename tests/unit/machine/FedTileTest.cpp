//===- FedTileTest.cpp - The tiles compute products -----------------------===//

#include "machine/FedTile.h"

#include "gtest/gtest.h"

#include <cstdint>
#include <string>
#include <vector>

using namespace tenon::machine;

namespace {

/// The tile's values by plain loops; small integers, whose sums are exact in any order.
void expectProduct(const FedTile &tile, size_t depth) {
  size_t columns = tile.vectors * tile.lanes;
  std::vector<float> a(depth * tile.rows), c(tile.rows * columns, -1.0f);
  // What is asked for ahead lies past the end; it need not be there.
  std::vector<float> room(depth * columns + 16);
  size_t skipped = (64 - reinterpret_cast<uintptr_t>(room.data()) % 64) % 64 / sizeof(float);
  float *b = room.data() + skipped;
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<float>(i * 7 % 5) - 2;
  for (size_t i = 0; i < depth * columns; ++i)
    b[i] = static_cast<float>(i * 11 % 13) - 6;
  tile.run(a.data(), b, depth, c.data());
  for (size_t row = 0; row < tile.rows; ++row)
    for (size_t column = 0; column < columns; ++column) {
      float sum = 0;
      for (size_t step = 0; step < depth; ++step)
        sum += a[step * tile.rows + row] * b[step * columns + column];
      ASSERT_EQ(c[row * columns + column], sum) << "row " << row << ", column " << column << ", depth " << depth;
    }
}

void expectProducts(std::span<const FedTile> tiles) {
  for (const FedTile &tile : tiles) {
    SCOPED_TRACE(std::to_string(tile.rows) + " x " + std::to_string(tile.vectors));
    for (size_t depth : {0, 1, 3, 4, 5, 64})
      expectProduct(tile, depth);
  }
}

} // namespace

TEST(FedTile, Avx2TilesAreProducts) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    GTEST_SKIP() << "this CPU has no AVX2";
  expectProducts(fedTilesAvx2());
}

TEST(FedTile, Avx512TilesAreProducts) {
  if (!__builtin_cpu_supports("avx512f"))
    GTEST_SKIP() << "this CPU has no AVX-512";
  expectProducts(fedTilesAvx512());
}

TEST(FedTile, TilesFitTheRegisters) {
  // Sums, and at least a column or a factor.
  for (const FedTile &tile : fedTilesAvx2())
    EXPECT_LE(tile.rows * tile.vectors + 1, 16u);
  for (const FedTile &tile : fedTilesAvx512())
    EXPECT_LE(tile.rows * tile.vectors + 1, 32u);
}
