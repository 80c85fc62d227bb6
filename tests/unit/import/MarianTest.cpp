#include "import/Marian.h"
#include "import/Import.h"
#include "import/PieceBuilder.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "support/TempDirectory.h"
#include "weights/Convert.h"
#include "weights/MarianBuilder.h"
#include "weights/Mutations.h"
#include "weights/SafetensorsSource.h"
#include <gtest/gtest.h>
#include <map>

using namespace tenon;
using namespace tenon::import;
using tenon::test::MarianBuilder;
using tenon::test::PieceBuilder;
using tenon::test::TempDirectory;

namespace {

using Settings = std::map<std::string, std::string>;

/// Width 4, 2 heads, 6 hidden, 5 tokens, one layer each.
struct Small {
  Settings settings = {{"type", "transformer"},
                       {"dim-emb", "4"},
                       {"dim-vocabs", "\n  - 5\n  - 5"},
                       {"enc-depth", "1"},
                       {"dec-depth", "1"},
                       {"dec-cell", "ssru"},
                       {"tied-embeddings-all", "true"},
                       {"transformer-decoder-autoreg", "rnn"},
                       {"transformer-dim-ffn", "6"},
                       {"transformer-ffn-activation", "relu"},
                       {"transformer-heads", "2"},
                       {"transformer-preprocess", "\"\""},
                       {"transformer-postprocess", "dan"},
                       {"transformer-postprocess-emb", "d"},
                       {"transformer-tied-layers", "[]"}};
  bool int8 = false;
  MarianBuilder tensors;

  void matrix(const std::string &name, int32_t in, int32_t out) {
    if (int8)
      tensors.counting(name, {in, out}, 2);
    else
      tensors.floats(name, {in, out}, {1, 2, 3, 4, 5, 6, 7});
  }
  void vector(const std::string &name, int32_t size) { tensors.floats(name, {1, size}, {1, 2, 3}); }
  void norm(const std::string &name) {
    vector(name + "_ln_scale", 4);
    vector(name + "_ln_bias", 4);
  }
  void attention(const std::string &prefix) {
    for (const char *letter : {"q", "k", "v", "o"}) {
      matrix(prefix + "_W" + letter, 4, 4);
      vector(prefix + "_b" + letter, 4);
    }
    norm(prefix + "_Wo");
  }
  void feedForward(const std::string &prefix) {
    matrix(prefix + "_W1", 4, 6);
    vector(prefix + "_b1", 6);
    matrix(prefix + "_W2", 6, 4);
    vector(prefix + "_b2", 4);
    norm(prefix + "_ffn");
  }
  MarianBuilder &addTensors() {
    if (int8)
      tensors.counting("Wemb", {5, 4}, 2).floats("Wemb_QuantMultA", {1, 1}, {3});
    else
      tensors.floats("Wemb", {5, 4}, {1, 2, 3, 4, 5, 6, 7});
    vector("decoder_ff_logit_out_b", 5);
    attention("encoder_l1_self");
    feedForward("encoder_l1_ffn");
    if (settings["transformer-decoder-autoreg"] == "rnn") {
      matrix("decoder_l1_rnn_W", 4, 4);
      matrix("decoder_l1_rnn_Wf", 4, 4);
      vector("decoder_l1_rnn_bf", 4);
      norm("decoder_l1_rnn_ffn");
    } else {
      attention("decoder_l1_self");
    }
    attention("decoder_l1_context");
    feedForward("decoder_l1_ffn");
    return tensors;
  }
  std::string build() {
    std::string yaml;
    for (const auto &[key, value] : settings)
      yaml += key + ": " + value + "\n";
    MarianBuilder whole = tensors;
    return whole.text("special:model.yml", yaml).build();
  }
};

struct Imported {
  explicit Imported(const std::string &file, const std::map<std::string, std::string> &beside = {}) {
    std::string path = directory.write("small.bin", file);
    for (const auto &[name, contents] : beside)
      directory.write(name, contents);
    auto imported = importMarian(path);
    if (imported) {
      whole = std::move(*imported);
      return;
    }
    error = llvm::toString(imported.takeError());
    for (size_t at; (at = error.find(directory.path())) != std::string::npos;)
      error.replace(at, directory.path().size(), "DIR");
  }
  std::vector<float> values(const std::string &parameter) {
    std::optional<weights::TensorView> view = whole.source ? whole.source->find(parameter) : std::nullopt;
    std::vector<float> numbers(view ? view->elements() : 0);
    if (view)
      (void)weights::readFloats(*view, 0, numbers.size(), numbers.data());
    return numbers;
  }
  /// The error with the settings changed.
  static std::string errorWith(const Settings &settings) {
    Small small;
    small.addTensors();
    for (const auto &[key, value] : settings)
      small.settings[key] = value;
    return Imported(small.build()).error;
  }

  TempDirectory directory;
  ImportedModel whole;
  std::string error;
};

} // namespace

