//===- SpecErrorsTest.cpp - Every message of the reader, with its place ---===//

#include "spec/SpecTexts.h"

using namespace tenon::test;

namespace {

struct Mistake {
  const char *name;
  const char *from; ///< What is changed in `smallSpec`; nothing stands for an addition at the end.
  const char *to;
  const char *messages;
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

class SpecMistake : public testing::TestWithParam<Mistake> {};

} // namespace

TEST_P(SpecMistake, IsReportedWhereItStands) {
  const Mistake &mistake = GetParam();
  std::string text = *mistake.from ? changed(smallSpec, mistake.from, mistake.to) : smallSpec + mistake.to;
  EXPECT_EQ(messagesOf(text), mistake.messages);
}

static const Mistake mistakes[] = {
    {"VersionMissing", "tenon: 1\n", "", "1:1: error: the spec has no key 'tenon', which it needs"},
    {"VersionUnknown", "tenon: 1", "tenon: 2",
     "1:8: error: tenon: expected version 1, found '2'; this program reads version 1 of the spec"},
    {"VersionOfAnotherType", "tenon: 1", "tenon: [1]",
     "1:8: error: tenon: expected version 1, found a sequence; this program reads version 1 of the spec"},
    {"NameMissing", "name: small\n", "", "1:1: error: the spec has no key 'name', which it needs"},
    {"NameWithSpace", "name: small", "name: two words",
     "2:7: error: name ('two words'): expected a letter or '_', then letters, digits, '_', '-' and '.', at most 200 in "
     "all"},
    {"NameOfAnotherType", "name: small", "name: {a: b}", "2:7: error: name: expected a string, found a mapping"},
    {"NameEmpty", "name: small", "name: \"\"", "2:7: error: name: expected a string, found an empty one"},
    {"WidthMissing", "width: 24\n", "", "1:1: error: the spec has no key 'width', which it needs"},
    {"WidthZero", "width: 24", "width: 0", "3:8: error: width (0) is not between 1 and 2147483647"},
    {"WidthNegative", "width: 24", "width: -24", "3:8: error: width (-24) is not between 1 and 2147483647"},
    {"WidthNoInteger", "width: 24", "width: wide", "3:8: error: width: expected an integer, found 'wide'"},
    {"WidthFraction", "width: 24", "width: 24.0", "3:8: error: width: expected an integer, found '24.0'"},
    {"WidthQuoted", "width: 24", "width: '24'", "3:8: error: width: expected an integer, found the string '24'"},
    {"WidthNothing", "width: 24", "width:", "3:1: error: width: expected an integer, found nothing"},
    {"WidthBeyondInt64", "width: 24", "width: 99999999999999999999",
     "3:8: error: width (99999999999999999999) is not between 1 and 2147483647"},
    {"WidthBeyondExtents", "width: 24", "width: 2147483648",
     "3:8: error: width (2147483648) is not between 1 and 2147483647"},
    {"WidthOddForSinusoids",
     "width: 24\nstacks:\n  encoder:\n    input: {vocab: 100, positions: {kind: learned, length: 32}",
     "width: 25\nstacks:\n  encoder:\n    input: {vocab: 100, positions: sinusoidal",
     "6:36: error: sinusoidal positions need an even width; width is 25\n"
     "10:28: error: width (25) is not a multiple of heads (4)"},
    {"WidthNoMultipleOfHeads", "heads: 4", "heads: 5", "10:28: error: width (24) is not a multiple of heads (5)"},
    {"TopKeyMisspelt", "weights: model", "wieghts: model",
     "13:1: error: the spec has no key 'wieghts'; did you mean 'weights'?"},
    {"TopKeyUnknown", "", "banana: 1\n",
     "14:1: error: the spec has no key 'banana'\n"
     "14:1: note: its keys are tenon, name, width, stacks, pooling, head, weights, tokenizer, target_tokenizer, "
     "chat_template, chat_tokens, tokens, generation, audio, text_tokens, lower_case, prompts, default_prompt, share, names"},
    {"TopKeyTwice", "", "width: 24\n",
     "14:1: error: key 'width' is given twice\n"
     "3:1: note: it is given here already"},
    {"StacksMissing", "stacks:\n  encoder:\n", "encoder:\n  x:\n",
     "1:1: error: the spec has no key 'stacks', which it needs\n"
     "4:1: error: the spec has no key 'encoder'\n"
     "4:1: note: its keys are tenon, name, width, stacks, pooling, head, weights, tokenizer, target_tokenizer, "
     "chat_template, chat_tokens, tokens, generation, audio, text_tokens, lower_case, prompts, default_prompt, share, names"},
    {"StacksSequence", "stacks:\n  encoder:", "stacks:\n  - encoder:",
     "5:3: error: stacks: expected a mapping of names to stacks, found a sequence"},
    {"StackTwice", "pooling:", "  encoder: {layers: 1}\npooling:",
     "12:3: error: key 'encoder' is given twice\n"
     "5:3: note: it is given here already"},
    {"StackNameWithDot", "  encoder:", "  a.b:",
     "5:3: error: 'a.b' does not name a stack: expected a letter or '_', then letters, digits, '_' and '-', at most "
     "200 in all"},
    {"StackNoMapping", "pooling:", "  other: 3\npooling:",
     "12:10: error: stack 'other': expected a mapping of keys to values, found '3'\n"
     "13:10: error: pooling needs 'stack' where there are several: encoder, other"},
    {"InputMissing", "    input: {vocab: 100, positions: {kind: learned, length: 32}, types: 2, norm: true}\n", "",
     "6:5: error: stack 'encoder' has no key 'input', which it needs"},
    {"InputNoMapping", "input: {vocab: 100, positions: {kind: learned, length: 32}, types: 2, norm: true}",
     "input: tokens", "6:12: error: input: expected a mapping of keys to values, found 'tokens'"},
    {"VocabMissing", "vocab: 100, ", "", "6:12: error: input has no key 'vocab', which it needs"},
    {"VocabTimesWidth", "vocab: 100", "vocab: 2147483647",
     "6:20: error: vocab x width (2147483647 x 24) is more than the 2147483647 elements that a tensor can have"},
    {"TypesTimesWidth", "types: 2", "types: 100000000",
     "6:72: error: types x width (100000000 x 24) is more than the 2147483647 elements that a tensor can have"},
    {"ScaleZero", "types: 2", "scale: 0.0", "6:72: error: scale (0) would remove the token embedding"},
    {"ScaleNoNumber", "types: 2", "scale: nan", "6:72: error: scale: expected a finite number, found 'nan'"},
    {"NormFlagNoBoolean", "norm: true}", "norm: yes}", "6:81: error: norm: expected true or false, found 'yes'"},
    {"PositionsUnknown", "positions: {kind: learned, length: 32}", "positions: sinusoid",
     "6:36: error: positions: expected one of none, learned, sinusoidal, rotary, found 'sinusoid'; did you mean "
     "'sinusoidal'?"},
    {"PositionsLearnedWithoutLength", "positions: {kind: learned, length: 32}", "positions: learned",
     "6:36: error: learned positions need a length: {kind: learned, length: 512}"},
    {"PositionsKindMissing", "kind: learned, length", "length",
     "6:36: error: positions has no key 'kind', which it needs"},
    {"PositionsKindUnknown", "kind: learned", "kind: learnt",
     "6:43: error: kind: expected one of none, learned, sinusoidal, rotary, found 'learnt'; did you mean 'learned'?"},
    {"PositionsLengthMissing", "kind: learned, length: 32", "kind: learned",
     "6:36: error: positions has no key 'length', which it needs"},
    {"PositionsLengthZero", "length: 32", "length: 0", "6:60: error: length (0) is not between 1 and 2147483647"},
    {"PositionsForeignKey", "length: 32", "length: 32, base: 3",
     "6:64: error: positions has no key 'base'\n"
     "6:64: note: its keys are kind, length, offset, pad, behind"},
    {"PositionsBaseTooSmall", "kind: learned, length: 32", "kind: rotary, base: 1.0",
     "6:57: error: base (1.0) is not above 1"},
    {"PositionsDimsOdd", "kind: learned, length: 32", "kind: rotary, dims: 3",
     "6:57: error: dims (3) is odd; components turn in pairs\n"
     "10:28: error: rotary positions turn 3 components of a head of 6; expected an even number within the head's size"},
    {"PositionsDimsBeyondHead", "kind: learned, length: 32", "kind: rotary, dims: 8",
     "10:28: error: rotary positions turn 8 components of a head of 6; expected an even number within the head's size"},
    {"PositionsHeadOdd",
     "positions: {kind: learned, length: 32}, types: 2, norm: true}\n    layers: 3\n    norm: {kind: layernorm, place: "
     "after, epsilon: 1e-12}\n    block:\n      - attention: {heads: 4}",
     "positions: rotary}\n    layers: 3\n    block:\n      - attention: {heads: 8}",
     "9:28: error: rotary positions turn 3 components of a head of 3; expected an even number within the head's size"},
    {"PositionsTimesWidth", "length: 32", "length: 2147483647",
     "6:36: error: positions x width (2147483647 x 24) is more than the 2147483647 elements that a tensor can have"},
    {"PositionsPadWithoutARow", "length: 32", "length: 32, pad: 1",
     "6:69: error: pad needs an offset of at least 1: a pad token has the row before that of position 0"},
    {"PositionsPadOfFeatures",
     "vocab: 100, positions: {kind: learned, length: 32}, types: 2",
     "features: 24, positions: {kind: learned, length: 32, offset: 1, pad: 0}",
     "6:82: error: pad is a token's id; stack 'encoder' reads features"},
    {"PositionsPadOfACache",
     "length: 32}, types: 2, norm: true}\n    layers: 3\n    norm: {kind: layernorm, place: after, epsilon: 1e-12}\n    "
     "block:\n      - attention: {heads: 4}",
     "length: 32, offset: 2, pad: 1}}\n    cache: true\n    layers: 3\n    block:\n      - attention: {heads: 4, mask: "
     "causal}",
     "6:80: error: stack 'encoder' keeps a cache; positions skip pad tokens where a text is read as a whole"},
    {"PositionsAndOffset", "length: 32", "length: 50000000, offset: 50000000",
     "6:36: error: positions x width (100000000 x 24) is more than the 2147483647 elements that a tensor can have"},
    {"LayersMissing", "    layers: 3\n", "", "6:5: error: stack 'encoder' has no key 'layers', which it needs"},
    {"LayersTooMany", "layers: 3", "layers: 10000", "7:13: error: layers (10000) is not between 1 and 9999"},
    {"StackKeyMisspelt", "layers: 3", "layer: 3",
     "6:5: error: stack 'encoder' has no key 'layers', which it needs\n"
     "7:5: error: stack 'encoder' has no key 'layer'; did you mean 'layers'?"},
    {"NormKindUnknown", "kind: layernorm", "kind: layer_norm",
     "8:18: error: kind: expected one of layernorm, rmsnorm, found 'layer_norm'; did you mean 'layernorm'?"},
    {"NormPlaceUnknown", "place: after", "place: post",
     "8:36: error: place: expected one of before, after, both, found 'post'"},
    {"NormEpsilonNegative", "epsilon: 1e-12", "epsilon: -1", "8:52: error: epsilon (-1) is not at least 0 and below 1"},
    {"NormEpsilonWord", "epsilon: 1e-12", "epsilon: small",
     "8:52: error: epsilon: expected a finite number, found 'small'"},
    {"NormBiasOfRms", "kind: layernorm, place: after, epsilon: 1e-12", "kind: rmsnorm, bias: true",
     "8:33: error: rmsnorm has no bias; only layernorm has one"},
    {"NormFinalAfter", "epsilon: 1e-12", "final: true",
     "8:50: error: 'final' belongs to 'place: before'; with 'place: after' the last sublayer ends with a norm anyway"},
    {"NormKeyMisspelt", "epsilon: 1e-12", "eps: 1e-12", "8:43: error: norm has no key 'eps'; did you mean 'epsilon'?"},
    {"BlockMissing", "    block:\n      - attention: {heads: 4}\n      - mlp: {hidden: 48, activation: gelu}\n", "",
     "6:5: error: stack 'encoder' has no key 'block', which it needs"},
    {"BlockEmpty", "block:\n      - attention: {heads: 4}\n      - mlp: {hidden: 48, activation: gelu}\n",
     "block: []\n", "9:12: error: block: expected a sequence of sublayers, found an empty one"},
    {"BlockMapping", "block:\n      - attention: {heads: 4}\n      - mlp: {hidden: 48, activation: gelu}\n",
     "block: {attention: {heads: 4}}\n", "9:12: error: block: expected a sequence of sublayers, found a mapping"},
    {"SublayerNameTwice", "- mlp: {hidden: 48, activation: gelu}", "- attention: {heads: 2}",
     "11:9: error: a second sublayer named 'attention' in one block; give each a name of its own with 'name'"},
    {"SublayerNameWithDot", "heads: 4", "heads: 4, name: a.b",
     "10:37: error: name ('a.b'): expected a letter or '_', then letters, digits, '_' and '-', at most 200 in all"},
    {"HeadsMissing", "heads: 4", "head_size: 6", "10:20: error: attention has no key 'heads', which it needs"},
    {"HeadsMisspelt", "heads: 4", "hedas: 4",
     "10:20: error: attention has no key 'heads', which it needs\n"
     "10:21: error: attention has no key 'hedas'; did you mean 'heads'?"},
    {"HeadsZero", "heads: 4", "heads: 0", "10:28: error: heads (0) is not between 1 and 2147483647"},
    {"KeyValueHeads", "heads: 4", "heads: 4, kv_heads: 3", "10:41: error: heads (4) is not a multiple of kv_heads (3)"},
    {"HeadSizeTimesHeads", "heads: 4", "heads: 4, head_size: 99999999",
     "10:42: error: heads x head_size x width (4 x 99999999 x 24) is more than the 2147483647 elements that a tensor "
     "can have"},
    {"AttentionScale", "heads: 4", "heads: 4, scale: -1", "10:38: error: scale (-1) is not above 0"},
    {"FromItself", "heads: 4", "heads: 4, from: encoder",
     "10:37: error: 'from: encoder' is the stack itself; an attention without 'from' attends to its own stack, and one "
     "with 'merge: joint' to both"},
    {"HiddenMissing", "hidden: 48, ", "", "11:14: error: mlp has no key 'hidden', which it needs"},
    {"HiddenTimesWidth", "hidden: 48", "hidden: 2147483647",
     "11:23: error: hidden x width (2147483647 x 24) is more than the 2147483647 elements that a tensor can have"},
    {"ActivationUnknown", "activation: gelu", "activation: mish",
     "11:39: error: activation: expected one of gelu, gelu_tanh, relu, silu, relu_squared, quick_gelu, tanh, sigmoid, "
     "found 'mish'"},
    {"GatedNoBoolean", "activation: gelu", "gated: 1", "11:34: error: gated: expected true or false, found '1'"},
    {"PoolingStackUnknown", "pooling: {", "pooling: {stack: encodre, ",
     "12:18: error: stack: expected one of encoder, found 'encodre'; did you mean 'encoder'?"},
    {"PoolingKindMissing", "pooling: {kind: mean, ", "pooling: {",
     "12:10: error: pooling has no key 'kind', which it needs"},
    {"PoolingKindUnknown", "kind: mean", "kind: median",
     "12:17: error: kind: expected one of mean, cls, max, mean_sqrt, weighted_mean, last, found 'median'; did you mean "
     "'mean'?"},
    {"PoolingKindNone", "kind: mean", "kind: []", "12:17: error: kind: expected 1 to 16 kinds, found 0"},
    {"PoolingSizeTooLarge", "normalize: true", "layers: [dense: {size: 8}], size: 9",
     "12:57: error: size (9) is above the 8 components that there are"},
    {"PoolingLayerUnknown", "normalize: true", "layers: [lstm: {size: 8}]",
     "12:32: error: pooling layer: expected one of dense, norm, found 'lstm'"},
    {"PoolingLayersNoSequence", "normalize: true", "layers: dense",
     "12:31: error: layers: expected a sequence of at most 16 layers, each one of dense, norm, normalize, found "
     "'dense'"},
    {"DenseWithoutSize", "normalize: true", "layers: [dense: {bias: false}]",
     "12:39: error: dense has no key 'size', which it needs"},
    {"PromptsOfACache", "{heads: 4}\n      - mlp: {hidden: 48, activation: gelu}\npooling: {kind: mean, normalize: true}",
     "{heads: 4, mask: causal}\n      - mlp: {hidden: 48}\npooling: {kind: mean, prompt: false}\nhead: {tied: true}",
     "12:10: error: 'prompt: false' is for a stack that reads texts as a whole; 'encoder' goes on token by token"},
    {"PromptsNoMapping", "", "prompts: [a]\n",
     "14:10: error: prompts: expected a mapping of at most 1000 names to texts, found a sequence"},
    {"PromptWithoutAName", "", "prompts: {\"\": a}\n",
     "14:11: error: prompts: a prompt has a name of at least one character"},
    {"ChatTokensAlone", "", "chat_tokens: {}\n", "14:14: error: 'chat_tokens' needs 'chat_template', which reads them"},
    {"ChatTokensNoMapping", "", "chat_template: a\nchat_tokens: [b]\n",
     "15:14: error: chat_tokens: expected a mapping of at most 256 names to tokens, found a sequence"},
    {"DefaultPromptUnknown", "", "prompts: {query: a}\ndefault_prompt: qury\n",
     "15:17: error: default_prompt: expected one of query, found 'qury'; did you mean 'query'?"},
    {"DefaultPromptAlone", "", "default_prompt: query\n",
     "14:17: error: 'default_prompt' names one of 'prompts', of which there are none"},
    {"PoolingAmbiguous", "pooling:", "  b: {input: {vocab: 2}, layers: 1, block: [mlp: {hidden: 2}]}\npooling:",
     "13:10: error: pooling needs 'stack' where there are several: encoder, b"},
    {"WeightsAbsolute", "model.safetensors", "/etc/passwd",
     "13:10: error: weights ('/etc/passwd'): the path is absolute; it must be relative to the directory of the file "
     "that names it"},
    {"WeightsAbove", "model.safetensors", "../model.safetensors",
     "13:10: error: weights ('../model.safetensors'): the path has the part '..'; only names below the directory of "
     "the file are allowed"},
    {"TokenizerAbove", "", "tokenizer: a/../../b\n",
     "14:12: error: tokenizer ('a/../../b'): the path has the part '..'; only names below the directory of the file "
     "are allowed"},
    {"TextTokensZero", "", "text_tokens: 0\n", "14:14: error: text_tokens (0) is not between 1 and 2147483647"},
    {"WeightsSequence", "weights: model.safetensors", "weights: [a, b]",
     "13:10: error: weights: expected a string, found a sequence"},
    {"NamesSequence", "", "names: [a]\n",
     "14:8: error: names: expected a mapping of parameters to tensors, found a sequence"},
    {"NamesUnknownParameter", "", "names: {encoder.input.token.weight: a}\n",
     "14:9: error: the model has no parameter 'encoder.input.token.weight'; did you mean "
     "'encoder.input.tokens.weight'?"},
    {"NamesWithTwoStars", "", "names: {encoder.layers.*.mlp.up.bias: a.*.*}\n",
     "14:39: error: tensor 'a.*.*': expected at most one '*', for the layer"},
    {"NamesWithStar", "", "names: {encoder.input.tokens.weight: a.*}\n",
     "14:38: error: tensor 'a.*': expected no '*', because no layer has it"},
    {"NamesNoString", "", "names: {encoder.input.tokens.weight: }\n",
     "14:9: error: tensor of 'encoder.input.tokens.weight': expected a string, found nothing"},
    {"SyntaxUnclosed", "pooling: {kind: mean, normalize: true}", "pooling: {kind: mean",
     "13:8: error: not valid YAML: unexpected token. Expected Key, Flow Entry, or Flow Mapping End"},
    {"SyntaxTab", "    layers: 3", "\tlayers: 3",
     "7:8: error: not valid YAML: unexpected token. Expected Key or Block End"},
    {"Tag", "width: 24", "width: !!int 24",
     "3:8: error: tags have no meaning in a spec: write the value without '!!int'"},
    {"SecondDocument", "", "---\ntenon: 1\n", "15:1: error: a second document; a spec is one"},
    {"KeyNoWord", "", "? [a, b]\n: 1\n", "14:3: error: expected a key that is a plain word"},
};

INSTANTIATE_TEST_SUITE_P(SpecErrors, SpecMistake, testing::ValuesIn(mistakes),
                         [](const testing::TestParamInfo<Mistake> &info) { return std::string(info.param.name); });

static std::string wholeFile(const std::string &text) { return messagesOf(text); }

TEST(SpecFile, IsNotEmpty) {
  EXPECT_EQ(wholeFile(""), "1:1: error: the file is empty, expected a mapping of keys to values");
  EXPECT_EQ(wholeFile(" \n\n"), "1:1: error: the file is empty, expected a mapping of keys to values");
}

TEST(SpecFile, IsUtf8WithoutNul) {
  EXPECT_EQ(wholeFile("tenon: 1\nname: \xff\n"), "2:7: error: not UTF-8: byte 0xFF at offset 15");
  EXPECT_EQ(wholeFile(std::string("tenon: 1\nname: a\0b\n", 19)), "2:8: error: a NUL byte at offset 16");
}

TEST(SpecFile, HasAtMostAMegabyte) {
  EXPECT_EQ(wholeFile(std::string((1 << 20) + 1, '#')),
            "1:1: error: the file has 1048577 bytes; a spec has at most 1048576");
}

TEST(SpecFile, IsAMapping) {
  EXPECT_EQ(wholeFile("- tenon\n"), "1:1: error: the spec: expected a mapping of keys to values, found a sequence");
  EXPECT_EQ(wholeFile("tenon\n"), "1:1: error: the spec: expected a mapping of keys to values, found 'tenon'");
}

TEST(SpecFile, NestsToABoundedDepth) {
  // Far deeper than any stack would bear.
  for (const char *opening : {"[", "- ", "? ", "{a: ", "[{a: "}) {
    std::string text;
    while (text.size() < 1000000)
      text += opening;
    EXPECT_NE(wholeFile(text).find("nested deeper than 32 levels"), std::string::npos) << opening;
  }
}

TEST(SpecFile, RefusesAliasesBeforeTheyMultiply) {
  std::string text = "a: &a [x, x]\n";
  for (char name = 'b'; name <= 'z'; ++name)
    text += std::string(1, name) + ": &" + name + " [*" + char(name - 1) + ", *" + char(name - 1) + "]\n";
  EXPECT_EQ(wholeFile(text), "1:4: error: anchors and aliases have no meaning in a spec: write the value out");
  EXPECT_EQ(wholeFile("a: *a\n"), "1:4: error: anchors and aliases have no meaning in a spec: write the value out");
}

TEST(SpecFile, LongLinesAreNotShown) {
  std::string error = errorOf("tenon: 1\n" + std::string(900, 'k') + ": 1\n");
  EXPECT_LT(error.size(), 1500u);
  EXPECT_NE(error.find("model.yaml:2:1: error: the spec has no key 'kkk"), std::string::npos) << error;
}

TEST(SpecPath, StaysBelowTheDirectory) {
  using tenon::spec::whyUnsafePath;
  EXPECT_EQ(whyUnsafePath("model.safetensors"), "");
  EXPECT_EQ(whyUnsafePath("a/b..c/.d"), "");
  for (const char *path : {"", "/etc/passwd", "../x", "a/../x", "a/..", "./x", "a//b", "a/", "a\\b"})
    EXPECT_NE(whyUnsafePath(path), "") << path;
  EXPECT_NE(whyUnsafePath(llvm::StringRef("a\0b", 3)), "");
}
