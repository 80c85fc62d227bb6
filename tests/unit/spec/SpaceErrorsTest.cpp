//===- SpaceErrorsTest.cpp - Stacks that do not fit to each other ---------===//

#include "spec/Corners.h"
#include <fstream>
#include <sstream>

using namespace tenon::test;

namespace {

struct Mistake {
  const char *name;
  const char *corner;
  const char *from;
  const char *to;
  const char *message; ///< The first error with its notes.
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

class SpaceMistake : public testing::TestWithParam<Mistake> {};

} // namespace

TEST_P(SpaceMistake, IsReported) {
  const Mistake &mistake = GetParam();
  EXPECT_EQ(firstError(changed(corner(mistake.corner), mistake.from, mistake.to)), mistake.message);
}

static const Mistake mistakes[] = {
    // What an attention says by itself.
    {"SourceWithoutFrom", "gpt", "heads: 4", "heads: 4, source: final",
     "error: 'source' says which state of the stacks in 'from' is read; this attention has no 'from'"},
    {"MergeWithoutFrom", "gpt", "heads: 4", "heads: 4, merge: joint",
     "error: 'merge' says how the keys of the stacks in 'from' meet the own; this attention has no 'from'"},
    {"MergeUnknown", "joint", "merge: joint", "merge: join",
     "error: merge: expected one of cross, joint, found 'join'; did you mean 'joint'?"},
    {"FromNothing", "joint", "from: encoder", "from: []", "error: from: expected 1 to 8 stacks, found 0"},
    {"FromNine", "joint", "from: encoder", "from: [a, b, c, d, e, f, g, h, i]",
     "error: from: expected 1 to 8 stacks, found 9"},
    {"FromTwice", "joint", "from: encoder", "from: [encoder, {stack: encoder}]",
     "error: stack 'encoder' is in 'from' twice; its keys are one segment\nnote: it is given here already"},
    {"FromElementWithoutStack", "joint", "from: encoder", "from: [{source: final}]",
     "error: an element of 'from' has no key 'stack', which it needs"},
    {"FromElementKey", "joint", "from: encoder", "from: [{stack: encoder, merge: joint}]",
     "error: an element of 'from' has no key 'merge'\nnote: its keys are stack, source"},
    {"FromNumber", "joint", "from: encoder", "from: [[encoder]]", "error: from: expected a string, found a sequence"},
    {"SourceUnknown", "same-layer", "source: same-layer", "source: same",
     "error: source: expected one of final, same-layer, found 'same'; did you mean 'same-layer'?\n"
     "note: or {layers: [...]}: for each layer the one of the source that is read"},
    {"SourceKey", "same-layer", "source: same-layer", "source: {layer: [0, 1]}",
     "error: source has no key 'layers', which it needs"},
    {"SourceLayersNoList", "same-layer", "source: same-layer", "source: {layers: 1}",
     "error: layers: expected a sequence of at most 9999 layers of the source, found '1'"},
    {"SourceLayersNegative", "same-layer", "source: same-layer", "source: {layers: [0, -1]}",
     "error: layer (-1) is not between 0 and 9998"},
    // What the depth of two stacks has to do with each other.
    {"SameLayerOfAnotherDepth", "same-layer", "layers: 2", "layers: 3",
     "error: 'source: same-layer' is for stacks of one depth; 'decoder' has 2 layers, 'encoder' 3: write {layers: "
     "[...]} with 2 numbers from 0 to 2\nnote: the layers of 'encoder'"},
    {"LayersForEach", "same-layer", "source: same-layer", "source: {layers: [0, 1, 1]}",
     "error: layers: 3 numbers; 'decoder' has 2 layers, and reads one of 'encoder' in each\n"
     "note: the layers of 'decoder'"},
    {"LayersThatAreNot", "same-layer", "source: same-layer", "source: {layers: [0, 2]}",
     "error: layers: there is no layer 2 of 'encoder', which has 2 layers: expected {layers: [...]} with 2 numbers "
     "from 0 to 1\nnote: the layers of 'encoder'"},
    // Names and circles.
    {"FromUnknown", "joint", "from: encoder", "from: [encodr]",
     "error: from: expected one of encoder, decoder, found 'encodr'; did you mean 'encoder'?"},
    {"JointWithItself", "joint", "from: encoder", "from: [encoder, decoder]",
     "error: 'from: decoder' is the stack itself; an attention without 'from' attends to its own stack, and one with "
     "'merge: joint' to both"},
    {"CircleOfThree", "two-sources",
     "  encoder:\n    input: {vocab: 64, positions: sinusoidal}\n    layers: 3\n    norm: "
     "{kind: rmsnorm, place: before}\n    block:\n",
     "  encoder:\n    input: {vocab: 64, positions: sinusoidal}\n    layers: 3\n    norm: "
     "{kind: rmsnorm, place: before}\n    block:\n      - attention: {heads: 4, from: decoder, name: back}\n",
     "error: stacks 'encoder', 'decoder' take states from each other in a circle; what a stack takes is there before "
     "it runs\nnote: 'encoder' takes from 'decoder' here"},
    {"CircleThroughParts", "concat", "attention: {heads: 4}", "attention: {heads: 4, from: both, merge: joint}",
     "error: stacks 'encoder', 'both' take states from each other in a circle; what a stack takes is there before it "
     "runs\nnote: 'encoder' takes from 'both' here"},
    // Inputs that are other stacks.
    {"ConcatOfOne", "concat", "concat: [encoder, decoder]", "concat: [decoder]",
     "error: concat: expected a sequence of 2 to 8 stacks, found one of 1"},
    {"ConcatWord", "concat", "concat: [encoder, decoder]", "concat: decoder",
     "error: concat: expected a sequence of 2 to 8 stacks, found 'decoder'"},
    {"ConcatUnknown", "concat", "concat: [encoder, decoder]", "concat: [encoder, decodr]",
     "error: concat: expected one of encoder, decoder, both, found 'decodr'; did you mean 'decoder'?"},
    {"ConcatItself", "concat", "concat: [encoder, decoder]", "concat: [encoder, both]",
     "error: 'concat: both' is the stack itself; an input is made of other stacks' rows"},
    {"ConcatTwice", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder, encoder]",
     "error: stack 'encoder' is in 'concat' twice; its rows are one part\nnote: it is given here already"},
    {"ConcatOfAnotherWidth", "concat", "  encoder:\n", "  encoder:\n    width: 24\n",
     "error: the rows of 'encoder' have 24 components and those of 'both' 32; the parts of an input are as wide as its "
     "stack\nnote: the width of 'encoder'"},
    {"ConcatIntoAnotherWidth", "concat", "  both:\n", "  both:\n    width: 24\n",
     "error: the rows of 'encoder' have 32 components and those of 'both' 24; the parts of an input are as wide as its "
     "stack\nnote: the width of 'encoder'"},
    {"ConcatAndVocabulary", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder], vocab: 5",
     "error: 'concat' excludes 'vocab' and 'features': a stack reads the rows of others, or an input of its own"},
    {"ConcatTypes", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder], types: 2",
     "error: 'types' belongs to an input of tokens; this one reads the rows of other stacks"},
    {"ConcatFirst", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder], first: zeros",
     "error: 'first' belongs to an input of tokens; this one reads the rows of other stacks"},
    {"ConcatConvolutions", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder], convolutions: []",
     "error: 'convolutions' belongs to an input of features; this one reads the rows of other stacks"},
    {"ConcatScale", "concat", "concat: [encoder, decoder]", "concat: [encoder, decoder], scale: 0",
     "error: scale (0) would remove the rows of the parts"},
    {"ConcatWithPad", "concat", "positions: {kind: rotary, length: 128}",
     "positions: {kind: learned, length: 128, offset: 1, pad: 0}",
     "error: pad is a token's id; stack 'both' reads the rows of other stacks"},
    {"ConcatWithFrom", "concat", "mask: {prefix: encoder}", "from: encoder",
     "error: 'from' in a stack whose input is other stacks: its keys are the rows of all parts; make 'encoder' a part\n"
     "note: the input of 'both'"},
    {"ConcatOfMoreRows", "concat", "length: 128", "length: 127",
     "error: positions: length (127) is below the 128 rows that the parts may have together\n"
     "note: 'encoder' has up to 64\nnote: 'decoder' has up to 64"},
    {"ConcatWithoutLimit", "concat", "  encoder:\n    input: {vocab: 64, positions: {kind: rotary, length: 64}}",
     "  encoder:\n    input: {vocab: 64}",
     "error: positions: there are 128 of the whole, but the rows of 'encoder' have no limit; write 'positions: {kind: "
     "none, length: n}' there\nnote: 'encoder' has any number"},
    {"ConcatRecurrence", "concat", "attention: {heads: 4, mask: {prefix: encoder}}", "ssru: {}",
     "error: an ssru goes through one stack's rows in their order; the rows of 'both' are those of other stacks\n"
     "note: the first of them"},
    // Positions behind others.
    {"BehindNoSource", "joint", "behind: encoder", "behind: decoder",
     "error: 'behind: decoder' names no stack that an attention of 'decoder' takes keys from, which are encoder"},
    {"BehindWithoutSource", "gpt", "length: 64", "length: 64, behind: encoder",
     "error: 'behind: encoder' names no stack that an attention of 'decoder' takes keys from, of which there are none"},
    {"BehindInConcat", "concat", "length: 128", "length: 128, behind: encoder",
     "error: 'behind' is for rows of a stack's own; those of 'concat' count the rows of all parts from 0 on"},
    {"BehindAndPad", "joint", "{kind: rotary, length: 64, behind: encoder}",
     "{kind: learned, length: 64, offset: 2, pad: 1, behind: encoder}",
     "error: 'behind' excludes 'pad': the rows of another stack and tokens of one id are two ways to count"},
    {"BehindAndFirst", "joint", "behind: encoder}", "behind: encoder}, first: zeros",
     "error: 'behind' excludes 'first: zeros', which is for the token at position 0"},
    // Keys that turn.
    {"KeysBeyondTheReadersPositions", "joint", "{kind: rotary, length: 64}", "{kind: learned, length: 65}",
     "error: the keys of 'encoder' turn at its positions, which are 65, and 'decoder' has angles for 64; expected a "
     "'length' of at least 65\nnote: the positions of 'encoder'\nnote: the positions of 'decoder'"},
    {"KeysWithoutLimit", "joint", "vocab: 64, positions: {kind: rotary, length: 64}", "vocab: 64",
     "error: the keys of 'encoder' turn at its positions, which have no limit; write 'positions: {kind: none, length: "
     "n}' there, n at most 64\nnote: the positions of 'encoder'\nnote: the positions of 'decoder'"},
    // Masks.
    {"PrefixOfNoPart", "concat", "{prefix: encoder}", "{prefix: decoder}",
     "error: prefix: expected one of encoder, found 'decoder'; did you mean 'encoder'?"},
    {"PrefixOfNoStack", "gpt", "mask: causal", "mask: {prefix: encoder}",
     "error: prefix: 'encoder' is no number; a stack's name is for a stack whose input is other stacks, or for an "
     "attention with 'merge: joint'"},
    {"PrefixOfCross", "encoder-decoder", "from: encoder, heads: 4", "from: encoder, heads: 4, mask: {prefix: encoder}",
     "error: prefix: 'encoder' is no number; a stack's name is for a stack whose input is other stacks, or for an "
     "attention with 'merge: joint'"},
    {"PrefixOfNoSource", "joint", "mask: causal", "mask: {prefix: decoder}",
     "error: prefix: expected one of encoder, found 'decoder'; did you mean 'encoder'?"},
    {"EarlierRowsSeeLaterOnes", "concat", "{prefix: encoder}", "\"query_segment == 0 || k <= q\"",
     "error: mask: a row of 'encoder', which is there before the first of 'decoder', may see it; write 'causal', or "
     "{prefix: encoder}\nnote: 'decoder' goes on token by token with 'both'"},
    // Which stacks go on token by token.
    {"SourceThatGrows", "turned", "stack: decoder", "stack: encoder",
     "error: stack 'encoder' goes on token by token, because it has the head; keys and values come from a stack that "
     "reads its input as a whole\nnote: the head"},
    {"SourceWithCache", "turned", "  encoder:\n", "  encoder:\n    cache: true\n",
     "error: stack 'encoder' goes on token by token, because it has 'cache: true'; keys and values come from a stack "
     "that reads its input as a whole\nnote: the cache"},
    {"SourceThatIsAPart", "concat", "attention: {heads: 4}", "attention: {heads: 4, from: decoder}",
     "error: stack 'decoder' goes on token by token, because it is the last part of 'both', which does; keys and "
     "values come from a stack that reads its input as a whole\nnote: the part"},
    {"EarlierPartThatGrows", "concat",
     "  encoder:\n    input: {vocab: 64, positions: {kind: rotary, length: 64}}\n    "
     "layers: 2\n    norm: {kind: rmsnorm, place: before}\n    block:\n      - "
     "attention: {heads: 4}\n",
     "  encoder:\n    input: {vocab: 64, positions: {kind: rotary, length: 64}}\n    cache: true\n    "
     "layers: 2\n    norm: {kind: rmsnorm, place: before}\n    block:\n      - attention: {heads: 4, mask: causal}\n",
     "error: stack 'encoder' goes on token by token, because it has 'cache: true'; only the last part of an input "
     "can\nnote: the cache"},
    {"LastPartThatSeesLaterKeys", "concat", "heads: 4, mask: causal", "heads: 4",
     "error: stack 'both' goes on token by token, because it has the head, and its last part with it; an attention of "
     "'decoder' lets a query see later keys: write 'mask: causal'\nnote: the head"},
    {"HeadOfAPart", "concat", "stack: both", "stack: decoder",
     "error: stack 'decoder' goes on token by token, because it has the head; so has 'both' to, with the head or "
     "'cache: true'\nnote: the head"},
    {"HeadOfAPartOfACache", "concat",
     "    layers: 2\n    norm: {kind: rmsnorm, place: before}\n    block:\n      - "
     "attention: {heads: 4, mask: {prefix: encoder}}\n      - mlp: {hidden: 64, "
     "activation: relu}\nshare:\n  - \"decoder.input.tokens = "
     "encoder.input.tokens\"\nhead: {stack: both",
     "    layers: 2\n    cache: true\n    block:\n      - attention: {heads: 4, mask: causal}\nhead: {stack: decoder",
     "error: head: stack 'decoder' goes on token by token as the last part of 'both'; write 'stack: both'\n"
     "note: the part"},
    {"PoolingOfAPart", "concat", "head: {", "pooling: {stack: decoder, kind: mean}\nhead: {",
     "error: pooling: stack 'decoder' goes on token by token as the last part of 'both'; write 'stack: both'\n"
     "note: the part"},
    {"CacheOfAStackThatSeesAll", "joint", "  encoder:\n", "  encoder:\n    cache: true\n",
     "error: 'cache: true' is for a stack that goes on token by token; an attention of 'encoder' lets a query see "
     "later "
     "keys: write 'mask: causal'"},
    {"TwoThatGrow", "gpt", "head: {tied: true}",
     "  other:\n    input: {vocab: 4}\n    cache: true\n    layers: 1\n    "
     "block: [attention: {heads: 4, mask: causal}]\nhead: {stack: decoder}",
     "error: stack 'other' goes on token by token, because it has 'cache: true', and so does 'decoder'; a model has "
     "one such stack, or one and its last part\nnote: the head"},
};