TEST(Marian, AModelOfFloats) {
  Small small;
  small.addTensors();
  Imported imported(small.build());
  ASSERT_EQ(imported.error, "");
  EXPECT_EQ(spec::writeSpec(imported.whole.model), R"(tenon: 1
name: small
width: 4
stacks:
  encoder:
    input: {vocab: 5, positions: sinusoidal, scale: 2}
    layers: 1
    norm: {kind: layernorm, place: after, epsilon: 1e-09}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 6, activation: relu}
  decoder:
    input: {vocab: 5, positions: sinusoidal, scale: 2, first: zeros}
    layers: 1
    norm: {kind: layernorm, place: after, epsilon: 1e-09}
    block:
      - ssru: {activation: relu}
      - attention: {from: encoder, heads: 2, name: cross}
      - mlp: {hidden: 6, activation: relu}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, bias: true}
weights: small.bin
tokens: {eos: 0, start: 0}
)");
  // Stored as inputs by outputs: 1 2 3 4 5 6 | 7 1 2 ...
  EXPECT_EQ(imported.values("encoder.layers.0.mlp.up.weight"),
            (std::vector<float>{1, 7, 6, 5, 2, 1, 7, 6, 3, 2, 1, 7, 4, 3, 2, 1, 5, 4, 3, 2, 6, 5, 4, 3}));
  EXPECT_EQ(imported.values("encoder.input.tokens.weight"),
            (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(imported.values("head.bias"), (std::vector<float>{1, 2, 3, 1, 2}));
  EXPECT_EQ(imported.whole.source->tensorName("decoder.layers.0.cross.query.weight"), "decoder_l1_context_Wq");
}

TEST(Marian, AModelOfInt8IsStoredByOutputs) {
  Small small;
  small.int8 = true;
  small.addTensors();
  Imported imported(small.build());
  ASSERT_EQ(imported.error, "");
  EXPECT_EQ(imported.values("encoder.layers.0.mlp.up.weight"),
            (std::vector<float>{.5,  1, 1.5, 2, 2.5, 3, 3.5, 4,  4.5,  5,  5.5,  6,
                                6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10, 10.5, 11, 11.5, 12}));
  EXPECT_EQ(imported.values("encoder.input.tokens.weight").size(), 20u);
}

TEST(Marian, ADecoderThatAttendsToItself) {
  Small small;
  small.settings["transformer-decoder-autoreg"] = "self-attention";
  small.settings["transformer-ffn-activation"] = "swish";
  small.addTensors();
  Imported imported(small.build());
  ASSERT_EQ(imported.error, "");
  const spec::Block &block = imported.whole.model.stacks[1].block;
  ASSERT_TRUE(std::holds_alternative<spec::AttentionSublayer>(block[0]));
  EXPECT_EQ(std::get<spec::AttentionSublayer>(block[0]).mask, "k <= q");
  EXPECT_EQ(std::get<spec::MlpSublayer>(block[2]).activation, spec::Activation::Silu);
}

TEST(Marian, VocabulariesBecomeTokenizers) {
  Small small;
  small.addTensors();
  Imported imported(small.build(), {{"vocab.spm", PieceBuilder::small().build()}});
  ASSERT_EQ(imported.error, "");
  EXPECT_EQ(imported.whole.model.tokenizer, "vocab.spm");
  EXPECT_NE(imported.whole.tokenizer, "");
  EXPECT_EQ(imported.whole.targetTokenizer, "");
  EXPECT_EQ(imported.whole.model.tokens.suppress, (std::vector<int64_t>{1}));
  PieceBuilder other;
  other.piece("<unk>", 0, 2).piece("x").piece("</s>", 0, 3);
  std::string yaml = "vocabs:\n  - s.spm\n  - t.spm\n";
  Imported two(small.build(),
               {{"decoder.yml", yaml}, {"s.spm", PieceBuilder::small().build()}, {"t.spm", other.build()}});
  ASSERT_EQ(two.error, "");
  EXPECT_NE(two.whole.targetTokenizer, "");
  EXPECT_EQ(two.whole.model.tokens.eos, (std::vector<int64_t>{2}));
  EXPECT_EQ(two.whole.model.tokens.start, (std::vector<int64_t>{2}));
}

TEST(Marian, PiecesThatTheModelHasNoRowForStayInTheTokenizer) {
  Small small;
  small.addTensors();
  Imported imported(small.build(), {{"v.spm", PieceBuilder::small().piece("d").build()}});
  ASSERT_EQ(imported.error, "") << "6 pieces, 5 rows";
  EXPECT_NE(imported.whole.tokenizer.find("\"d\""), std::string::npos);
}

TEST(Marian, RefusesVocabulariesThatDoNotFit) {
  Small small;
  small.addTensors();
  std::string file = small.build();
  PieceBuilder endless;
  endless.piece("<unk>", 0, 2);
  EXPECT_EQ(Imported(file, {{"v.spm", endless.build()}}).error,
            "'DIR/v.spm' has no piece that ends a sentence ('</s>')");
  std::string good = PieceBuilder::small().build();
  EXPECT_EQ(Imported(file, {{"a.spm", good}, {"b.spm", good}, {"c.spm", good}}).error,
            "'DIR' has 3 vocabularies; expected one .spm file, or a .yml file whose 'vocabs' are the source's and the "
            "target's");
  EXPECT_EQ(Imported(file, {{"c.yml", "vocabs: [a.yml, a.yml]\n"}}).error,
            "vocabulary 'DIR/a.yml' is not supported; supported: SentencePiece (.spm)");
  EXPECT_NE(Imported(file, {{"c.yml", "vocabs: [../a.spm, ../a.spm]\n"}}).error.find("vocabs: "), std::string::npos);
}

TEST(Marian, RefusesOtherArchitectures) {
  auto has = [](const Settings &settings, const std::string &text) {
    std::string error = Imported::errorWith(settings);
    EXPECT_NE(error.find(text), std::string::npos) << error;
  };
  has({{"type", "s2s"}}, "type: 's2s' is not supported; supported: transformer");
  has({{"right-left", "true"}}, "right-left: 'true' is not supported; supported: false");
  has({{"transformer-tied-layers", "[1, 1]"}}, "transformer-tied-layers: ");
  has({{"transformer-decoder-autoreg", "average-attention"}}, "'average-attention' is not supported; supported: "
                                                              "self-attention, rnn");
  has({{"dec-cell", "gru"}}, "dec-cell: 'gru' is not supported; supported: ssru");
  has({{"transformer-postprocess", "dhn"}}, "-postprocess 'hn'");
  has({{"transformer-ffn-activation", "tanh"}}, "'tanh' is not supported; supported: relu, swish, gelu");
  has({{"transformer-heads", "3"}}, "dim-emb (4) is not a multiple of transformer-heads (3)");
  has({{"dim-vocabs", "[5]"}}, "expected the sizes of two vocabularies, found 1");
  has({{"dec-depth", "-2"}}, "dec-depth");
  has({{"type", "[[["}}, "small.bin: special:model.yml:");
}

TEST(Marian, ListsAllThatDoesNotFit) {
  Small small;
  small.addTensors().remove("encoder_l1_ffn_b1").floats("surprise", {2, 2}, {1});
  small.settings["transformer-dim-ffn"] = "7";
  std::string error = Imported(small.build()).error;
  for (const char *text : {"tensor 'encoder_l1_ffn_b1' is missing; expected shape [7]",
                           "tensor 'encoder_l1_ffn_W1' has shape [4, 6]; expected shape transposed [7, 4]",
                           "'surprise': the model does not use this"})
    EXPECT_NE(error.find(text), std::string::npos) << text << "\n" << error;
}

TEST(Marian, ADirectoryIsEnough) {
  Small small;
  small.addTensors();
  TempDirectory directory;
  directory.write("small.bin", small.build());
  directory.write("lexicon.bin", "not a model, although its name ends so");
  auto opened = openModel(directory.path());
  ASSERT_TRUE(bool(opened)) << llvm::toString(opened.takeError());
  EXPECT_EQ(opened->model.name, "small");
  directory.write("other.bin", small.build());
  auto several = openModel(directory.path());
  ASSERT_FALSE(bool(several));
  EXPECT_NE(llvm::toString(several.takeError()).find("several Marian files"), std::string::npos);
}

/// What a spec and its file say together stays so when they are written: the import of the export is the same.
TEST(Marian, ExportsWhatItImports) {
  Small small;
  small.int8 = true;
  small.addTensors();
  Imported imported(small.build(), {{"vocab.spm", PieceBuilder::small().build()}});
  ASSERT_EQ(imported.error, "");
  TempDirectory directory;
  ASSERT_FALSE(bool(exportModel(imported.whole, directory.path())));
  auto again = openModel(directory.path());
  ASSERT_TRUE(bool(again)) << llvm::toString(again.takeError());
  for (const spec::Parameter &parameter : spec::parameters(imported.whole.model)) {
    std::string name = weights::layerName(parameter.name, 0);
    std::optional<weights::TensorView> view = again->source->find(name);
    ASSERT_TRUE(view) << name;
    std::vector<float> numbers(view->elements());
    (void)weights::readFloats(*view, 0, numbers.size(), numbers.data());
    EXPECT_EQ(numbers, imported.values(name)) << name;
  }
}

TEST(Marian, SurvivesMutations) {
  Small small;
  small.int8 = true;
  small.addTensors();
  std::string file = small.build();
  TempDirectory directory;
  size_t refused = 0, count = 0;
  // What is before the data, some of it, and the settings at the end.
  for (size_t at = 0; at < file.size(); at += at < 4000 ? 23 : 997)
    for (char with : {'\0', '\xff', '9'}) {
      std::string other = file;
      other[at] = with;
      auto imported = importMarian(directory.write("small.bin", other));
      ++count;
      refused += !imported;
      if (!imported)
        EXPECT_FALSE(llvm::toString(imported.takeError()).empty());
    }
  EXPECT_GT(refused, 50u);
  EXPECT_LT(refused, count);
}
