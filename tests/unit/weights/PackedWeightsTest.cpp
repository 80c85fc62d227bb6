#include "weights/PackedWeights.h"
#include "support/TempDirectory.h"
#include "weights/MemorySource.h"
#include "weights/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <gtest/gtest.h>
#include <xxhash.h>

using namespace tenon;
using namespace tenon::weights;
using test::MemorySource;
using test::TempDirectory;

static PackedTensor plain(std::string name, std::vector<std::string> parts, std::vector<int64_t> shape,
                          std::vector<int64_t> rows, int64_t layers = 0) {
  PackedTensor tensor;
  tensor.name = std::move(name);
  tensor.parts = std::move(parts);
  tensor.layers = layers;
  tensor.shape = std::move(shape);
  tensor.partRows = std::move(rows);
  return tensor;
}

static PackedTensor panels(std::string name, std::vector<std::string> parts, int64_t columns, int64_t panel,
                           std::vector<int64_t> rows, int64_t layers = 0) {
  int64_t total = 0;
  for (int64_t part : rows)
    total += part;
  PackedTensor tensor =
      plain(std::move(name), std::move(parts), {(total + panel - 1) / panel, columns, panel}, std::move(rows), layers);
  tensor.panel = panel;
  return tensor;
}

static PackedTensor generated(Generator generator, int64_t rows, int64_t columns, double base) {
  PackedTensor tensor;
  tensor.name = "table";
  tensor.shape = {rows, columns};
  tensor.generator = generator;
  tensor.base = base;
  return tensor;
}

namespace {

/// A packed file that was written and read again.
class Packed {
public:
  Packed(const std::vector<PackedTensor> &tensors, const WeightSource &source) {
    layout = llvm::cantFail(placeTensors(tensors));
    result = llvm::cantFail(writePackedWeights(directory.path("w"), tensors, layout, source, {}));
    file = llvm::cantFail(SafetensorsFile::open(directory.path("w")));
  }

  std::vector<float> values(llvm::StringRef name) const {
    TensorView view = *file->find(name);
    std::vector<float> values(view.data.size() / sizeof(float));
    if (!values.empty())
      std::memcpy(values.data(), view.data.data(), view.data.size());
    return values;
  }
  llvm::SmallVector<int64_t, 4> shape(llvm::StringRef name) const { return file->find(name)->shape; }

  TempDirectory directory;
  PackedLayout layout;
  PackedFile result;
  std::unique_ptr<SafetensorsFile> file;
};

} // namespace

using Values = std::vector<float>;

TEST(PlaceTensors, AlignedTensorsComeFirst) {
  std::vector<PackedTensor> tensors = {plain("odd", {"a"}, {3}, {3}), plain("even", {"b"}, {16}, {16}),
                                       plain("layered", {"c"}, {8}, {8}, 4), plain("odd2", {"d"}, {5}, {5})};
  PackedLayout layout = llvm::cantFail(placeTensors(tensors));
  EXPECT_EQ(layout.placements[1].offset, 0u);
  EXPECT_EQ(layout.placements[2].offset, 64u);
  EXPECT_EQ(layout.placements[2].layerStride, 32u);
  EXPECT_EQ(layout.placements[0].offset, 192u);
  EXPECT_EQ(layout.placements[3].offset, 204u);
  EXPECT_EQ(layout.dataBytes, 224u);
}

TEST(PlaceTensors, RefusesWhatDoesNotFitTogether) {
  auto error = [](const PackedTensor &tensor) {
    llvm::Expected<PackedLayout> layout = placeTensors(tensor);
    return layout ? "" : llvm::toString(layout.takeError());
  };
  EXPECT_EQ(error(plain("w", {"a"}, {3}, {4})), "packed tensor 'w': shape [3] does not hold 4 rows");
  EXPECT_EQ(error(plain("w", {"a", "b"}, {3}, {3})), "packed tensor 'w': it has 2 parts and rows of 1");
  EXPECT_EQ(error(plain("w", {}, {0}, {})), "packed tensor 'w': it has 0 parts and rows of 0");
  EXPECT_EQ(error(plain("w", {"a"}, {-1}, {-1})), "packed tensor 'w': shape [-1] is negative or too large");
  EXPECT_EQ(error(plain("w", {"a"}, {int64_t(1) << 62}, {int64_t(1) << 62})),
            "packed tensor 'w': shape [4611686018427387904] is negative or too large");
  EXPECT_EQ(error(plain("w", {"a"}, {0, int64_t(1) << 40, int64_t(1) << 40}, {0})),
            "packed tensor 'w': shape [0, 1099511627776, 1099511627776] is negative or too large");
  PackedTensor wrong = panels("w", {"a"}, 2, 4, {5});
  wrong.shape[0] = 1;
  EXPECT_EQ(error(wrong), "packed tensor 'w': shape [1, 2, 4] does not hold 5 rows in panels of 4");
}

