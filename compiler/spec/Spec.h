//===- Spec.h - The description of a model ----------------------*- C++ -*-===//
//
// An architecture as data: stacks of blocks of sublayers. The YAML form is documented in docs/spec.md.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SPEC_SPEC_H
#define TENON_SPEC_SPEC_H

#include "spec/Generation.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tenon::spec {

enum class NormKind { LayerNorm, RMSNorm };

/// Where a sublayer's norm stands: before its projections (pre-norm), after its residual sum (post-norm), or before its
/// projections and once more on its result, before the residual sum (`both`: x + after(f(before(x)))).
enum class NormPlace { Before, After, Both };

struct Norm {
  NormKind kind = NormKind::LayerNorm;
  NormPlace place = NormPlace::After;
  double epsilon = 1e-5;
  bool bias = true;        ///< LayerNorm only: whether it has an additive parameter.
  bool final = true;       ///< `place: before` and `both`: whether the stack ends with one more norm.
  double weightOffset = 0; ///< Added to the weight: Gemma's factor is 1 + weight.
};

/// How the angles of rotary positions stretch beyond the length that was trained first.
enum class ScalingKind { None, Linear, DynamicNtk, Llama3, Yarn };

struct RotaryScaling {
  ScalingKind kind = ScalingKind::None;
  double factor = 1.0;
  int64_t originalLength = 0;       ///< DynamicNtk, Llama3 and Yarn: tokens of the longest input in the first training.
  double lowFrequencyFactor = 1.0;  ///< Llama3.
  double highFrequencyFactor = 4.0; ///< Llama3.
  double betaFast = 32.0;           ///< Yarn: turns in `originalLength` above which a pair keeps its angle.
  double betaSlow = 1.0;            ///< Yarn: turns below which it is divided by `factor`.
  double attentionFactor = 1.0; ///< Yarn: factor on cosines and sines; 0.1 ln(factor) + 1 where the spec does not say.
  bool truncate = true;         ///< Yarn: whether the bounds of the ramp between them are rounded to whole pairs.
};

/// Rotary positions of one kind of sublayer.
struct Rotary {
  double base = 10000.0;
  int64_t dims = 0; ///< How many leading components of a head turn; 0 for all.
  bool interleaved = false;
  RotaryScaling scaling;
};

enum class PositionKind { None, Learned, Sinusoidal, Rotary };

/// Wavelengths of w/2 sinusoids, from the base's 0th power on: to its first power at the last one (`Ends`, i/(w/2 -
/// 1)), or one step short of it (`Even`, 2i/w).
enum class SinusoidSpacing { Ends, Even };

struct Positions {
  PositionKind kind = PositionKind::None;
  int64_t length = 0;         ///< Tokens of the longest input; 0 for no limit, with `none` only.
  int64_t offset = 0;         ///< Learned only: rows of the table before that of position 0 (RoBERTa: 2).
  std::optional<int64_t> pad; ///< Learned only: a token that counts as no position and has the row before position 0's.
  double base = 10000.0;      ///< Sinusoidal and rotary: the wavelengths' base.
  int64_t dims = 0;           ///< Rotary only: how many leading components of a head turn; 0 for all.
  bool interleaved = false;   ///< Rotary: pairs are (2i, 2i+1), not (i, i+dims/2). Sinusoidal: sin and cos alternate.
  RotaryScaling scaling = {}; ///< Rotary only.
  SinusoidSpacing spacing = SinusoidSpacing::Ends; ///< Sinusoidal; `Even` with `interleaved` unless the spec says.
  std::string behind; ///< The stack whose rows these stand behind: row t has its length + t. Empty for t.
};

/// QuickGelu is x * sigmoid(1.702 x).
enum class Activation { Gelu, GeluTanh, Relu, Silu, ReluSquared, QuickGelu, Tanh, Sigmoid };

