//===- ViewsTest.cpp - Parameters that are parts of a tensor --------------===//

#include "support/TempDirectory.h"
#include "weights/Convert.h"
#include "weights/SafetensorsSource.h"
#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::weights;
using test::TempDirectory;

/// A 6 x 4 matrix with the values 10 * row + column and a vector of 6, as F32.
static TensorView matrix(std::vector<float> &storage, bool vector = false) {
  storage.clear();
  for (int row = 0; row < 6; ++row)
    for (int column = 0; column < (vector ? 1 : 4); ++column)
      storage.push_back(10 * row + column);
  TensorView view;
  view.shape = vector ? llvm::SmallVector<int64_t, 4>{6} : llvm::SmallVector<int64_t, 4>{6, 4};
  view.data = llvm::ArrayRef(reinterpret_cast<const uint8_t *>(storage.data()), storage.size() * sizeof(float));
  return view;
}

static std::vector<float> valuesOf(const TensorView &view, size_t step) {
  std::vector<float> values(view.elements());
  for (size_t first = 0; first < values.size(); first += step)
    (void)readFloats(view, first, std::min(step, values.size() - first), values.data() + first);
  return values;
}

TEST(Views, SelectRows) {
  std::vector<float> storage;
  TensorView stored = matrix(storage);
  // Rows 1 and 2 of every 3.
  TensorView view = selectRows(stored, {"p", "t", false, 1, 2, 3});
  EXPECT_EQ(view.shape, (llvm::SmallVector<int64_t, 4>{4, 4}));
  std::vector<float> expected = {10, 11, 12, 13, 20, 21, 22, 23, 40, 41, 42, 43, 50, 51, 52, 53};
  for (size_t step : {1, 3, 4, 7, 16})
    EXPECT_EQ(valuesOf(view, step), expected) << step;
  // All from row 4 on.
  EXPECT_EQ(valuesOf(selectRows(stored, {"p", "t", false, 4}), 3),
            (std::vector<float>{40, 41, 42, 43, 50, 51, 52, 53}));
}

TEST(Views, SelectRowsOfTheTranspose) {
  std::vector<float> storage;
  TensorView stored = matrix(storage);
  TensorView view = selectRows(stored, {"p", "t", true});
  EXPECT_EQ(view.shape, (llvm::SmallVector<int64_t, 4>{4, 6}));
  std::vector<float> expected;
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 6; ++column)
      expected.push_back(10 * column + row);
  for (size_t step : {1, 5, 6, 24})
    EXPECT_EQ(valuesOf(view, step), expected) << step;
  view = selectRows(stored, {"p", "t", true, 1, 1, 2});
  EXPECT_EQ(view.shape, (llvm::SmallVector<int64_t, 4>{2, 6}));
  EXPECT_EQ(valuesOf(view, 4), (std::vector<float>{1, 11, 21, 31, 41, 51, 3, 13, 23, 33, 43, 53}));
}

TEST(Views, SelectElementsOfAVector) {
  std::vector<float> storage;
  TensorView view = selectRows(matrix(storage, /*vector=*/true), {"p", "t", false, 1, 1, 3});
  EXPECT_EQ(view.shape, (llvm::SmallVector<int64_t, 4>{2}));
  EXPECT_EQ(valuesOf(view, 1), (std::vector<float>{10, 40}));
}