INSTANTIATE_TEST_SUITE_P(SpaceSpec, SpaceMistake, testing::ValuesIn(mistakes),
                         [](const testing::TestParamInfo<Mistake> &info) { return std::string(info.param.name); });

TEST(SpaceErrors, PrefixesOfStacksThatHaveNone) {
  std::string one = corner("prefix-lm-one");
  EXPECT_EQ(
      firstError(changed(one, "prefix: encoder", "prefix: decoder")),
      "error: 'prefix: decoder' has the name of a stack; it names tokens that 'decoder' reads itself, and another "
      "stack's states are read with 'from'\nnote: the stack");
  EXPECT_EQ(
      firstError(changed(one, "prefix: encoder", "prefix: 7")),
      "error: prefix: '7' does not name a source: expected a letter or '_', then letters, digits, '_' and '-', at "
      "most 200 in all");
  EXPECT_EQ(
      firstError(changed(one, "mask: causal", "mask: none")),
      "error: 'prefix' is for a stack that goes on token by token; 'decoder' has neither the head nor 'cache: true', "
      "or lets a query see later keys");
  EXPECT_EQ(firstError(changed(one, "    prefix: encoder\n", "")),
            "error: prefix_mask: stack 'decoder' has no prefix whose rows it could be for: write 'prefix: NAME'");
  EXPECT_EQ(
      firstError(changed(one, "vocab: 64", "vocab: 64, types: 2")),
      "error: prefix_mask: a prefix with masks of its own is tokens alone; the input of 'decoder' has types too\n"
      "note: the input");
  EXPECT_EQ(
      firstError(changed(one, "prefix_mask: none", "prefix_mask: {prefix: decoder}")),
      "error: prefix: 'decoder' is no number; a stack's name is for a stack whose input is other stacks, or for an "
      "attention with 'merge: joint'");
  EXPECT_EQ(
      firstError(changed(corner("joint"),
                         "layers: 2\n    norm: {kind: rmsnorm, place: before}\n    block:\n      - "
                         "attention: {from",
                         "layers: 2\n    norm: {kind: rmsnorm, place: before}\n    prefix: notes\n    block:\n      - "
                         "attention: {from")),
      "error: a stack with a prefix has no other source; 'decoder' takes keys from 'encoder' too\nnote: which it does "
      "here");
  EXPECT_EQ(
      firstError(changed(corner("concat"), "input: {concat", "prefix: notes\n    input: {concat")),
      "error: 'prefix' is for a stack that goes on by itself; what 'both' reads is joined with other stacks' rows, "
      "which come before\nnote: the input");
}