/// A convolution over the time, with (kernel - 1) / 2 zeros at both ends: ceil(T / stride) rows of T.
struct Convolution {
  int64_t channels = 0; ///< Components of a row that it gives.
  int64_t kernel = 1;   ///< Odd.
  int64_t stride = 1;
  std::optional<Activation> activation = Activation::Gelu; ///< Nothing for none.
  bool bias = true;
};

/// What a stack reads: token ids, embedded; rows of numbers, through convolutions one after another; or the last hidden
/// states of other stacks, one stack's behind the other's.
struct Input {
  int64_t vocab = 0;    ///< 0 where it reads no tokens.
  int64_t features = 0; ///< Numbers in a row; 0 where it reads no such rows.
  std::vector<Convolution> convolutions;
  std::vector<std::string> parts; ///< The other stacks, two or more; empty where it reads none.
  Positions positions;            ///< Of the rows behind the convolutions, or of all parts together.
  int64_t types = 0;              ///< Token types (BERT's segments); 0 for none.
  bool norm = false;              ///< Whether the sum of the embeddings is normalised (by the stack's kind of norm).
  double scale = 1.0;             ///< Factor on the token embedding, or on the rows that it reads.
  bool zeroFirst = false; ///< Whether the token embedding of position 0 is zeros, whatever the token (Marian's start).
};

/// The norm of queries and keys before they turn.
struct QueryKeyNorm {
  NormKind kind = NormKind::RMSNorm;
  double epsilon = 1e-6;
  double weightOffset = 0;
  bool bias = false;    ///< LayerNorm only.
  bool overAll = false; ///< Over all heads' components together, not head by head with one weight for all heads.
};

/// A parameter that mask and score read by row and column.
struct Table {
  int64_t rows = 0;
  int64_t columns = 0;
  bool operator==(const Table &) const = default;
};

/// A trained number for each head that is added to a score, by the distance of query and key: one for each near
/// distance, then one for distances up to ever larger bounds, the last of them for `distance` and beyond (T5).
struct RelativeBias {
  int64_t buckets = 32;
  int64_t distance = 128;
  bool bidirectional = true; ///< Whether the second half of the buckets is for keys behind the query.
};

/// Which of a stack's states is read: the last one, behind the final norm; the one that enters the layer of the reader's
/// own number; or the one that enters a layer that is given for each of the reader's.
enum class SourceState { Final, SameLayer, Layers };

/// A stack that gives an attention keys and values.
struct Source {
  std::string stack;
  SourceState state = SourceState::Final;
  std::vector<int64_t> layers = {}; ///< `Layers`: a number for each of the reader's layers.
  bool operator==(const Source &) const = default;
};

struct AttentionSublayer {
  std::string name; ///< Part of its parameters' names; unique in the block.
  std::vector<Source> sources; ///< Segments of the keys, in their order; none where all keys are the stack's own.
  bool joint = false;          ///< With `sources`: whether the stack's own keys are one more segment, the last.
  int64_t heads = 0;
  int64_t keyValueHeads = 0; ///< `heads` where the spec does not say.
  int64_t headSize = 0;      ///< width / heads where the spec does not say.
  bool bias = true;          ///< On query and value.
  bool keyBias = true;       ///< `bias` where the spec does not say.
  bool outputBias = true;
  double scale = 0;  ///< On the scores; 1/sqrt(headSize) where the spec does not say.
  std::string mask;  ///< Canonical expression: whether q attends to k. Empty where every query may.
  std::string prefixMask; ///< Of rows of the stack's prefix, "true" where each sees all. Empty where it is `mask`.
  std::string score; ///< Canonical expression of what becomes of s. Empty for s itself.
  std::optional<RelativeBias> relative; ///< In place of `score`.
  std::vector<Table> tables;            ///< Those that mask and score read as table0, table1, ...
  bool ownRotary = false;               ///< Whether `rotary` stands in place of the stack's positions.
  std::optional<Rotary> rotary;         ///< With `ownRotary`: nothing for no rotary positions in this sublayer.
  std::optional<QueryKeyNorm> queryKeyNorm;

  bool hasOwnKeys() const { return sources.empty() || joint; }
};

