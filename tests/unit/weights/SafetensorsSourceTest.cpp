#include "weights/SafetensorsSource.h"
#include "support/TempDirectory.h"
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::weights;
using test::TempDirectory;

/// A source over a file with these tensors, each of one byte that is its place.
static SafetensorsSource sourceOf(const TempDirectory &directory, std::vector<std::string> names,
                                  std::vector<spec::TensorName> map) {
  std::vector<SafetensorsEntry> entries;
  std::string data;
  for (uint64_t i = 0; i < names.size(); ++i) {
    entries.push_back({names[i], StorageType::U8, {1}, i, i + 1});
    data += char(i);
  }
  std::string path = directory.write("m.safetensors", safetensorsHeader(entries, {}, 8) + data);
  return SafetensorsSource(llvm::cantFail(SafetensorsFile::open(path)), map);
}

TEST(SafetensorsSource, PutsTheLayerIntoTheTensorsName) {
  TempDirectory directory;
  SafetensorsSource source =
      sourceOf(directory, {"h.0.w", "h.11.w", "wte"},
               {{"encoder.layers.*.mlp.up.weight", "h.*.w"}, {"encoder.input.tokens.weight", "wte"}});
  EXPECT_EQ(source.tensorName("encoder.layers.11.mlp.up.weight"), "h.11.w");
  EXPECT_EQ(source.find("encoder.layers.0.mlp.up.weight")->data[0], 0);
  EXPECT_EQ(source.find("encoder.layers.11.mlp.up.weight")->data[0], 1);
  EXPECT_EQ(source.find("encoder.input.tokens.weight")->data[0], 2);
  EXPECT_FALSE(source.find("encoder.layers.1.mlp.up.weight"));
  EXPECT_EQ(source.tensorNames(), (std::vector<std::string>{"h.0.w", "h.11.w", "wte"}));
  EXPECT_EQ(source.path(), directory.path("m.safetensors"));
}

TEST(SafetensorsSource, NamesThatAreNotMappedStay) {
  TempDirectory directory;
  SafetensorsSource source = sourceOf(directory, {"a.layers.3.x.weight", "a.norm.weight"}, {{"a.input.x", "y"}});
  EXPECT_EQ(source.find("a.layers.3.x.weight")->data[0], 0);
  EXPECT_EQ(source.find("a.norm.weight")->data[0], 1);
  EXPECT_EQ(source.tensorName("a.layers.7.x.weight"), "a.layers.7.x.weight");
}

TEST(SafetensorsSource, DigitsWithinANameAreNoLayer) {
  TempDirectory directory;
  SafetensorsSource source = sourceOf(directory, {"w.5"}, {{"bert2.layers.*.mlp1.up.weight", "w.*"}});
  EXPECT_EQ(source.find("bert2.layers.5.mlp1.up.weight")->data[0], 0);
}

TEST(LayerName, ReplacesTheStar) {
  EXPECT_EQ(layerName("a.*.b", 12), "a.12.b");
  EXPECT_EQ(layerName("a.b", 12), "a.b");
}