TEST(SpaceErrors, TheDocumentationShowsWhatCollides) {
  std::ostringstream page;
  page << std::ifstream(TENON_DOCS "/spec.md").rdbuf();
  std::string error = errorOf(changed(corner("same-layer"), "layers: 2", "layers: 3"));
  EXPECT_NE(page.str().find("```\n" + error + "\n```"), std::string::npos) << error;
}

TEST(SpaceErrors, GrowingFeatures) {
  std::string text = "tenon: 1\nname: x\nwidth: 8\nstacks:\n  ears:\n    input: {features: 8}\n    cache: true\n"
                     "    layers: 1\n    block: [mlp: {hidden: 3}]\n";
  EXPECT_EQ(firstError(text), "error: stack 'ears' goes on token by token, because it has 'cache: true'; features are "
                              "all there at once\nnote: the cache");
}

TEST(SpaceErrors, BlocksOfACycleHaveOneSource) {
  std::string text = changed(corner("encoder-decoder"),
                             "    block:\n      - attention: {heads: 4, mask: causal}\n      - attention: {from: "
                             "encoder, heads: 4, name: cross}\n      - mlp: {hidden: 64, activation: relu}\n",
                             "    cycle:\n      - - attention: {heads: 4, from: encoder}\n      - - attention: "
                             "{heads: 4, mask: causal}\n");
  EXPECT_EQ(firstError(text),
            "error: attention 'attention' has another 'from', 'source' or 'merge' than in the cycle's "
            "block 0; give it another name there");
}

