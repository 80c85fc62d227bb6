//===- Seq2SeqFamilies.cpp ------------------------------------------------===//

#include "import/Seq2SeqFamilies.h"

using namespace tenon::import;
using tenon::spec::NormKind;
using tenon::spec::NormPlace;

/// BART and its kin: mBART, Marian, Whisper.
static constexpr Seq2SeqModule bartModules[] = {
    {"encoder.input.tokens", "shared"},
    {"encoder.input.tokens", "encoder.embed_tokens"},
    {"encoder.input.convolutions.0", "encoder.conv1"},
    {"encoder.input.convolutions.1", "encoder.conv2"},
    {"encoder.input.positions", "encoder.embed_positions"},
    {"encoder.input.norm", "encoder.layernorm_embedding"},
    {"encoder.layers.*.attention.query", "encoder.layers.*.self_attn.q_proj"},
    {"encoder.layers.*.attention.key", "encoder.layers.*.self_attn.k_proj"},
    {"encoder.layers.*.attention.value", "encoder.layers.*.self_attn.v_proj"},
    {"encoder.layers.*.attention.output", "encoder.layers.*.self_attn.out_proj"},
    {"encoder.layers.*.attention.norm", "encoder.layers.*.self_attn_layer_norm"},
    {"encoder.layers.*.mlp.up", "encoder.layers.*.fc1"},
    {"encoder.layers.*.mlp.down", "encoder.layers.*.fc2"},
    {"encoder.layers.*.mlp.norm", "encoder.layers.*.final_layer_norm"},
    {"encoder.norm", "encoder.layer_norm"},
    {"decoder.input.tokens", "shared"},
    {"decoder.input.tokens", "decoder.embed_tokens"},
    {"decoder.input.positions", "decoder.embed_positions"},
    {"decoder.input.norm", "decoder.layernorm_embedding"},
    {"decoder.layers.*.attention.query", "decoder.layers.*.self_attn.q_proj"},
    {"decoder.layers.*.attention.key", "decoder.layers.*.self_attn.k_proj"},
    {"decoder.layers.*.attention.value", "decoder.layers.*.self_attn.v_proj"},
    {"decoder.layers.*.attention.output", "decoder.layers.*.self_attn.out_proj"},
    {"decoder.layers.*.attention.norm", "decoder.layers.*.self_attn_layer_norm"},
    {"decoder.layers.*.cross.query", "decoder.layers.*.encoder_attn.q_proj"},
    {"decoder.layers.*.cross.key", "decoder.layers.*.encoder_attn.k_proj"},
    {"decoder.layers.*.cross.value", "decoder.layers.*.encoder_attn.v_proj"},
    {"decoder.layers.*.cross.output", "decoder.layers.*.encoder_attn.out_proj"},
    {"decoder.layers.*.cross.norm", "decoder.layers.*.encoder_attn_layer_norm"},
    {"decoder.layers.*.mlp.up", "decoder.layers.*.fc1"},
    {"decoder.layers.*.mlp.down", "decoder.layers.*.fc2"},
    {"decoder.layers.*.mlp.norm", "decoder.layers.*.final_layer_norm"},
    {"decoder.norm", "decoder.layer_norm"},
    {"head", "lm_head"},
    {"head", "proj_out"},
};

