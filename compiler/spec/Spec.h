//===- Spec.h - The description of a model ----------------------*- C++ -*-===//
//
// An architecture as data: stacks of blocks of sublayers. The YAML form is documented in docs/spec.md.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SPEC_SPEC_H
#define TENON_SPEC_SPEC_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tenon::spec {

enum class NormKind { LayerNorm, RMSNorm };

/// Where a sublayer's norm stands: before its projections (pre-norm) or after its residual sum (post-norm).
enum class NormPlace { Before, After };

struct Norm {
  NormKind kind = NormKind::LayerNorm;
  NormPlace place = NormPlace::After;
  double epsilon = 1e-5;
  bool bias = true;  ///< LayerNorm only: whether it has an additive parameter.
  bool final = true; ///< `place: before` only: whether the stack ends with one more norm.
};

enum class PositionKind { None, Learned, Sinusoidal, Rotary };

struct Positions {
  PositionKind kind = PositionKind::None;
  int64_t length = 0;       ///< Tokens of the longest input; 0 for no limit, with `none` only.
  int64_t offset = 0;       ///< Learned only: rows of the table before that of position 0 (RoBERTa: 2).
  double base = 10000.0;    ///< Sinusoidal and rotary: the wavelengths' base.
  int64_t dims = 0;         ///< Rotary only: how many leading components of a head turn; 0 for all.
  bool interleaved = false; ///< Rotary: pairs are (2i, 2i+1), not (i, i+dims/2). Sinusoidal: sin and cos alternate.
};

/// What a stack reads: token ids, embedded.
struct Input {
  int64_t vocab = 0;
  Positions positions;
  int64_t types = 0;  ///< Token types (BERT's segments); 0 for none.
  bool norm = false;  ///< Whether the sum of the embeddings is normalised (by the stack's kind of norm).
  double scale = 1.0; ///< Factor on the token embedding.
};

struct AttentionSublayer {
  std::string name; ///< Part of its parameters' names; unique in the block.
  int64_t heads = 0;
  int64_t keyValueHeads = 0; ///< `heads` where the spec does not say.
  int64_t headSize = 0;      ///< width / heads where the spec does not say.
  bool bias = true;          ///< On query, key and value.
  bool outputBias = true;
  double scale = 0; ///< On the scores; 1/sqrt(headSize) where the spec does not say.
};

enum class Activation { Gelu, GeluTanh, Relu, Silu };

struct MlpSublayer {
  std::string name;
  int64_t hidden = 0;
  Activation activation = Activation::Gelu;
  bool gated = false; ///< activation(x·gate) ⊙ (x·up), then down.
  bool bias = true;
};

using Sublayer = std::variant<AttentionSublayer, MlpSublayer>;

struct Stack {
  std::string name;
  Input input;
  int64_t layers = 0;
  Norm norm;
  std::vector<Sublayer> block;
};

enum class PoolingKind { Mean, Cls };

/// One vector per sequence from a stack's last hidden state.
struct Pooling {
  std::string stack;
  PoolingKind kind = PoolingKind::Mean;
  bool normalize = false; ///< Scale to Euclidean length 1.
};

/// A tensor of the spec and the one of the weight file that holds it; `*` in both stands for the layer.
struct TensorName {
  std::string parameter;
  std::string tensor;
};

struct Model {
  std::string name;
  int64_t width = 0;
  std::vector<Stack> stacks;
  std::optional<Pooling> pooling;
  std::string weights;           ///< Path of the safetensors file, relative to the spec's directory.
  std::string tokenizer;         ///< Path of tokenizer.json, relative likewise; empty for none.
  int64_t textTokens = 0;        ///< Tokens that a text is cut to; 0 for as many as there are positions.
  std::vector<TensorName> names; ///< Only the parameters whose tensor has another name.
};

} // namespace tenon::spec

#endif // TENON_SPEC_SPEC_H