// The kinds that are known by their keys, the words that all kinds have in the spec: of dialects/tenon/SublayerOps.td.
struct SizeKey {
  std::string_view name;
  int64_t most;
};
struct FlagKey {
  std::string_view name;
  bool usual;
  bool mayLookAhead; ///< Whether rows read later ones where it is not set.
};
struct ActivationKey {
  std::string_view name;
  Activation usual;
};

#define GET_KEYED_SUBLAYERS
#include "tenon/SpecSublayers.inc"

#define GET_SINGLE_SUBLAYER
#include "tenon/SpecSublayers.inc"

enum class ParallelNorm { One, Each };

/// Sublayers that all read the same state; the sum of their results is added to it. With `place: before` only.
struct ParallelSublayer {
  std::string name;                      ///< Of its one norm, `name`.norm.
  ParallelNorm norm = ParallelNorm::One; ///< One norm for all, or each its own.
  std::vector<SingleSublayer> block;
};

#define GET_SUBLAYER
#include "tenon/SpecSublayers.inc"

using Block = std::vector<Sublayer>;

/// Where a spec says something, from 1 on; 0 where no spec does.
struct Place {
  unsigned line = 0, column = 0;
};

struct Stack {
  std::string name;
  int64_t width = 0; ///< Components of its hidden states; 0 for the model's. See Model::widthOf.
  Input input;
  int64_t layers = 0;
  Norm norm;
  Block block;              ///< Of every layer; the first of `cycle` where there is one.
  std::string prefix; ///< The source that gives a growing stack's sequences their first rows; empty where none does.
  std::vector<Block> cycle; ///< Two or more blocks, or none: layer i is cycle[i % n]. All have the same parameters.
  bool cache = false;       ///< Whether it keeps keys and values for tokens to come, without a head too.
  Place place, inputPlace;
  std::vector<Place> sublayerPlaces; ///< Block by block; behind a `parallel` those within. Empty where no spec was read.
};

/// What becomes of a sequence's rows: their mean, first, largest, sum divided by the square root of how many they are,
/// mean with the weights 1, 2, 3, ..., or last.
enum class PoolingKind { Mean, Cls, Max, MeanSqrt, WeightedMean, Last };

/// activation(W x + bias); with `residual` plus x, or where its size is another, plus a product of x with a matrix.
struct DenseLayer {
  int64_t size = 0;
  std::optional<Activation> activation; ///< Nothing for none.
  bool bias = true;
  bool residual = false;
};

/// LayerNorm, or what scales a vector to Euclidean length 1.
struct VectorNorm {
  bool unit = false;      ///< Length 1; without parameters.
  double epsilon = 1e-5;  ///< LayerNorm only.
};

using PoolingLayer = std::variant<DenseLayer, VectorNorm>;

/// One vector per sequence from a stack's last hidden state.
struct Pooling {
  std::string stack;
  std::vector<PoolingLayer> tokenLayers; ///< What becomes of each row first.
  std::vector<PoolingKind> kinds;        ///< One or several, whose results stand one behind the other.
  std::vector<PoolingLayer> layers;      ///< What becomes of the vector.
  int64_t size = 0;                      ///< Only so many of its components are given; 0 for all.
  bool prompt = true;                    ///< Whether the rows of a prompt's tokens count.
  Place place;
};

/// A text that stands before those that are read.
struct Prompt {
  std::string name;
  std::string text;
};

/// A token by the name that chat templates know it by: `bos_token`.
struct ChatToken {
  std::string name;
  std::string text;
};

/// Scores over the vocabulary from a stack's last hidden state: softcap(scale * (x W^T + b)).
struct Head {
  std::string stack;
  bool tied = true; ///< Whether W is the stack's token embedding, not a parameter `head.weight`.
  bool bias = false;
  double scale = 1.0;
  double softcap = 0; ///< c in c tanh(x / c); 0 for none.
  Place place;
};