TEST(PlaceTensors, RefusesASumBeyond63Bits) {
  PackedTensor large = plain("w", {"a"}, {int64_t(1) << 60}, {int64_t(1) << 60});
  llvm::Expected<PackedLayout> layout = placeTensors({large, large});
  ASSERT_FALSE(bool(layout));
  EXPECT_EQ(llvm::toString(layout.takeError()), "the packed weights take more than 2^63 bytes");
}

TEST(PackedWeights, PlainTensorsKeepTheirOrder) {
  MemorySource source;
  source.addCounting("a", {2, 3}, 1);
  source.addCounting("b", {1, 3}, 10);
  Packed packed({plain("ab", {"a", "b"}, {3, 3}, {2, 1})}, source);
  EXPECT_EQ(packed.values("ab"), (Values{1, 2, 3, 4, 5, 6, 10, 11, 12}));
  EXPECT_EQ(packed.shape("ab"), (llvm::SmallVector<int64_t, 4>{3, 3}));
}

TEST(PackedWeights, LayersAreStacked) {
  MemorySource source;
  source.addCounting("l.0.w", {2}, 1);
  source.addCounting("l.1.w", {2}, 10);
  source.addCounting("l.2.w", {2}, 100);
  Packed packed({plain("w", {"l.*.w"}, {2}, {2}, 3)}, source);
  EXPECT_EQ(packed.values("w"), (Values{1, 2, 10, 11, 100, 101}));
  EXPECT_EQ(packed.shape("w"), (llvm::SmallVector<int64_t, 4>{3, 2}));
}

TEST(PackedWeights, PanelsHoldColumnsSideBySide) {
  MemorySource source;
  source.addCounting("w", {3, 2}, 1); // [[1, 2], [3, 4], [5, 6]]
  Packed packed({panels("w", {"w"}, 2, 2, {3})}, source);
  EXPECT_EQ(packed.values("w"), (Values{1, 3, 2, 4, /* second panel */ 5, 0, 6, 0}));
  EXPECT_EQ(packed.shape("w"), (llvm::SmallVector<int64_t, 4>{2, 2, 2}));
}

TEST(PackedWeights, PanelsCrossParts) {
  MemorySource source;
  source.addCounting("l.0.q", {3, 2}, 1);
  source.addCounting("l.0.k", {1, 2}, 20);
  source.addCounting("l.0.v", {3, 2}, 30);
  Packed packed({panels("qkv", {"l.*.q", "l.*.k", "l.*.v"}, 2, 4, {3, 1, 3}, 1)}, source);
  EXPECT_EQ(packed.values("qkv"), (Values{1, 3, 5, 20, 2, 4, 6, 21, /* second panel */ 30, 32, 34, 0, 31, 33, 35, 0}));
}

TEST(PackedWeights, EveryElementStandsWhereTheHeaderSays) {
  for (int64_t rows : {1, 15, 16, 17, 100})
    for (int64_t columns : {1, 7, 64})
      for (int64_t panel : {1, 16, 48}) {
        MemorySource source;
        source.addCounting("l.0.w", {rows, columns}, 1);
        source.addCounting("l.1.w", {rows, columns}, 100000);
        Packed packed({panels("w", {"l.*.w"}, columns, panel, {rows}, 2)}, source);
        Values values = packed.values("w");
        for (size_t i = 0; i < values.size(); ++i) {
          int64_t c = i % panel, k = i / panel % columns, n = i / panel / columns * panel + c;
          int64_t perLayer = packed.layout.placements[0].layerStride / sizeof(float) / columns;
          int64_t layer = n / perLayer;
          n %= perLayer;
          ASSERT_EQ(values[i], n < rows ? (layer ? 100000 : 1) + n * columns + k : 0)
              << rows << " " << columns << " " << panel << " " << i;
        }
      }
}

TEST(PackedWeights, LargeTensorsAreWrittenInPieces) {
  MemorySource source;
  source.addCounting("w", {700, 300}, 0);
  std::vector<PackedTensor> tensors = {plain("w", {"w"}, {700, 300}, {700})};
  PackedLayout layout = llvm::cantFail(placeTensors(tensors));
  TempDirectory directory;
  std::vector<uint64_t> reports;
  llvm::cantFail(writePackedWeights(directory.path("w"), tensors, layout, source, [&](uint64_t done, uint64_t total) {
    EXPECT_EQ(total, 840000u);
    reports.push_back(done);
  }));
  EXPECT_GT(reports.size(), 1u);
  EXPECT_TRUE(llvm::is_sorted(reports));
  EXPECT_EQ(reports.back(), 840000u);
  auto file = llvm::cantFail(SafetensorsFile::open(directory.path("w")));
  EXPECT_EQ(file->find("w")->data, source.find("w")->data);
}

