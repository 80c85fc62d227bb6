//===- Seq2SeqSpecTest.cpp - What encoder-decoders add to the spec --------===//

#include "spec/Parameters.h"
#include "spec/SpecTexts.h"
#include "spec/SpecWriter.h"
#include "spec/Stacks.h"

using namespace tenon;
using namespace tenon::spec;
using namespace tenon::test;

/// A translator in the form of the writer.
static const std::string translator = R"yaml(tenon: 1
name: translator
width: 12
stacks:
  encoder:
    width: 8
    input: {vocab: 50, positions: {kind: sinusoidal, length: 64, spacing: even}, scale: 2.5}
    layers: 3
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2, score: {relative: {buckets: 8, distance: 20}}}
      - mlp: {hidden: 20, activation: relu}
  decoder:
    input: {vocab: 40, positions: sinusoidal, first: zeros}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - ssru: {activation: relu, name: memory}
      - attention: {heads: 3, mask: causal, score: {relative: {buckets: 6, distance: 9}}}
      - attention: {from: encoder, heads: 3, name: cross}
      - mlp: {hidden: 20, activation: relu}
share:
  - "decoder.layers.*.memory.norm = decoder.layers.*.mlp.norm"
  - "decoder.layers.*.cross.query = decoder.layers.*.attention.query"
head: {stack: decoder, tied: true, bias: true}
weights: model.safetensors
tokenizer: source.json
target_tokenizer: target.json
tokens: {eos: 0, pad: 1, start: 1, forced: [3, 4], suppress: [1, 5], suppress_first: [0, 6], forced_last: 0}
names:
  decoder.layers.*.attention.relative.weight: bias
)yaml";

static const std::string listener = R"yaml(tenon: 1
name: listener
width: 12
stacks:
  encoder:
    input: {features: 7, convolutions: [{channels: 9, kernel: 3, activation: gelu}, {channels: 12, kernel: 5, stride: 2, activation: none, bias: false}], positions: {kind: learned, length: 32}}
    layers: 1
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 3, key_bias: false}
      - mlp: {hidden: 20, activation: gelu}
  decoder:
    input: {vocab: 40, positions: {kind: learned, length: 16}}
    layers: 1
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 3, mask: causal}
      - attention: {from: encoder, heads: 3, name: cross}
      - mlp: {hidden: 20, activation: gelu}
head: {stack: decoder, tied: true}
weights: model.safetensors
tokens: {eos: 9, start: [10, 11], timestamps: {begin: 20, none: 19, step: 0.04}, no_speech: 18, previous: 17}
audio: {rate: 8000, window: 200, hop: 80, bins: 7, frames: 64}
)yaml";

TEST(Seq2SeqSpec, WritesWhatItReads) {
  EXPECT_EQ(writeSpec(llvm::cantFail(read(translator))), translator);
  EXPECT_EQ(writeSpec(llvm::cantFail(read(listener))), listener);
}

TEST(Seq2SeqSpec, ReadsStacksOfTheirOwnWidth) {
  Model model = llvm::cantFail(read(translator));
  EXPECT_EQ(model.widthOf(model.stacks[0]), 8);
  EXPECT_EQ(model.widthOf(model.stacks[1]), 12);
  EXPECT_EQ(model.findStack("decoder"), &model.stacks[1]);
  EXPECT_EQ(model.findStack("decode"), nullptr);
  EXPECT_EQ(std::get<AttentionSublayer>(model.stacks[0].block[0]).headSize, 4);
  EXPECT_EQ(std::get<AttentionSublayer>(model.stacks[1].block[2]).sources, std::vector<Source>({{"encoder"}}));
  EXPECT_TRUE(model.stacks[1].input.zeroFirst);
}

TEST(Seq2SeqSpec, KnowsWhichStackAttendsAndWhichKeepsACache) {
  Model model = llvm::cantFail(read(translator));
  EXPECT_EQ(sourcesOf(model.stacks[0]), std::vector<std::string>());
  EXPECT_EQ(sourcesOf(model.stacks[1]), std::vector<std::string>({"encoder"}));
  EXPECT_FALSE(keepsCache(model, model.stacks[0]));
  EXPECT_TRUE(keepsCache(model, model.stacks[1]));
}