TEST(SpaceErrors, EveryBlockOfACycleIsSomeLayers) {
  std::string text = "tenon: 1\nname: x\nwidth: 8\nstacks:\n  e:\n    input: {vocab: 2}\n    layers: 2\n    cycle:\n"
                     "      - [mlp: {hidden: 2}]\n      - [mlp: {hidden: 2}]\n      - [mlp: {hidden: 2}]\n";
  EXPECT_EQ(firstError(text), "error: cycle: block 2 of 3 is no layer's, of which there are 2\nnote: the layers");
}

TEST(SpaceErrors, WhatGrowsKeepsSomething) {
  std::string gpt = changed(corner("gpt"), "      - attention: {heads: 4, mask: causal}\n", "");
  EXPECT_EQ(firstError(gpt), "error: stack 'decoder' goes on token by token, because it has the head, but keeps nothing "
                             "of its rows; expected a sublayer that does, an attention for example\nnote: the head");
  EXPECT_EQ(messagesOf(changed(gpt, "      - mlp:", "      - ssru: {}\n      - mlp:")), "");
  // The whole is what keeps the rows of its parts, so that the last of them need not.
  EXPECT_EQ(firstError(changed(corner("concat"), "      - attention: {heads: 4, mask: {prefix: encoder}}\n", "")),
            "error: stack 'both' goes on token by token, because it has the head, but keeps nothing of its rows; "
            "expected a sublayer that does, an attention for example\nnote: the head");
  EXPECT_EQ(messagesOf(changed(corner("concat"), "      - attention: {heads: 4, mask: causal}\n", "")), "");
}

