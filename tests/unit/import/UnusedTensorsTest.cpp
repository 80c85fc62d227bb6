//===- UnusedTensorsTest.cpp - Heads, and tensors that are left over ------===//

#include "import/ListedCheckpoint.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::SmallCheckpoint;
using test::specOf;
using test::TempDirectory;
using test::withoutTokenizerNote;

/// `architecture` empty for none.
static SmallCheckpoint llama(const std::string &architecture, const std::string &more = "",
                             const std::string &moreTensors = "lm_head.weight 11 8\n") {
  std::string classes = architecture.empty() ? "" : "\"architectures\": [\"" + architecture + "\"], ";
  return checkpointOf("{\"model_type\": \"llama\", " + classes + more + R"("hidden_size": 8, "num_hidden_layers": 2,
      "num_attention_heads": 2, "intermediate_size": 12, "vocab_size": 11, "max_position_embeddings": 32})",
                      test::llamaTensors() + moreTensors);
}

/// What comes of a checkpoint: its notes, a line each, or its error.
static std::string notesOf(const SmallCheckpoint &checkpoint, const ImportOptions &options = {}) {
  TempDirectory directory;
  checkpoint.write(directory);
  llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path(), options);
  return imported ? llvm::join(withoutTokenizerNote(imported->notes), "\n")
                  : SmallCheckpoint::withoutPath(llvm::toString(imported.takeError()), directory);
}

static const std::string unused =
    "'DIR/model.safetensors' has tensors that the model does not use and that could change what it computes: ";
static const std::string ignore = "; with --ignore-unused it goes without them";
static constexpr ImportOptions withoutHead{.withoutHead = true, .ignoreUnused = false};
static constexpr ImportOptions ignoreUnused{.withoutHead = false, .ignoreUnused = true};

TEST(Heads, AStoredMatrixThatDiffersCountsThoughTheKeyTiesIt) {
  SmallCheckpoint checkpoint = llama("LlamaForCausalLM", "\"tie_word_embeddings\": true, ");
  EXPECT_NE(specOf(checkpoint).find("head: {tied: false}"), std::string::npos);
  EXPECT_EQ(notesOf(checkpoint), "");
  checkpoint.remove("lm_head.weight");
  EXPECT_NE(specOf(checkpoint).find("head: {tied: true}"), std::string::npos);
}

TEST(Heads, AStoredCopyOfTheEmbeddingIsANote) {
  SmallCheckpoint checkpoint = llama("LlamaForCausalLM", "\"tie_word_embeddings\": true, ");
  checkpoint.copies["lm_head.weight"] = "model.embed_tokens.weight";
  EXPECT_NE(specOf(checkpoint).find("head: {tied: true}"), std::string::npos);
  EXPECT_EQ(notesOf(checkpoint), "tensors that the model does not use: 'lm_head.weight'");
}

TEST(Heads, TheClassThatWasSavedDecides) {
  SmallCheckpoint bert = SmallCheckpoint::bert("bert.");
  bert.addLinear("classifier", 3, 6);
  bert.addLinear("bert.pooler.dense", 6, 6);
  for (const char *task : {"SequenceClassification", "TokenClassification", "QuestionAnswering", "MaskedLM",
                           "MultipleChoice", "NextSentencePrediction", "PreTraining"}) {
    SmallCheckpoint checkpoint = bert;
    checkpoint.change("{", std::string("{\"architectures\": [\"BertFor") + task + "\"], ");
    EXPECT_EQ(notesOf(checkpoint), std::string("'DIR/config.json': key 'architectures': the head of \"BertFor") + task +
                                       "\" is not supported; with --without-head the model is the encoder alone");
    EXPECT_EQ(notesOf(checkpoint, withoutHead),
              "tensors that the model does not use: 'bert.pooler.dense.bias', 'bert.pooler.dense.weight', "
              "'classifier.bias', 'classifier.weight'");
  }
  // Of a class without a head they are those of another class.
  SmallCheckpoint bare = bert;
  bare.change("{", "{\"architectures\": [\"BertModel\"], ");
  EXPECT_NE(notesOf(bare).find("'classifier.weight'"), std::string::npos);
  EXPECT_NE(notesOf(bert).find(unused + "'classifier.bias', 'classifier.weight'" + ignore), std::string::npos);
}