TEST(Seq2SeqSpec, BiasGoesBothWaysWithoutAMask) {
  Model model = llvm::cantFail(read(translator));
  auto relative = [&](size_t stack, size_t sublayer) {
    return *std::get<AttentionSublayer>(model.stacks[stack].block[sublayer]).relative;
  };
  EXPECT_TRUE(relative(0, 0).bidirectional);
  EXPECT_FALSE(relative(1, 1).bidirectional);
  EXPECT_EQ(relative(1, 1).buckets, 6);
  EXPECT_EQ(relative(1, 1).distance, 9);
}

TEST(Seq2SeqSpec, SinusoidsAreSpacedByTheirForm) {
  auto spacing = [](const std::string &positions) {
    Model model = llvm::cantFail(read(changed(translator, "sinusoidal, first", positions + ", first")));
    return model.stacks[1].input.positions.spacing;
  };
  EXPECT_EQ(spacing("sinusoidal"), SinusoidSpacing::Ends);
  EXPECT_EQ(spacing("{kind: sinusoidal, interleaved: true}"), SinusoidSpacing::Even);
  EXPECT_EQ(spacing("{kind: sinusoidal, spacing: even}"), SinusoidSpacing::Even);
}

/// The lines about parameters whose names contain `part`: name, shape, layers.
static std::string listed(const std::string &text, llvm::StringRef part) {
  std::string list;
  for (const Parameter &parameter : parameters(llvm::cantFail(read(text)))) {
    if (!llvm::StringRef(parameter.name).contains(part))
      continue;
    list += parameter.name;
    for (int64_t extent : parameter.shape)
      list += " " + std::to_string(extent);
    list += (parameter.layers ? " x" + std::to_string(parameter.layers) : "") + "\n";
  }
  return list;
}

TEST(Seq2SeqSpec, KeysAndValuesReadTheSource) {
  EXPECT_EQ(listed(translator, ".cross."), R"(decoder.layers.*.cross.key.weight 12 8 x2
decoder.layers.*.cross.key.bias 12 x2
decoder.layers.*.cross.value.weight 12 8 x2
decoder.layers.*.cross.value.bias 12 x2
decoder.layers.*.cross.output.weight 12 12 x2
decoder.layers.*.cross.output.bias 12 x2
decoder.layers.*.cross.norm.weight 12 x2
decoder.layers.*.cross.norm.bias 12 x2
)");
}

TEST(Seq2SeqSpec, RecurrencesAndBiasesHaveParameters) {
  EXPECT_EQ(listed(translator, "memory"), R"(decoder.layers.*.memory.forget.weight 12 12 x2
decoder.layers.*.memory.forget.bias 12 x2
decoder.layers.*.memory.input.weight 12 12 x2
)");
  EXPECT_EQ(listed(translator, "relative"), R"(encoder.layers.*.attention.relative.weight 8 2 x3
decoder.layers.*.attention.relative.weight 6 3 x2
)");
  std::string other = changed(translator, "ssru: {", "ssru: {bias: false, input_bias: true, ");
  EXPECT_EQ(listed(other, "memory"), R"(decoder.layers.*.memory.forget.weight 12 12 x2
decoder.layers.*.memory.input.weight 12 12 x2
decoder.layers.*.memory.input.bias 12 x2
)");
}

TEST(Seq2SeqSpec, ConvolutionsAreMatrices) {
  EXPECT_EQ(listed(listener, "encoder.input"), R"(encoder.input.convolutions.0.weight 9 21
encoder.input.convolutions.0.bias 9
encoder.input.convolutions.1.weight 12 45
encoder.input.positions.weight 32 12
)");
}

TEST(Seq2SeqSpec, SharedParametersAreTheirSources) {
  Model model = llvm::cantFail(read(translator));
  Sharing sharing = sharingOf(model);
  EXPECT_EQ(sharing.resolve("decoder.layers.*.cross.query.weight"), "decoder.layers.*.attention.query.weight");
  EXPECT_EQ(sharing.resolve("decoder.layers.1.cross.query.bias"), "decoder.layers.1.attention.query.bias");
  EXPECT_EQ(sharing.resolve("decoder.layers.1.cross.key.bias"), "decoder.layers.1.cross.key.bias");
  EXPECT_EQ(sharing.resolve("decoder.layers"), "decoder.layers");
  EXPECT_EQ(placesOfParameters(model).size(), parameters(model).size() + 4);
}