TEST(PackedWeights, NarrowTypesAreWidened) {
  MemorySource source;
  source.add<uint16_t>("half", {2}, {0x3c00, 0xc100}, StorageType::F16); // 1, -2.5
  source.add<uint16_t>("brain", {1}, {0x4049}, StorageType::BF16);       // 3.140625
  source.add<double>("wide", {1}, {0.5}, StorageType::F64);
  Packed packed({plain("all", {"half", "brain", "wide"}, {4}, {2, 1, 1})}, source);
  EXPECT_EQ(packed.values("all"), (Values{1, -2.5, 3.140625, 0.5}));
}

TEST(PackedWeights, EmptyTensorsAreLegal) {
  MemorySource source;
  source.addCounting("none", {0, 3}, 0);
  source.addCounting("some", {16}, 0);
  Packed packed({plain("none", {"none"}, {0, 3}, {0}), plain("some", {"some"}, {16}, {16})}, source);
  EXPECT_TRUE(packed.values("none").empty());
  EXPECT_EQ(packed.values("some").size(), 16u);
}

TEST(PackedWeights, DataBeginsOnAPageAndTheIdIsItsHash) {
  MemorySource source;
  source.addCounting("w", {33}, 0);
  Packed packed({plain("w", {"w"}, {33}, {33})}, source);
  EXPECT_EQ(packed.file->getIndex().dataStart % 4096, 0u);
  std::string contents = packed.directory.read("w");
  EXPECT_EQ(packed.result.fileBytes, contents.size());
  std::string data = contents.substr(packed.file->getIndex().dataStart);
  XXH128_hash_t hash = XXH3_128bits(data.data(), data.size());
  EXPECT_EQ(packed.result.id, llvm::utohexstr(hash.high64, true, 16) + llvm::utohexstr(hash.low64, true, 16));
  bool found = false;
  for (const auto &[key, value] : packed.file->getIndex().metadata)
    found |= key == "id" && value == packed.result.id;
  EXPECT_TRUE(found);
}

TEST(PackedWeights, TheSameTensorsGiveTheSameFile) {
  MemorySource source;
  source.addCounting("w", {1000, 7}, 0);
  std::vector<PackedTensor> tensors = {panels("w", {"w"}, 7, 16, {1000})};
  Packed first(tensors, source), second(tensors, source);
  EXPECT_EQ(first.directory.read("w"), second.directory.read("w"));
}

TEST(PackedWeights, AMissingTensorLeavesTheOldFile) {
  MemorySource source;
  source.addCounting("a", {16}, 0);
  std::vector<PackedTensor> tensors = {plain("a", {"a"}, {16}, {16}), plain("b", {"b"}, {2}, {2})};
  PackedLayout layout = llvm::cantFail(placeTensors(tensors));
  TempDirectory directory;
  directory.write("w", "old");
  llvm::Expected<PackedFile> file = writePackedWeights(directory.path("w"), tensors, layout, source, {});
  ASSERT_FALSE(bool(file));
  EXPECT_EQ(llvm::toString(file.takeError()),
            "'made-up.safetensors' has no tensor 'b' of floating-point numbers with shape [2]");
  EXPECT_EQ(directory.read("w"), "old");
  EXPECT_EQ(directory.entries(), 1u);
}

/// Compares with the formula in long double, within half an ulp of float32 and a little for the double in between.
static void expectTable(const Values &values, int64_t columns,
                        const std::function<long double(int64_t row, int64_t column)> &formula) {
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], double(formula(i / columns, i % columns)), 6.1e-8) << i;
}

TEST(Generators, SinusoidalIsSinesThenCosines) {
  Packed packed({generated(Generator::Sinusoidal, 600, 10, 10000)}, MemorySource());
  expectTable(packed.values("table"), 10, [](int64_t position, int64_t column) {
    long double angle = position * std::pow(10000.0L, -(column % 5) / 4.0L);
    return column < 5 ? std::sin(angle) : std::cos(angle);
  });
}

TEST(Generators, InterleavedSinusoidalIsSineAndCosineInTurn) {
  Packed packed({generated(Generator::SinusoidalInterleaved, 600, 10, 500)}, MemorySource());
  expectTable(packed.values("table"), 10, [](int64_t position, int64_t column) {
    long double angle = position * std::pow(500.0L, -(column / 2) / 5.0L);
    return column % 2 == 0 ? std::sin(angle) : std::cos(angle);
  });
}

TEST(Generators, RotaryTablesAreOfHalfTheDimensions) {
  for (bool cosine : {true, false}) {
    Generator generator = cosine ? Generator::RotaryCosine : Generator::RotarySine;
    Packed packed({generated(generator, 300, 4, 160000)}, MemorySource());
    expectTable(packed.values("table"), 4, [&](int64_t position, int64_t column) {
      long double angle = position * std::pow(160000.0L, -column / 4.0L);
      return cosine ? std::cos(angle) : std::sin(angle);
    });
  }
}

TEST(Generators, TheNarrowestTablesAreFinite) {
  Packed packed({generated(Generator::Sinusoidal, 2, 2, 10000)}, MemorySource());
  EXPECT_EQ(packed.values("table"), (Values{0, 1, float(std::sin(1.0)), float(std::cos(1.0))}));
}