TEST(SpaceErrors, StacksAreBounded) {
  std::string text = "tenon: 1\nname: x\nwidth: 8\nstacks:\n";
  for (int i = 0; i < 65; ++i)
    text += "  s" + std::to_string(i) + ": {input: {vocab: 2}, layers: 1, block: [mlp: {hidden: 2}]}\n";
  EXPECT_EQ(firstError(text), "error: stacks: 65 stacks; a model has at most 64");
}

TEST(SpaceErrors, ManyUnknownNamesAreRefusedSoon) {
  std::string longName(199, 'a'), text = "tenon: 1\nname: x\nwidth: 8\nstacks:\n";
  for (int i = 0; i < 60; ++i)
    text += "  s" + std::to_string(i) + longName.substr(0, 190) +
            ": {input: {vocab: 2}, layers: 1, block: [mlp: {hidden: 2}]}\n";
  text += "  last:\n    input: {vocab: 2}\n    layers: 1\n    block:\n";
  for (int i = 0; i < 60; ++i) {
    text += "      - attention: {heads: 1, name: a" + std::to_string(i) + ", from: [";
    for (char c = 'a'; c < 'i'; ++c)
      text += std::string(c > 'a' ? ", " : "") + c + longName;
    text += "]}\n";
  }
  EXPECT_NE(messagesOf(text).find("from: expected one of s0"), std::string::npos);
}