namespace {

struct Mistake {
  const char *name;
  const std::string &spec;
  const char *from;
  const char *to;
  const char *message; ///< Of the first error.
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

class Seq2SeqMistake : public testing::TestWithParam<Mistake> {};

} // namespace

TEST_P(Seq2SeqMistake, IsReported) {
  const Mistake &mistake = GetParam();
  std::string messages = messagesOf(changed(mistake.spec, mistake.from, mistake.to));
  std::string first = messages.substr(0, messages.find('\n'));
  size_t at = first.find(": error: ");
  ASSERT_NE(at, std::string::npos) << messages;
  EXPECT_EQ(first.substr(at + 9), mistake.message);
}

static const Mistake mistakes[] = {
    {"StackWidth", translator, "width: 8", "width: 0", "width (0) is not between 1 and 2147483647"},
    {"StackWidthOfHeads", translator, "width: 8", "width: 9", "sinusoidal positions need an even width; width is 9"},
    {"FromUnknown", translator, "from: encoder", "from: encodr",
     "from: expected one of encoder, decoder, found 'encodr'; did you mean 'encoder'?"},
    {"FromItself", translator, "from: encoder", "from: decoder",
     "'from: decoder' is the stack itself; an attention without 'from' attends to its own stack, and one with "
     "'merge: joint' to both"},
    {"FromEachOther", translator, "- attention: {heads: 2,",
     "- attention: {heads: 2, from: decoder, name: back}\n"
     "      - attention: {heads: 2,",
     "stacks 'encoder', 'decoder' take states from each other in a circle; what a stack takes is there before it "
     "runs"},
    {"FromCached", translator,
     "    layers: 3\n    norm: {kind: layernorm, place: after}\n    block:\n      - attention: {heads: 2,",
     "    layers: 3\n    cache: true\n    block:\n      - attention: {heads: 2, mask: causal,",
     "stack 'encoder' goes on token by token, because it has 'cache: true'; keys and values come from a stack that "
     "reads its input as a whole"},
    {"FromStackWithHead", listener, "  decoder:\n    input: {vocab: 40, positions: {kind: learned, length: 16}}\n",
     "  other:\n    input: {vocab: 9}\n    layers: 1\n    block: [attention: {heads: 2, from: decoder}]\n"
     "  decoder:\n    input: {vocab: 40, positions: {kind: learned, length: 16}}\n",
     "stack 'decoder' goes on token by token, because it has the head; keys and values come from a stack that reads "
     "its input as a whole"},
    {"FromWithRotary", listener, "from: encoder", "from: encoder, rotary: {base: 100}",
     "'rotary' excludes 'from' without 'merge: joint': queries turn with the keys of their own stack"},
    {"FromWithBias", listener, "from: encoder", "from: encoder, score: {relative: {}}",
     "positions in two stacks have no distance: 'relative' excludes 'from'"},
    {"RelativeBuckets", translator, "buckets: 8", "buckets: 6",
     "buckets (6) is not a multiple of 4: each side has a half, and of it one half for near keys"},
    {"RelativeBucketsOdd", translator, "buckets: 6", "buckets: 7", "buckets (7) is odd: one half is for near keys"},
    {"RelativeDistance", translator, "distance: 9", "distance: 3",
     "distance (3) is not above the 3 that have a bucket each"},
    {"RelativeDistanceLong", translator, "distance: 9", "distance: 2147483647",
     "distance (2147483647) is not between 1 and 65536"},
    {"RelativeTables", translator, "mask: causal", "mask: causal, tables: [[2, 2]]",
     "a relative score is a table itself; it excludes 'tables'"},
    {"RelativeKey", translator, "buckets: 8", "bucket: 8", "relative has no key 'bucket'; did you mean 'buckets'?"},
    {"RelativeAndCap", translator, "{relative: {buckets: 8, distance: 20}}", "{relative: {}, softcap: 3}",
     "score has no key 'softcap'"},
    {"SpacingUnknown", translator, "spacing: even", "spacing: evn",
     "spacing: expected one of ends, even, found 'evn'; did you mean 'even'?"},
    {"SpacingInterleaved", translator, "spacing: even", "spacing: ends, interleaved: true",
     "interleaved sinusoids are spaced 'even'; 'ends' belongs to 'interleaved: false'"},
    {"FirstUnknown", translator, "first: zeros", "first: zero",
     "first: expected one of token, zeros, found 'zero'; did you mean 'zeros'?"},
    {"SsruKey", translator, "activation: relu, name: memory", "hidden: 3", "ssru has no key 'hidden'"},
    {"SsruInParallel", translator, "ssru: {activation: relu, name: memory}", "parallel: {block: [ssru: {}, ssru: {}]}",
     "parallel sublayers need a norm with 'place: before'; this stack's has 'place: after'"},
    {"FeaturesAndVocabulary", listener, "features: 7", "features: 7, vocab: 9",
     "'vocab' and 'features' exclude each other: a stack reads tokens or rows of numbers"},
    {"FeaturesZero", listener, "features: 7", "features: 0", "features (0) is not between 1 and 2147483647"},
    {"FeaturesWithTypes", listener, "features: 7", "features: 7, types: 2",
     "'types' belongs to an input of tokens; this one reads features"},
    {"FeaturesWithFirst", listener, "features: 7", "features: 7, first: zeros",
     "'first' belongs to an input of tokens; this one reads features"},
    {"ConvolutionsOfTokens", translator, "vocab: 50", "vocab: 50, convolutions: []",
     "'convolutions' belongs to an input of features: {features: 80, convolutions: [...]}"},
    {"FeaturesOfAnotherWidth", listener,
     ", convolutions: [{channels: 9, kernel: 3, activation: gelu}, {channels: 12, kernel: 5, stride: 2, activation: "
     "none, bias: false}]",
     "", "features (7) are not the stack's width (12)"},
    {"ChannelsOfAnotherWidth", listener, "channels: 12", "channels: 13",
     "channels of the last convolution (13) are not the stack's width (12)"},
    {"ConvolutionsMapping", listener,
     "[{channels: 9, kernel: 3, activation: gelu}, {channels: 12, kernel: 5, stride: 2, "
     "activation: none, bias: false}]",
     "{channels: 12}", "convolutions: expected a sequence of at most 16, found a mapping"},
    {"ChannelsMissing", listener, "channels: 9, ", "", "convolution has no key 'channels', which it needs"},
    {"KernelMissing", listener, "kernel: 3, ", "", "convolution has no key 'kernel', which it needs"},
    {"KernelEven", listener, "kernel: 3", "kernel: 4",
     "kernel (4) is even; it is odd, with as many zeros before the rows as behind them"},
    {"StrideZero", listener, "stride: 2", "stride: 0", "stride (0) is not between 1 and 2147483647"},
    {"ConvolutionActivation", listener, "activation: none", "activation: non",
     "activation: expected one of gelu, gelu_tanh, relu, silu, relu_squared, quick_gelu, tanh, sigmoid, none, "
     "found 'non'; did you mean 'none'?"},
    {"ConvolutionLarge", listener, "channels: 9, kernel: 3", "channels: 9000000, kernel: 301",
     "channels x inputs x kernel (9000000 x 7 x 301) is more than the 2147483647 elements that a tensor can have"},
    {"ScaleOfFeatures", listener, "features: 7", "features: 7, scale: 0", "scale (0) would remove the features"},
    {"HeadOfFeatures", listener, "stack: decoder", "stack: encoder",
     "a head gives scores over the vocabulary that its stack reads; stack 'encoder' reads features, so that there is "
     "no "
     "token embedding either"},
    {"ShareMapping", listener, "audio: {rate: 8000, window: 200, hop: 80, bins: 7, frames: 64}", "share: {a: b}",
     "share: expected a sequence of at most 64 like \"decoder.input.tokens = encoder.input.tokens\", found a mapping"},
    {"ShareWithoutSource", translator, "decoder.layers.*.cross.query = decoder.layers.*.attention.query",
     "decoder.layers.*.cross.query",
     "share: expected \"PARAMETERS = SOURCE\", the beginnings of parameters' names up to a dot, found the string "
     "'decoder.layers.*.cross.query'"},
    {"ShareTwoStars", translator, "decoder.layers.*.cross.query =", "decoder.*.*.cross.query =",
     "share: expected \"PARAMETERS = SOURCE\", the beginnings of parameters' names up to a dot, found the string "
     "'decoder.*.*.cross.query = decoder.layers.*.attention.query'"},
    {"ShareStarOfSource", translator, "decoder.layers.*.cross.query =", "decoder.input =",
     "share: 'decoder.layers.*.attention.query' has a '*' for the layer, but 'decoder.input' has none"},
    {"ShareUnknown", translator, "decoder.layers.*.cross.query =", "decoder.layers.*.cros.query =",
     "share: the model has no parameter that begins with 'decoder.layers.*.cros.query'; did you mean "
     "'decoder.layers.*.cross.query'?"},
    {"ShareUnknownSource", translator, "= decoder.layers.*.attention.query", "= decoder.layers.*.attention.quer",
     "share: 'decoder.layers.*.cross.query.weight' would be 'decoder.layers.*.attention.quer.weight', which the model "
     "does not have"},
    {"ShareOtherShape", translator, "= decoder.layers.*.attention.query", "= encoder.layers.*.attention.query",
     "share: 'decoder.layers.*.cross.query.weight' is [12, 12] in 2 layers and "
     "'encoder.layers.*.attention.query.weight' "
     "is [8, 8] in 3 layers; only parameters of one shape can be shared"},
    {"ShareTwice", translator, "decoder.layers.*.memory.norm = decoder.layers.*.mlp.norm",
     "decoder.layers.*.cross.query = decoder.layers.*.cross.output",
     "share: a second rule for 'decoder.layers.*.cross.query'"},
    {"NameOfShared", translator, "decoder.layers.*.attention.relative.weight: bias",
     "decoder.layers.*.cross.query.weight: bias",
     "'decoder.layers.*.cross.query.weight' is 'decoder.layers.*.attention.query.weight' by 'share', so that it has no "
     "tensor of its own"},
    {"TargetTokenizerAlone", translator, "tokenizer: source.json\n", "",
     "'target_tokenizer' needs 'tokenizer', for what is read"},
    {"StartBeyondVocabulary", translator, "start: 1", "start: [1, 40]", "start (40) is not between 0 and 39"},
    {"SuppressNoIds", translator, "suppress: [1, 5]", "suppress: [a]", "suppress: expected an integer, found 'a'"},
    {"ForcedLastBeyondVocabulary", translator, "forced_last: 0", "forced_last: 49",
     "forced_last (49) is not between 0 and 39"},
    {"NoSpeechBeyondVocabulary", listener, "no_speech: 18", "no_speech: 40", "no_speech (40) is not between 0 and 39"},
    {"PreviousBeyondVocabulary", listener, "previous: 17", "previous: 40", "previous (40) is not between 0 and 39"},
    {"TimestampsBegin", listener, "begin: 20, ", "", "timestamps has no key 'begin', which it needs"},
    {"TimestampsNone", listener, "none: 19, ", "", "timestamps has no key 'none', which it needs"},
    {"TimestampsStep", listener, "step: 0.04", "step: 0", "step (0) is not above 0"},
    {"AudioBins", listener, "bins: 7", "bins: 8", "bins (8) are not the features (7) that stack 'encoder' reads"},
    {"AudioHop", listener, "hop: 80", "hop: 201",
     "hop (201) is above window (200), so that samples would not be heard"},
    {"AudioFrames", listener, "frames: 64", "frames: 65",
     "frames (65) are 33 rows behind the convolutions; stack 'encoder' has positions for 32"},
    {"AudioKey", listener, "rate: 8000", "rte: 8000", "audio has no key 'rte'; did you mean 'rate'?"},
    {"AudioOfTokens", translator, "tokenizer: source.json\n", "tokenizer: source.json\naudio: {}\n",
     "'audio' makes the features that a stack reads; no stack has an input with 'features'"},
};

INSTANTIATE_TEST_SUITE_P(Seq2SeqSpec, Seq2SeqMistake, testing::ValuesIn(mistakes),
                         [](const testing::TestParamInfo<Mistake> &info) { return std::string(info.param.name); });

TEST(Seq2SeqSpec, StartNeedsAStackThatAttends) {
  EXPECT_EQ(messagesOf(smallSpec + "tokens: {start: 3}\n"),
            "14:17: error: 'start' is what a decoder begins with that attends to another stack; no attention of this "
            "model has 'from'");
}

TEST(Seq2SeqSpec, ListsOfTokensAreBounded) {
  std::string ids = "0";
  for (int i = 0; i < 64; ++i)
    ids += ", 0";
  EXPECT_NE(messagesOf(changed(translator, "start: 1", "start: [" + ids + "]"))
                .find("start: 65 tokens; at most 64 are possible"),
            std::string::npos);
}