/// A tensor of the spec and the one of the weight file that holds it; `*` in both stands for the layer, and a tensor
/// without it belongs to all layers. Row r of the parameter is row offset + (r / count) * period + r % count of the
/// tensor, of its transpose where `transpose`.
struct TensorName {
  std::string parameter;
  std::string tensor;
  bool transpose = false;
  int64_t offset = 0;
  int64_t count = 0; ///< Rows that follow each other; 0 for all.
  int64_t period = 0;
  /// Whether the parameter is the whole tensor as it is stored.
  bool isWhole() const { return !transpose && offset == 0 && count == 0; }
};

/// Parameters that are others in their place: all whose names begin with the parts of `parameters`, which the parts of
/// `source` replace. See support/Sharing.h.
struct Share {
  std::string parameters;
  std::string source;
};

/// Tokens that stand for times in the answer: `begin` for 0 seconds, each after it for `step` more.
struct Timestamps {
  int64_t begin = 0;
  int64_t none = 0;   ///< In the start of an answer without them.
  double step = 0.02; ///< Seconds.
};

/// Ids with a meaning for those who generate text.
struct SpecialTokens {
  std::optional<int64_t> bos;
  std::vector<int64_t> eos = {}; ///< Each ends a text.
  std::optional<int64_t> pad;
  bool addBos = false;                     ///< Whether a text starts with `bos` where the tokenizer adds none itself.
  std::vector<int64_t> start = {};         ///< What the decoder of an encoder-decoder reads first.
  std::vector<int64_t> forced = {};        ///< What its answer begins with, behind `start`.
  std::vector<int64_t> suppress = {};      ///< Never written.
  std::vector<int64_t> suppressFirst = {}; ///< Not written as the first of an answer.
  std::optional<int64_t> forcedLast = std::nullopt; ///< What ends an answer of the greatest length.
  std::optional<Timestamps> timestamps = std::nullopt;
  std::optional<int64_t> noSpeech = std::nullopt; ///< Its probability after the first of `start`: that nobody speaks.
  std::optional<int64_t> previous = std::nullopt; ///< Stands before earlier text, in front of `start`.
};

/// The log-mel spectrogram that makes an encoder's features of sound.
struct Audio {
  int64_t rate = 16000;  ///< Samples a second.
  int64_t window = 400;  ///< Samples of one Fourier transform.
  int64_t hop = 160;     ///< Samples between rows.
  int64_t bins = 80;     ///< Mel bands, the numbers in a row.
  int64_t frames = 3000; ///< Rows of one window of sound.
};

struct Model {
  std::string name;
  std::string file; ///< Of the spec, or of the checkpoint; empty where none was read.
  int64_t width = 0;
  std::vector<Stack> stacks;
  std::vector<Share> shares;
  std::optional<Pooling> pooling;
  std::optional<Head> head;
  std::string weights;         ///< Path of the safetensors file, relative to the spec's directory.
  std::string tokenizer;       ///< Path of tokenizer.json, relative likewise; empty for none.
  std::string targetTokenizer; ///< Of what the decoder writes, where it is another; empty where it is not.
  std::string chatTemplate;    ///< Path of a Jinja template, relative likewise; empty for none.
  std::optional<std::vector<ChatToken>> chatTokens; ///< No name twice; without it `bos_token` and `eos_token`.
  SpecialTokens tokens;
  Generation generation;
  std::optional<Audio> audio;
  int64_t textTokens = 0;        ///< Tokens that a text is cut to; 0 for as many as there are positions.
  bool lowerCase = false;        ///< Whether texts are read in lower case.
  std::vector<Prompt> prompts;   ///< No name twice.
  std::string defaultPrompt;     ///< The name of that which stands before every text; empty for none.
  std::vector<TensorName> names; ///< Only the parameters that are not a tensor of the same name.

  int64_t widthOf(const Stack &stack) const { return stack.width ? stack.width : width; }
  /// Null where there is none of this name.
  const Stack *findStack(std::string_view name) const {
    for (const Stack &stack : stacks)
      if (stack.name == name)
        return &stack;
    return nullptr;
  }
};

} // namespace tenon::spec

#endif // TENON_SPEC_SPEC_H
