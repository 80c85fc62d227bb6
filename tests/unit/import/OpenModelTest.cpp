#include "import/SmallCheckpoint.h"
#include <sys/stat.h>

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::TempDirectory;

static const std::string smallSpec = R"(tenon: 1
name: small
width: 6
stacks:
  encoder:
    input: {vocab: 11}
    layers: 1
    block:
      - attention: {heads: 2}
)";

static std::string errorOf(const TempDirectory &directory, const std::string &name) {
  llvm::Expected<ImportedModel> imported = openModel(name.empty() ? directory.path() : directory.path(name));
  return imported ? "" : SmallCheckpoint::withoutPath(llvm::toString(imported.takeError()), directory);
}

TEST(OpenModel, ASpecWithWeightsAndTokenizer) {
  TempDirectory directory;
  SmallCheckpoint::bert().write(directory);
  directory.write("tok.json", "{}");
  directory.write("m.yml", smallSpec + "weights: model.safetensors\ntokenizer: tok.json\n"
                                       "names: {encoder.input.tokens.weight: embeddings.word_embeddings.weight}\n");
  ImportedModel imported = llvm::cantFail(openModel(directory.path("m.yml")));
  EXPECT_TRUE(imported.source->find("encoder.input.tokens.weight"));
  EXPECT_EQ(imported.tokenizer, "{}");
  EXPECT_EQ(imported.tokenizerPath, directory.path("tok.json"));
}

TEST(OpenModel, ASpecWithoutWeightsHasNoSource) {
  TempDirectory directory;
  directory.write("m.yaml", smallSpec);
  ImportedModel imported = llvm::cantFail(openModel(directory.path("m.yaml")));
  EXPECT_FALSE(imported.source);
  EXPECT_EQ(imported.model.name, "small");
}

TEST(OpenModel, ADirectoryByWhatIsInIt) {
  TempDirectory directory;
  EXPECT_EQ(errorOf(directory, ""),
            "cannot open model 'DIR': the directory has neither model.yaml (a spec) nor config.json (a Hugging Face "
            "checkpoint) nor model.bin of CTranslate2 nor a GGUF file nor a binary model of Marian");
  SmallCheckpoint::bert().write(directory);
  EXPECT_EQ(llvm::cantFail(openModel(directory.path())).model.stacks[0].layers, 2);
  directory.write("model.yaml", smallSpec);
  EXPECT_EQ(llvm::cantFail(openModel(directory.path())).model.stacks[0].layers, 1);
}

TEST(OpenModel, WhatIsNotThereOrNotAModel) {
  TempDirectory directory;
  EXPECT_EQ(errorOf(directory, "none.yaml"), "cannot open model 'DIR/none.yaml': No such file or directory");
  directory.write("model.onnx", "");
  EXPECT_EQ(errorOf(directory, "model.onnx"),
            "cannot open model 'DIR/model.onnx': expected a spec (.yaml, .yml), a GGUF file (.gguf), a binary model of "
            "Marian (.bin), a model.bin of CTranslate2 or a directory with a checkpoint");
  ASSERT_EQ(::mkfifo(directory.path("pipe.yaml").c_str(), 0600), 0);
  EXPECT_EQ(errorOf(directory, "pipe.yaml"), "cannot read 'DIR/pipe.yaml': it is not a regular file");
}

TEST(OpenModel, TheSpecsErrorsComeThrough) {
  TempDirectory directory;
  directory.write("m.yaml", "tenon: 7\n");
  EXPECT_EQ(errorOf(directory, "m.yaml").find("DIR/m.yaml:1:8: error: tenon: expected version 1"), 0u);
}

TEST(OpenModel, FilesThatTheSpecNames) {
  TempDirectory directory;
  directory.write("m.yaml", smallSpec + "weights: none.safetensors\n");
  EXPECT_EQ(errorOf(directory, "m.yaml"), "cannot read 'DIR/none.safetensors': No such file or directory");
  directory.write("m.yaml", smallSpec + "tokenizer: none.json\n");
  EXPECT_EQ(errorOf(directory, "m.yaml"), "cannot read 'DIR/none.json': No such file or directory");
  ASSERT_EQ(::mkfifo(directory.path("pipe").c_str(), 0600), 0);
  directory.write("m.yaml", smallSpec + "weights: pipe\n");
  EXPECT_EQ(errorOf(directory, "m.yaml"), "cannot read 'DIR/pipe': it is not a regular file");
  directory.write("m.yaml", smallSpec + "tokenizer: pipe\n");
  EXPECT_EQ(errorOf(directory, "m.yaml"), "cannot read 'DIR/pipe': it is not a regular file");
}
