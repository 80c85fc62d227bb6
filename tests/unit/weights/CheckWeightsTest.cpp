#include "support/TempDirectory.h"
#include "weights/MemorySource.h"
#include "weights/PackedWeights.h"
#include <gtest/gtest.h>
#include <limits>

using namespace tenon;
using namespace tenon::weights;
using test::MemorySource;

/// A projection of 5 and 3 rows over 4 columns in panels of 8, for two layers, and a vector.
static std::vector<PackedTensor> smallModel() {
  PackedTensor matrix;
  matrix.name = "qk";
  matrix.parts = {"a.layers.*.q", "a.layers.*.k"};
  matrix.layers = 2;
  matrix.shape = {1, 4, 8};
  matrix.panel = 8;
  matrix.partRows = {5, 3};
  PackedTensor vector;
  vector.name = "v";
  vector.parts = {"a.v"};
  vector.shape = {3};
  vector.partRows = {3};
  PackedTensor table;
  table.name = "sin";
  table.shape = {2, 2};
  table.generator = Generator::Sinusoidal;
  return {matrix, vector, table};
}

static void addSmallModel(MemorySource &source) {
  for (const char *layer : {"0", "1"}) {
    source.addCounting(std::string("a.layers.") + layer + ".q", {5, 4}, 0);
    source.addCounting(std::string("a.layers.") + layer + ".k", {3, 4}, 0);
  }
  source.addCounting("a.v", {3}, 0);
}

/// The error of the check, empty where there is none.
static std::string check(const WeightSource &source, std::vector<std::string> &notes) {
  llvm::Error error = checkWeights(smallModel(), source, notes);
  return error ? llvm::toString(std::move(error)) : "";
}

TEST(CheckWeights, AcceptsWhatFits) {
  MemorySource source;
  addSmallModel(source);
  std::vector<std::string> notes;
  EXPECT_EQ(check(source, notes), "");
  EXPECT_TRUE(notes.empty());
}

TEST(CheckWeights, EveryFloatTypeFits) {
  MemorySource source;
  addSmallModel(source);
  source.add<uint16_t>("a.layers.0.q", {5, 4}, std::vector<uint16_t>(20), StorageType::F16);
  source.add<uint16_t>("a.layers.1.q", {5, 4}, std::vector<uint16_t>(20), StorageType::BF16);
  source.add<double>("a.v", {3}, {1, 2, 3}, StorageType::F64);
  std::vector<std::string> notes;
  EXPECT_EQ(check(source, notes), "");
}

TEST(CheckWeights, ListsAllThatIsWrong) {
  MemorySource source;
  addSmallModel(source);
  source.addCounting("a.layers.0.q", {4, 5}, 0);
  source.addCounting("a.layers.1.k", {12}, 0);
  source.add<int32_t>("a.v", {3}, {1, 2, 3}, StorageType::I32);
  source.addCounting("other", {1}, 0);
  MemorySource incomplete;
  incomplete.addCounting("a.layers.0.q", {5, 4}, 0);
  std::vector<std::string> notes;
  EXPECT_EQ(check(source, notes), "the weights in 'made-up.safetensors' do not fit the model:\n"
                                  "  tensor 'a.layers.0.q' has shape [4, 5]; expected [5, 4]\n"
                                  "  tensor 'a.layers.1.k' has shape [12]; expected [3, 4]\n"
                                  "  tensor 'a.v' has type I32; expected F32, F16, BF16 or F64\n"
                                  "  tensor 'other' is not used by the model");
  EXPECT_EQ(check(incomplete, notes), "the weights in 'made-up.safetensors' do not fit the model:\n"
                                      "  tensor 'a.layers.0.k' is missing; expected shape [3, 4]\n"
                                      "  tensor 'a.layers.1.q' is missing; expected shape [5, 4]\n"
                                      "  tensor 'a.layers.1.k' is missing; expected shape [3, 4]\n"
                                      "  tensor 'a.v' is missing; expected shape [3]");
}

TEST(CheckWeights, CountsWhatIsNotFinite) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  MemorySource source;
  addSmallModel(source);
  source.add<float>("a.v", {3}, {nan, -infinity, 1});
  source.add<double>("a.layers.0.k", {3, 4}, std::vector<double>(12, 1e39), StorageType::F64);
  std::vector<std::string> notes;
  EXPECT_EQ(check(source, notes), "");
  EXPECT_EQ(notes, (std::vector<std::string>{
                       "tensor 'a.layers.0.k': of 12 values, NaN: 0, infinite as float32: 12",
                       "tensor 'a.v': of 3 values, NaN: 1, infinite as float32: 1",
                   }));
}

TEST(CheckWeights, ALongListIsCutShort) {
  std::vector<PackedTensor> tensors(1);
  tensors[0] = {"w", {"l.*.w"}, 100, {2}, 0, {2}};
  std::vector<std::string> notes;
  std::string error = llvm::toString(checkWeights(tensors, MemorySource(), notes));
  EXPECT_NE(error.find("'l.59.w'"), std::string::npos);
  EXPECT_EQ(error.find("'l.60.w'"), std::string::npos);
  EXPECT_NE(error.find("\n  and 40 more"), std::string::npos);
}
