#include "import/CTranslate2.h"
#include "import/Import.h"
#include "spec/SpecWriter.h"
#include "support/TempDirectory.h"
#include "weights/CTranslate2Builder.h"
#include "weights/Convert.h"
#include <cmath>
#include <gtest/gtest.h>
#include <map>

using namespace tenon;
using namespace tenon::import;
using tenon::test::CTranslate2Builder;
using tenon::test::GgufBytes;
using tenon::test::TempDirectory;

namespace {

using Files = std::map<std::string, std::string>;

/// Width 4, 2 heads, 6 hidden, 3 tokens, one layer each.
class Small {
public:
  CTranslate2Builder builder;

  void linear(const std::string &name, uint32_t out, uint32_t in) {
    builder.floats(name + "/weight", {out, in}, 100).floats(name + "/bias", {out});
  }
  void norm(const std::string &name) { builder.floats(name + "/gamma", {4}).floats(name + "/beta", {4}); }
  void stack(const std::string &name, bool isDecoder, bool preNorm = false) {
    builder.number<int16_t>(name + "/num_heads", 2, 2).flag(name + "/pre_norm", preNorm);
    std::string layer = name + "/layer_0/";
    linear(layer + "self_attention/linear_0", 12, 4);
    linear(layer + "self_attention/linear_1", 4, 4);
    norm(layer + "self_attention/layer_norm");
    if (isDecoder) {
      linear(layer + "attention/linear_0", 4, 4);
      linear(layer + "attention/linear_1", 8, 4);
      linear(layer + "attention/linear_2", 4, 4);
      norm(layer + "attention/layer_norm");
    }
    linear(layer + "ffn/linear_0", 6, 4);
    linear(layer + "ffn/linear_1", 4, 6);
    norm(layer + "ffn/layer_norm");
    if (preNorm)
      norm(name + "/layer_norm");
  }
  /// A model for translation whose embeddings are one.
  static Small translation() {
    Small small;
    small.stack("encoder", false);
    small.stack("decoder", true);
    small.builder.number<int8_t>("encoder/activation", 1, 2)
        .number<int8_t>("decoder/activation", 1, 2)
        .number<int8_t>("encoder/embeddings_merge", 1, 0)
        .flag("encoder/multi_query_attention", 0)
        .number<int16_t>("decoder/alignment_layer", 2, -1)
        .flag("decoder/alibi", 0)
        .flag("decoder/start_from_zero_embedding", 1)
        .floats("decoder/embeddings/weight", {3, 4})
        .alias("encoder/embeddings_0/weight", "decoder/embeddings/weight")
        .alias("decoder/projection/weight", "decoder/embeddings/weight")
        .floats("decoder/projection/bias", {3});
    return small;
  }
  /// Features of 5 numbers.
  static Small speech() {
    Small small;
    small.builder.specification = "WhisperSpec";
    small.builder.revision = 3;
    small.stack("encoder", false, true);
    small.builder.remove("encoder/pre_norm"); // Whisper's always has its norms first.
    small.stack("decoder", true, true);
    small.builder.number<int8_t>("decoder/activation", 1, 3)
        .flag("decoder/scale_embeddings", 0)
        .floats("encoder/conv1/weight", {4, 5, 3})
        .floats("encoder/conv1/bias", {4})
        .floats("encoder/conv2/weight", {4, 4, 3})
        .floats("encoder/conv2/bias", {4})
        .floats("encoder/position_encodings/encodings", {7, 4})
        .floats("decoder/position_encodings/encodings", {9, 4})
        .floats("decoder/embeddings/weight", {7, 4})
        .alias("decoder/projection/weight", "decoder/embeddings/weight");
    return small;
  }
};

Files translationFiles() {
  return {{"config.json", R"({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "layer_norm_epsilon": null,
                              "decoder_start_token": "</s>"})"},
          {"shared_vocabulary.json", R"(["<unk>", "</s>", "a"])"}};
}