TEST(Views, HalvesAndDoubles) {
  std::vector<double> doubles = {1, 2, 3, 4, 5, 6};
  TensorView stored{StorageType::F64, {2, 3}, llvm::ArrayRef(reinterpret_cast<const uint8_t *>(doubles.data()), 48)};
  EXPECT_EQ(valuesOf(selectRows(stored, {"p", "t", true}), 2), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  std::vector<uint16_t> halves = {0x3c00, 0x4000, 0x4200, 0x4400};
  stored = {StorageType::F16, {2, 2}, llvm::ArrayRef(reinterpret_cast<const uint8_t *>(halves.data()), 8)};
  EXPECT_EQ(valuesOf(selectRows(stored, {"p", "t", true}), 3), (std::vector<float>{1, 3, 2, 4}));
  stored.type = StorageType::BF16;
  EXPECT_EQ(valuesOf(selectRows(stored, {"p", "t", true, 1}), 3), (std::vector<float>{2, 512}));
}

TEST(Views, WhatDoesNotDivideHasNoRows) {
  std::vector<float> storage;
  TensorView stored = matrix(storage);
  EXPECT_EQ(selectRows(stored, {"p", "t", false, 0, 2, 4}).shape[0], 0) << "6 rows in periods of 4";
  EXPECT_EQ(selectRows(stored, {"p", "t", false, 2, 2, 3}).shape[0], 0) << "beyond the period";
  EXPECT_EQ(selectRows(stored, {"p", "t", false, 7}).shape[0], 0) << "beyond the last row";
  EXPECT_EQ(selectRows(matrix(storage, true), {"p", "t", true}).shape[0], 0) << "a transposed vector";
  TensorView scalar{StorageType::F32, {}, stored.data.take_front(4)};
  EXPECT_EQ(selectRows(scalar, {"p", "t", false, 1}).shape, (llvm::SmallVector<int64_t, 4>{0}));
  stored.type = StorageType::Q8_0;
  EXPECT_EQ(selectRows(stored, {"p", "t", true}).shape[0], 0) << "blocks lie along the stored rows";
}

/// A file with one-byte tensors of these names.
static void writeShard(const TempDirectory &directory, const std::string &file, std::vector<std::string> names) {
  std::vector<SafetensorsEntry> entries;
  std::string data;
  for (uint64_t i = 0; i < names.size(); ++i) {
    entries.push_back({names[i], StorageType::U8, {1}, i, i + 1});
    data += names[i].back();
  }
  directory.write(file, safetensorsHeader(entries, {}, 8) + data);
}

/// The error of an index beside the shards a.safetensors (with w.1, w.2) and b.safetensors (with w.3), in which the
/// directory is called DIR.
static std::string indexError(const std::string &json) {
  TempDirectory directory;
  writeShard(directory, "a.safetensors", {"w.1", "w.2"});
  writeShard(directory, "b.safetensors", {"w.3"});
  auto files = SafetensorsFiles::open(directory.write("m.json", json));
  std::string text = files ? "" : llvm::toString(files.takeError());
  for (size_t at; (at = text.find(directory.path())) != std::string::npos;)
    text.replace(at, directory.path().size(), "DIR");
  return text;
}

TEST(Shards, AreOneCheckpoint) {
  TempDirectory directory;
  writeShard(directory, "a.safetensors", {"w.1", "w.2"});
  writeShard(directory, "b.safetensors", {"w.3"});
  std::string path = directory.write("m.json", R"({"metadata": {"total_size": 3, "more": [1, {"x": null}]},
    "weight_map": {"w.3": "b.safetensors", "w.1": "a.safetensors", "w.2": "a.safetensors"}})");
  SafetensorsSource source(llvm::cantFail(SafetensorsFiles::open(path)), {{"x.layers.*.w", "w.*"}});
  EXPECT_EQ(source.tensorNames(), (std::vector<std::string>{"w.1", "w.2", "w.3"}));
  EXPECT_EQ(source.find("x.layers.1.w")->data[0], '1');
  EXPECT_EQ(source.find("x.layers.3.w")->data[0], '3');
  EXPECT_FALSE(source.find("x.layers.4.w"));
  EXPECT_EQ(source.path(), path);
  source.release(source.find("x.layers.3.w")->data);
}

TEST(Shards, DisagreementsAreListed) {
  EXPECT_EQ(indexError(R"({"weight_map": {"w.1": "b.safetensors", "w.3": "a.safetensors", "w.4": "a.safetensors"}})"),
            "the files of 'DIR/m.json' are not as it says:\n"
            "  tensor 'w.1' is not in 'b.safetensors'\n"
            "  tensor 'w.3' is not in 'a.safetensors'\n"
            "  tensor 'w.4' is not in 'a.safetensors'\n"
            "  tensor 'w.1' is in 'a.safetensors' too, not only in 'b.safetensors'\n"
            "  tensor 'w.2' of 'a.safetensors' is not in the index\n"
            "  tensor 'w.3' is in 'b.safetensors' too, not only in 'a.safetensors'");
  EXPECT_EQ(indexError(R"({"weight_map": {"w.1": "c.safetensors"}})"),
            "cannot read 'DIR/c.safetensors': No such file or directory");
}

TEST(Shards, NamesOfFilesStayInTheDirectory) {
  for (const char *name : {"../a.safetensors", "/etc/passwd", "x/a.safetensors", "..", "", "a\\\\b"})
    EXPECT_NE(indexError(R"({"weight_map": {"w.1": ")" + std::string(name) + "\"}}")
                  .find("expected a name without a directory"),
              std::string::npos)
        << name;
}

TEST(Shards, TheIndexIsAnObjectOfNames) {
  const std::string start = "'DIR/m.json' is not a valid index of safetensors files: ";
  for (auto [json, message] : {
           std::pair("", "not valid JSON at byte 1: "),
           std::pair("[]", "expected an object, found an array"),
           std::pair("3", "expected an object, found 3"),
           std::pair("{}", "it has no 'weight_map', an object of file names by tensor"),
           std::pair(R"({"weight_map": {}})", "weight_map: it has no tensor"),
           std::pair(R"({"weight_map": "a"})", "weight_map: expected an object, found a string"),
           std::pair(R"({"weight_map": {"w.1": 3}})", "tensor 'w.1': expected a file name, found 3"),
           std::pair(R"({"weight_map": {"w.1": {}}})", "tensor 'w.1': expected a file name, found an object"),
           std::pair(R"({"weight_map": {"w.1": "a.safetensors", "w.1": "b.safetensors"}})",
                     "tensor 'w.1' is given twice"),
           std::pair(R"({"weight_map": {"w.1": "a"}, "weight_map": {}})", "the key 'weight_map' is given twice"),
       })
    EXPECT_EQ(indexError(json).rfind(start + message, 0), 0u) << indexError(json);
  EXPECT_NE(indexError(std::string(100, '{')).find("not valid"), std::string::npos);
  std::string deep = R"({"metadata": )";
  for (int i = 0; i < 20; ++i)
    deep += R"({"a": )";
  EXPECT_NE(indexError(deep).find("nested deeper than 16 levels"), std::string::npos);
}