static constexpr Seq2SeqModule t5Modules[] = {
    {"encoder.input.tokens", "shared"},
    {"encoder.input.tokens", "encoder.embed_tokens"},
    {"encoder.layers.*.attention.norm", "encoder.block.*.layer.0.layer_norm"},
    {"encoder.layers.*.attention.query", "encoder.block.*.layer.0.SelfAttention.q"},
    {"encoder.layers.*.attention.key", "encoder.block.*.layer.0.SelfAttention.k"},
    {"encoder.layers.*.attention.value", "encoder.block.*.layer.0.SelfAttention.v"},
    {"encoder.layers.*.attention.relative", "encoder.block.*.layer.0.SelfAttention.relative_attention_bias"},
    {"encoder.layers.*.attention.output", "encoder.block.*.layer.0.SelfAttention.o"},
    {"encoder.layers.*.mlp.norm", "encoder.block.*.layer.1.layer_norm"},
    {"encoder.layers.*.mlp.gate", "encoder.block.*.layer.1.DenseReluDense.wi_0"},
    {"encoder.layers.*.mlp.up", "encoder.block.*.layer.1.DenseReluDense.wi_1"},
    {"encoder.layers.*.mlp.up", "encoder.block.*.layer.1.DenseReluDense.wi"},
    {"encoder.layers.*.mlp.down", "encoder.block.*.layer.1.DenseReluDense.wo"},
    {"encoder.norm", "encoder.final_layer_norm"},
    {"decoder.input.tokens", "shared"},
    {"decoder.input.tokens", "decoder.embed_tokens"},
    {"decoder.layers.*.attention.norm", "decoder.block.*.layer.0.layer_norm"},
    {"decoder.layers.*.attention.query", "decoder.block.*.layer.0.SelfAttention.q"},
    {"decoder.layers.*.attention.key", "decoder.block.*.layer.0.SelfAttention.k"},
    {"decoder.layers.*.attention.value", "decoder.block.*.layer.0.SelfAttention.v"},
    {"decoder.layers.*.attention.relative", "decoder.block.*.layer.0.SelfAttention.relative_attention_bias"},
    {"decoder.layers.*.attention.output", "decoder.block.*.layer.0.SelfAttention.o"},
    {"decoder.layers.*.cross.norm", "decoder.block.*.layer.1.layer_norm"},
    {"decoder.layers.*.cross.query", "decoder.block.*.layer.1.EncDecAttention.q"},
    {"decoder.layers.*.cross.key", "decoder.block.*.layer.1.EncDecAttention.k"},
    {"decoder.layers.*.cross.value", "decoder.block.*.layer.1.EncDecAttention.v"},
    {"decoder.layers.*.cross.output", "decoder.block.*.layer.1.EncDecAttention.o"},
    {"decoder.layers.*.mlp.norm", "decoder.block.*.layer.2.layer_norm"},
    {"decoder.layers.*.mlp.gate", "decoder.block.*.layer.2.DenseReluDense.wi_0"},
    {"decoder.layers.*.mlp.up", "decoder.block.*.layer.2.DenseReluDense.wi_1"},
    {"decoder.layers.*.mlp.up", "decoder.block.*.layer.2.DenseReluDense.wi"},
    {"decoder.layers.*.mlp.down", "decoder.block.*.layer.2.DenseReluDense.wo"},
    {"decoder.norm", "decoder.final_layer_norm"},
    {"head", "lm_head"},
};

static constexpr Seq2SeqLayout bartLayout = {"encoder.layers.0.self_attn.q_proj.weight", "layers.", bartModules};
static constexpr Seq2SeqLayout t5Layout = {"encoder.block.0.layer.0.SelfAttention.q.weight", "block.", t5Modules};

static constexpr Seq2SeqType bartType(llvm::StringRef name) {
  return {name,
          bartLayout,
          {"encoder_layers", "encoder_attention_heads", "encoder_ffn_dim", "max_position_embeddings"},
          {"decoder_layers", "decoder_attention_heads", "decoder_ffn_dim", "max_position_embeddings"}};
}

static constexpr Seq2SeqType bart() {
  Seq2SeqType type = bartType("bart");
  type.positionOffset = 2;
  return type;
}

static constexpr Seq2SeqType mbart() {
  Seq2SeqType type = bartType("mbart");
  type.positionOffset = 2;
  type.place = NormPlace::Before;
  return type;
}

static constexpr Seq2SeqType marian() {
  Seq2SeqType type = bartType("marian");
  type.positions = Seq2SeqPositions::Sinusoidal;
  return type;
}

static constexpr Seq2SeqType whisper() {
  Seq2SeqType type = bartType("whisper");
  type.encoder.length = "max_source_positions";
  type.decoder.length = "max_target_positions";
  type.place = NormPlace::Before;
  type.hears = true;
  return type;
}

static constexpr Seq2SeqType t5Type(llvm::StringRef name) {
  return {name,
          t5Layout,
          {"num_layers", "num_heads", "d_ff", ""},
          {"num_decoder_layers|num_layers", "num_heads", "d_ff", ""},
          NormKind::RMSNorm,
          NormPlace::Before,
          Seq2SeqPositions::Relative,
          0,
          "feed_forward_proj"};
}

static constexpr Seq2SeqType t5() {
  Seq2SeqType type = t5Type("t5");
  type.scalesHead = true;
  return type;
}

static constexpr Seq2SeqType typeTable[] = {
    marian(), bart(), mbart(), t5(), t5Type("mt5"), whisper(),
};

llvm::ArrayRef<Seq2SeqType> tenon::import::seq2SeqTypes() { return typeTable; }

const Seq2SeqType *tenon::import::findSeq2SeqType(llvm::StringRef name) {
  for (const Seq2SeqType &type : typeTable)
    if (type.name == name)
      return &type;
  return nullptr;
}