Files speechFiles() {
  return {{"config.json", R"({"suppress_ids": [0, 4], "suppress_ids_begin": [1], "alignment_heads": [[0, 0]]})"},
          {"vocabulary.txt", "a\n<|endoftext|>\n<|startoftranscript|>\n<|startofprev|>\n<|nocaptions|>\n"
                             "<|notimestamps|>\n<|0.00|>\n"}};
}

struct Imported {
  Imported(const CTranslate2Builder &builder, const Files &files) {
    std::string path = directory.write("model.bin", builder.build());
    for (const auto &[name, contents] : files)
      directory.write(name, contents);
    auto imported = importCTranslate2(path);
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
  std::string spec() {
    whole.model.name = "small"; // That of the directory is another each time.
    return spec::writeSpec(whole.model);
  }

  TempDirectory directory;
  ImportedModel whole;
  std::string error;
};

} // namespace

TEST(CTranslate2, AModelForTranslation) {
  Imported imported(Small::translation().builder, translationFiles());
  ASSERT_EQ(imported.error, "");
  EXPECT_EQ(imported.spec(), R"(tenon: 1
name: small
width: 4
stacks:
  encoder:
    input: {vocab: 3, positions: {kind: learned, length: 1024}, scale: 2}
    layers: 1
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 6, activation: silu}
  decoder:
    input: {vocab: 3, positions: {kind: learned, length: 1024}, scale: 2, first: zeros}
    layers: 1
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2, mask: causal}
      - attention: {from: encoder, heads: 2, name: cross}
      - mlp: {hidden: 6, activation: silu}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, bias: true}
weights: model.bin
tokens: {eos: 1, start: 1, suppress: 0}
)");
  // Query, key and value are rows of one matrix that counts from 100 on.
  EXPECT_EQ(imported.values("encoder.layers.0.attention.value.weight").front(), 132);
  EXPECT_EQ(imported.values("decoder.layers.0.attention.key.bias"), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(imported.values("decoder.layers.0.cross.value.weight").front(), 116);
  EXPECT_EQ(imported.values("decoder.layers.0.cross.query.weight").front(), 100);
  // CTranslate2 counts the positions that it computes from 1 on.
  std::vector<float> positions = imported.values("encoder.input.positions.weight");
  ASSERT_EQ(positions.size(), 4096u);
  EXPECT_NEAR(positions[0], std::sin(1.0), 1e-6);
  EXPECT_NEAR(positions[1], std::sin(1e-4), 1e-6);
  EXPECT_NEAR(positions[4 + 2], std::cos(2.0), 1e-6);
}

