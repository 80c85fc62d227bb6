#include "import/SmallCheckpoint.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "weights/SafetensorsSource.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;

static std::string message(llvm::Error error) { return error ? llvm::toString(std::move(error)) : ""; }

/// Exports and opens again; every parameter must have the same bytes.
static void expectSameAgain(const SmallCheckpoint &checkpoint) {
  TempDirectory directory;
  checkpoint.write(directory);
  directory.write("tokenizer.json", "{\"a\": 1}");
  ImportedModel first = llvm::cantFail(importCheckpoint(directory.path()));
  ASSERT_EQ(message(exportModel(first, directory.path("out/deeper"))), "");
  ImportedModel second = llvm::cantFail(openModel(directory.path("out/deeper")));
  EXPECT_EQ(second.tokenizer, "{\"a\": 1}");
  EXPECT_TRUE(second.model.names.empty());
  first.model.names.clear();
  EXPECT_EQ(spec::writeSpec(second.model), spec::writeSpec(first.model));
  size_t tensors = 0;
  for (const spec::Parameter &parameter : spec::parameters(second.model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer, ++tensors) {
      std::string name = weights::layerName(parameter.name, layer);
      auto before = first.source->find(name), after = second.source->find(name);
      ASSERT_TRUE(before && after) << name;
      EXPECT_EQ(before->type, after->type);
      EXPECT_EQ(before->shape, after->shape);
      EXPECT_EQ(before->data, after->data) << name;
    }
  EXPECT_EQ(second.source->tensorNames().size(), tensors);
}

TEST(ExportModel, OpensAsTheSameModel) {
  expectSameAgain(SmallCheckpoint::bert());
  expectSameAgain(SmallCheckpoint::roberta());
  expectSameAgain(SmallCheckpoint::preNorm());
  expectSameAgain(SmallCheckpoint::distilbert());
}

TEST(ExportModel, DoesNotWriteOverTheModelThatItReads) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  std::string expected = "' has the model's own weights, '" + directory.path("model.safetensors") + "'; expected another directory";
  EXPECT_EQ(message(exportModel(imported, directory.path())), "'" + directory.path() + expected);
  EXPECT_EQ(message(exportModel(imported, directory.path("."))), "'" + directory.path(".") + expected);
  EXPECT_FALSE(llvm::sys::fs::exists(directory.path("model.yaml")));
  llvm::cantFail(importCheckpoint(directory.path()));
}

TEST(ExportModel, LeavesOutWhatTheModelDoesNotUse) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.addLinear("pooler.dense", 6, 6);
  checkpoint.write(directory);
  llvm::cantFail(exportModel(llvm::cantFail(importCheckpoint(directory.path())), directory.path("out")));
  auto file = llvm::cantFail(weights::SafetensorsFile::open(directory.path("out/model.safetensors")));
  EXPECT_FALSE(file->find("pooler.dense.weight"));
  EXPECT_TRUE(file->find("encoder.layers.1.mlp.down.bias"));
  EXPECT_FALSE(llvm::sys::fs::exists(directory.path("out/tokenizer.json")));
}

TEST(ExportModel, ListsEveryTensorThatDoesNotFitAndWritesNothing) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.tensors["encoder.layer.1.intermediate.dense.weight"] = {6, 8};
  checkpoint.tensors.erase("encoder.layer.1.output.dense.weight");
  checkpoint.write(directory);
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(SmallCheckpoint::withoutPath(message(exportModel(imported, directory.path("out"))), directory),
            "the weights in 'DIR/model.safetensors' do not fit the model:\n"
            "  tensor 'encoder.layer.1.intermediate.dense.weight' has shape [6, 8]; expected shape [8, 6]\n"
            "  tensor 'encoder.layer.1.output.dense.weight' is missing; expected shape [6, 8]");
  EXPECT_FALSE(llvm::sys::fs::exists(directory.path("out")));
  EXPECT_NE(message(exportModel(imported, directory.path("deep/er/out"))), "");
  EXPECT_FALSE(llvm::sys::fs::exists(directory.path("deep")));
  llvm::sys::fs::create_directory(directory.path("mine"));
  EXPECT_NE(message(exportModel(imported, directory.path("mine"))), "");
  EXPECT_TRUE(llvm::sys::fs::exists(directory.path("mine")));
}

TEST(ExportModel, NeedsADirectoryAndWeights) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(SmallCheckpoint::withoutPath(message(exportModel(imported, directory.path("config.json/x"))), directory),
            "cannot create directory 'DIR/config.json/x': Not a directory");
  imported.source.reset();
  imported.model.name = "m";
  EXPECT_EQ(message(exportModel(imported, directory.path("out"))),
            "model 'm' has no weights to write; its spec needs 'weights'");
}

TEST(ExportModel, MayReplaceTheModelItWasReadFrom) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  llvm::cantFail(exportModel(llvm::cantFail(importCheckpoint(directory.path())), directory.path("out")));
  std::string before = directory.read("out/model.safetensors");
  llvm::cantFail(exportModel(llvm::cantFail(openModel(directory.path("out"))), directory.path("out")));
  EXPECT_EQ(directory.read("out/model.safetensors"), before);
}