TEST(Heads, ADecodersOtherHeads) {
  for (const char *name : {"LlamaForSequenceClassification", "LlamaForTokenClassification", "GPT2DoubleHeadsModel"}) {
    SmallCheckpoint checkpoint = llama(name, "", "score.weight 3 8\n");
    EXPECT_EQ(notesOf(checkpoint), std::string("'DIR/config.json': key 'architectures': the head of \"") + name +
                                       "\" is not supported; with --without-head the model is the stack alone");
    EXPECT_EQ(notesOf(checkpoint, withoutHead), "tensors that the model does not use: 'score.weight'");
  }
  EXPECT_EQ(notesOf(llama("LlamaForCausalLM"), withoutHead), "tensors that the model does not use: 'lm_head.weight'");
}

TEST(Heads, ATextModelOfSentencesNeedsNone) {
  TempDirectory directory;
  SmallCheckpoint bert = SmallCheckpoint::bert("bert.");
  bert.addLinear("cls.predictions.transform.dense", 6, 6);
  bert.change("{", "{\"architectures\": [\"BertForMaskedLM\"], ");
  bert.write(directory);
  directory.write("modules.json", R"([
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  llvm::sys::fs::create_directory(directory.path("1_Pooling"));
  directory.write("1_Pooling/config.json", R"({"word_embedding_dimension": 6, "pooling_mode_mean_tokens": true})");
  llvm::Expected<ImportedModel> imported = importCheckpoint(directory.path());
  ASSERT_TRUE(bool(imported)) << llvm::toString(imported.takeError());
  EXPECT_EQ(withoutTokenizerNote(imported->notes).size(), 1u);
}

TEST(UnusedTensors, AreAnErrorUnlessTheyAreIgnored) {
  SmallCheckpoint checkpoint =
      llama("LlamaForCausalLM", "", "lm_head.weight 11 8\nmodel.layers.*.mlp.adapter.weight 8\n");
  std::string names = "'model.layers.0.mlp.adapter.weight', 'model.layers.1.mlp.adapter.weight'";
  EXPECT_EQ(notesOf(checkpoint), unused + names + ignore);
  EXPECT_EQ(notesOf(checkpoint, ignoreUnused),
            "tensors that are ignored, though they could change what the model computes: " + names);
}

TEST(UnusedTensors, LayersBeyondTheLastAreNamed) {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert();
  checkpoint.change("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1");
  EXPECT_NE(checkpoint.errorOf().find("'encoder.layer.1.attention.self.query.weight'"), std::string::npos);
}

TEST(UnusedTensors, ABiasThatTheConfigurationDeniesIsOne) {
  std::string bias = "lm_head.weight 11 8\nmodel.layers.*.self_attn.o_proj.bias 8\n";
  std::string names = "'model.layers.0.self_attn.o_proj.bias', 'model.layers.1.self_attn.o_proj.bias'";
  EXPECT_EQ(notesOf(llama("LlamaForCausalLM", "", bias)), unused + names + ignore);
  EXPECT_EQ(notesOf(llama("LlamaForCausalLM", "\"attention_bias\": true, ", bias)), "");
}

TEST(UnusedTensors, BuffersAreANote) {
  SmallCheckpoint checkpoint =
      llama("LlamaForCausalLM", "", "lm_head.weight 11 8\nmodel.layers.*.self_attn.rotary_emb.inv_freq 2\n");
  EXPECT_EQ(notesOf(checkpoint), "tensors that the model does not use: 'model.layers.0.self_attn.rotary_emb.inv_freq', "
                                 "'model.layers.1.self_attn.rotary_emb.inv_freq'");
  SmallCheckpoint bert = SmallCheckpoint::bert();
  bert.tensors["embeddings.position_ids"] = {1, 10};
  EXPECT_EQ(notesOf(bert), "tensors that the model does not use: 'embeddings.position_ids'");
}