TEST(CTranslate2, AModelForSpeech) {
  Imported imported(Small::speech().builder, speechFiles());
  ASSERT_EQ(imported.error, "");
  const spec::Model &model = imported.whole.model;
  const spec::Input &input = model.stacks[0].input;
  EXPECT_EQ(input.features, 5);
  ASSERT_EQ(input.convolutions.size(), 2u);
  EXPECT_EQ(input.convolutions[1].stride, 2);
  EXPECT_EQ(model.audio->bins, 5);
  EXPECT_EQ(model.audio->frames, 14);
  EXPECT_EQ(model.tokens.eos, (std::vector<int64_t>{1}));
  EXPECT_EQ(model.tokens.start, (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(model.tokens.suppress, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(model.tokens.suppressFirst, (std::vector<int64_t>{1}));
  EXPECT_EQ(model.tokens.timestamps->begin, 6);
  EXPECT_EQ(model.tokens.noSpeech, 4);
  EXPECT_EQ(model.tokens.previous, 3);
  EXPECT_EQ(model.stacks[1].input.scale, 1);
  EXPECT_EQ(imported.values("encoder.input.convolutions.0.weight").size(), 60u);
}

TEST(CTranslate2, IntegersAreMultipliedByTheirScales) {
  CTranslate2Builder builder = Small::translation().builder;
  std::string ffn = "encoder/layer_0/ffn/linear_1/weight", attention = "encoder/layer_0/self_attention/linear_0/weight";
  builder.remove(ffn).integers<int8_t>(ffn, 1, {4, 6});
  builder.variable(ffn + "_scale", 0, {4}, GgufBytes().number(1.f).number(2.f).number(4.f).number(8.f).bytes);
  builder.remove(attention).integers<int16_t>(attention, 2, {12, 4});
  builder.number(attention + "_scale", 0, 2.f);
  Imported imported(builder, translationFiles());
  ASSERT_EQ(imported.error, "");
  std::vector<float> values = imported.values("encoder.layers.0.mlp.down.weight");
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(values[6], 3.5f);
  EXPECT_EQ(values[23], 3);
  EXPECT_EQ(imported.values("encoder.layers.0.attention.key.weight").front(), 8.5f);
}

TEST(CTranslate2, RefusesScalesThatDoNotFit) {
  auto with = [](const std::string &scale, std::vector<uint32_t> shape, float value) {
    CTranslate2Builder builder = Small::translation().builder;
    std::string name = "encoder/layer_0/ffn/linear_1/weight";
    builder.remove(name).integers<int8_t>(name, 1, {4, 6});
    if (!scale.empty())
      builder.floats(name + scale, std::move(shape), value);
    return Imported(builder, translationFiles()).error;
  };
  std::string subject = "'DIR/model.bin': variable 'encoder/layer_0/ffn/linear_1/weight' has integers";
  EXPECT_EQ(with("", {}, 0), subject + ", but no variable 'encoder/layer_0/ffn/linear_1/weight_scale' of type F32");
  EXPECT_EQ(with("_scale", {3}, 1), subject + " in 4 rows, and 3 scales; expected one, or one for each row");
  EXPECT_EQ(with("_scale", {4}, 0), subject + " that are to be divided by 0.000000");
}

TEST(CTranslate2, RefusesOtherSpecifications) {
  CTranslate2Builder builder = Small::translation().builder;
  builder.specification = "BertSpec";
  EXPECT_EQ(Imported(builder, translationFiles()).error,
            "'DIR/model.bin' is a model of specification 'BertSpec' of revision 7; supported: TransformerSpec of "
            "revision 5 to 7, TransformerDecoderSpec of revision 8, WhisperSpec of revision 3 (encoder-decoders of "
            "translation and T5, models of text alone, Whisper)");
  builder = Small::translation().builder;
  builder.revision = 8;
  EXPECT_NE(Imported(builder, translationFiles()).error.find("of revision 8; supported"), std::string::npos);
}

TEST(CTranslate2, RefusesWhatIsComputedOtherwise) {
  auto error = [](CTranslate2Builder &builder) { return Imported(builder, translationFiles()).error; };
  CTranslate2Builder builder = Small::translation().builder;
  EXPECT_EQ(error(builder.remove("decoder/alibi").flag("decoder/alibi", 1).flag("decoder/scale_alibi", 1)),
            "'DIR/model.bin': variable 'decoder/alibi' is set for 2 heads; supported: at most 128, without 'scale_alibi'");
  builder = Small::translation().builder;
  EXPECT_EQ(
      error(builder.remove("encoder/activation").number<int8_t>("encoder/activation", 1, 5)),
      "'DIR/model.bin': variable 'encoder/activation' is 5.000000; supported: 0 (ReLU), 1 (GELU, tanh), 2 (Swish), "
      "3 (GELU), 4 (GELU, sigmoid)");
  builder = Small::translation().builder;
  std::string text = error(builder.floats("encoder/layer_0/self_attention/relative_position_keys", {3, 2}));
  EXPECT_EQ(text, "'DIR/model.bin' has tensors that the model does not use and that could change what it computes: "
                  "'encoder/layer_0/self_attention/relative_position_keys'; with --ignore-unused it goes without them");
  builder = Small::translation().builder;
  EXPECT_NE(error(builder.alias("decoder/project_in/weight", "decoder/embeddings/weight")).find("project_in"),
            std::string::npos);
  builder = Small::speech().builder;
  builder.remove("encoder/conv1/weight").floats("encoder/conv1/weight", {4, 3, 5});
  EXPECT_EQ(Imported(builder, speechFiles()).error,
            "'DIR/model.bin': variable 'encoder/conv1/weight' has shape [4, 3, 5]; supported are convolutions with a "
            "kernel of 3");
}

/// A decoder of text with rotary positions, side by side sublayers and a window.
static CTranslate2Builder decoderOfText() {
  CTranslate2Builder builder;
  builder.specification = "TransformerDecoderSpec";
  builder.revision = 8;
  builder.floats("decoder/embeddings/weight", {3, 4})
      .alias("decoder/projection/weight", "decoder/embeddings/weight")
      .number<int16_t>("decoder/num_heads", 2, 2)
      .number<int8_t>("decoder/activation", 1, 2)
      .flag("decoder/alibi", 0)
      .flag("decoder/scale_alibi", 0)
      .floats("decoder/layer_norm/gamma", {4});
  for (const char *layer : {"decoder/layer_0/", "decoder/layer_1/"}) {
    std::string prefix = layer, attention = prefix + "self_attention/";
    builder.floats(prefix + "shared_layer_norm/gamma", {4})
        .floats(attention + "linear_0/weight", {8, 4})
        .floats(attention + "linear_1/weight", {4, 4})
        .number<int32_t>(attention + "num_heads_kv", 3, 1)
        .number<int32_t>(attention + "rotary_dim", 3, 0)
        .flag(attention + "rotary_interleave", 0)
        .number<int32_t>(attention + "sliding_window", 3, 5)
        .floats(prefix + "ffn/linear_0/weight", {6, 4})
        .floats(prefix + "ffn/linear_0_noact/weight", {6, 4})
        .floats(prefix + "ffn/linear_1/weight", {4, 6});
  }
  return builder;
}

static Files textFiles() {
  return {{"config.json", R"({"bos_token": "<s>", "eos_token": "</s>", "layer_norm_epsilon": 1e-5})"},
          {"vocabulary.json", R"(["<s>", "</s>", "a"])"}};
}

TEST(CTranslate2, ADecoderOfText) {
  Imported imported(decoderOfText(), textFiles());
  ASSERT_EQ(imported.error, "");
  EXPECT_EQ(imported.spec(), R"(tenon: 1
name: small
width: 4
stacks:
  decoder:
    input: {vocab: 3, positions: {kind: rotary, length: 5}, scale: 2}
    layers: 2
    norm: {kind: rmsnorm, place: before}
    block:
      - parallel: {block: [attention: {heads: 2, kv_heads: 1, bias: false, output_bias: false, mask: causal}, mlp: {hidden: 6, activation: silu, gated: true, bias: false}]}
head: {tied: true}
weights: model.bin
tokens: {bos: 0, eos: 1}
)");
}

TEST(CTranslate2, RefusesLayersThatDiffer) {
  CTranslate2Builder builder = decoderOfText();
  builder.remove("decoder/layer_1/self_attention/sliding_window");
  EXPECT_EQ(Imported(builder, textFiles()).error,
            "'DIR/model.bin': variable 'decoder/layer_1/self_attention/sliding_window' differs from "
            "'decoder/layer_0/self_attention/sliding_window'; supported: layers of one kind");
  builder = decoderOfText();
  builder.flag("decoder/layer_norm/layer_norm_use_residual", 1);
  EXPECT_EQ(Imported(builder, textFiles()).error,
            "'DIR/model.bin': variable 'decoder/layer_norm/layer_norm_use_residual' differs from "
            "'decoder/layer_0/shared_layer_norm/layer_norm_use_residual'; supported: norms of one kind");
}

TEST(CTranslate2, RefusesOtherRotaryPositions) {
  auto with = [](const char *name, auto value, int type) {
    CTranslate2Builder builder = decoderOfText();
    if (std::string(name) == "rotary_dim")
      builder.remove("decoder/layer_0/self_attention/rotary_dim");
    builder.number<decltype(value)>(std::string("decoder/layer_0/self_attention/") + name, type, value);
    return Imported(builder, textFiles()).error;
  };
  EXPECT_EQ(with("rotary_scaling_type", int8_t(1), 1),
            "'DIR/model.bin': variable 'decoder/layer_0/self_attention/rotary_scaling_type' is 1.000000; supported: -1 "
            "(none), 0 (linear), 2 (Llama 3)");
  EXPECT_EQ(with("rotary_dim", int32_t(3), 3),
            "'DIR/model.bin': variable 'decoder/layer_0/self_attention/rotary_dim' is 3.000000; expected an even "
            "number, at most the 2 of a head");
}

TEST(CTranslate2, RefusesWhatIsMissing) {
  CTranslate2Builder builder = Small::translation().builder;
  builder.remove("decoder/layer_0/ffn/linear_1/bias");
  std::string error = Imported(builder, translationFiles()).error;
  EXPECT_NE(error.find("tensor 'decoder/layer_0/ffn/linear_1/bias' is missing; expected shape [4]"), std::string::npos)
      << error;
  builder = Small::translation().builder;
  EXPECT_EQ(Imported(builder.remove("encoder/layer_0/self_attention/linear_0/weight"), translationFiles()).error,
            "'DIR/model.bin': variable 'encoder/layer_0/self_attention/linear_0/weight' is missing");
}

TEST(CTranslate2, RefusesVocabulariesThatDisagree) {
  auto with = [](const std::string &name, const std::string &contents) {
    Files files = translationFiles();
    files.erase("shared_vocabulary.json");
    if (!name.empty())
      files[name] = contents;
    return Imported(Small::translation().builder, files).error;
  };
  EXPECT_EQ(with("", ""), "'DIR' has no shared_vocabulary, or source_ and target_vocabulary (.json or .txt)");
  EXPECT_EQ(with("shared_vocabulary.txt", "a\nb\n"),
            "'DIR/shared_vocabulary.txt' has 2 tokens; the embedding of the encoder has 3 rows");
  EXPECT_EQ(with("shared_vocabulary.txt", "a\nb\nc\n"),
            "'DIR/config.json': key 'eos_token': token '</s>' is not in 'DIR/shared_vocabulary.txt'\n"
            "'DIR/config.json': key 'decoder_start_token': token '</s>' is not in 'DIR/shared_vocabulary.txt'");
  EXPECT_EQ(with("shared_vocabulary.txt", "a\r\n</s>\r\nc\r\n"), ""); // Carriage returns that are nobody's.
  EXPECT_EQ(with("shared_vocabulary.json", "[1]"), "'DIR/shared_vocabulary.json': token 0: expected a string, found 1");
  EXPECT_EQ(with("shared_vocabulary.json", "{}"),
            "'DIR/shared_vocabulary.json': expected an array of strings, found {}");
  EXPECT_NE(with("source_vocabulary.txt", "a\nb\nc\n").find("has no shared_vocabulary"), std::string::npos);
}

TEST(CTranslate2, RefusesSuppressedTokensThatAreNone) {
  Files files = speechFiles();
  files["config.json"] = R"({"suppress_ids": [7]})";
  EXPECT_EQ(Imported(Small::speech().builder, files).error,
            "'DIR/config.json': key 'suppress_ids': token 7 is not one of the 7 of the vocabulary");
}

TEST(CTranslate2, ADirectoryIsEnough) {
  TempDirectory directory;
  directory.write("model.bin", Small::translation().builder.build());
  for (const auto &[name, contents] : translationFiles())
    directory.write(name, contents);
  auto opened = openModel(directory.path());
  EXPECT_TRUE(bool(opened)) << llvm::toString(opened.takeError());
}

TEST(CTranslate2, SurvivesMutations) {
  std::string file = Small::speech().builder.build();
  TempDirectory directory;
  for (const auto &[name, contents] : speechFiles())
    directory.write(name, contents);
  size_t refused = 0, count = 0;
  for (size_t at = 0; at < file.size(); at += 37)
    for (char with : {'\0', '\x7f', '\xff'}) {
      std::string other = file;
      other[at] = with;
      auto imported = importCTranslate2(directory.write("model.bin", other));
      ++count;
      refused += !imported;
      if (!imported)
        EXPECT_FALSE(llvm::toString(imported.takeError()).empty());
    }
  EXPECT_GT(refused, 20u);
  EXPECT_LT(refused, count);
}
