//===- DecoderFamilies.cpp ------------------------------------------------===//

#include "import/DecoderFamilies.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon::import;
using tenon::spec::NormKind;

/// Llama and its kin: Mistral, Qwen, Gemma, Phi-3, StarCoder2.
static constexpr DecoderModule llamaModules[] = {
    {"input.tokens", "embed_tokens"},
    {"layers.*.attention.norm", "layers.*.input_layernorm"},
    {"layers.*.attention.query", "layers.*.self_attn.q_proj"},
    {"layers.*.attention.query", "layers.*.self_attn.qkv_proj", ModulePart::Stacked},
    {"layers.*.attention.key", "layers.*.self_attn.k_proj"},
    {"layers.*.attention.key", "layers.*.self_attn.qkv_proj", ModulePart::Stacked},
    {"layers.*.attention.value", "layers.*.self_attn.v_proj"},
    {"layers.*.attention.value", "layers.*.self_attn.qkv_proj", ModulePart::Stacked},
    {"layers.*.attention.query_norm", "layers.*.self_attn.q_norm"},
    {"layers.*.attention.key_norm", "layers.*.self_attn.k_norm"},
    {"layers.*.attention.output", "layers.*.self_attn.o_proj"},
    {"layers.*.mlp.norm", "layers.*.pre_feedforward_layernorm"},
    {"layers.*.mlp.norm", "layers.*.post_attention_layernorm"},
    {"layers.*.attention.norm_after", "layers.*.post_attention_layernorm"},
    {"layers.*.mlp.norm_after", "layers.*.post_feedforward_layernorm"},
    {"layers.*.mlp.gate", "layers.*.mlp.gate_proj"},
    {"layers.*.mlp.gate", "layers.*.mlp.gate_up_proj", ModulePart::GateHalf},
    {"layers.*.mlp.up", "layers.*.mlp.up_proj"},
    {"layers.*.mlp.up", "layers.*.mlp.gate_up_proj", ModulePart::UpHalf},
    {"layers.*.mlp.up", "layers.*.mlp.c_fc"},
    {"layers.*.mlp.down", "layers.*.mlp.down_proj"},
    {"layers.*.mlp.down", "layers.*.mlp.c_proj"},
    {"norm", "norm"},
    {"head", "lm_head"},
};

/// Attention and MLP read one norm.
static constexpr DecoderModule phiModules[] = {
    {"input.tokens", "embed_tokens"},
    {"layers.*.parallel.norm", "layers.*.input_layernorm"},
    {"layers.*.attention.query", "layers.*.self_attn.q_proj"},
    {"layers.*.attention.key", "layers.*.self_attn.k_proj"},
    {"layers.*.attention.value", "layers.*.self_attn.v_proj"},
    {"layers.*.attention.query_norm", "layers.*.self_attn.q_layernorm"},
    {"layers.*.attention.key_norm", "layers.*.self_attn.k_layernorm"},
    {"layers.*.attention.output", "layers.*.self_attn.dense"},
    {"layers.*.mlp.up", "layers.*.mlp.fc1"},
    {"layers.*.mlp.down", "layers.*.mlp.fc2"},
    {"norm", "final_layernorm"},
    {"head", "lm_head"},
};

/// Matrices are [in, out], as its layers of the kind Conv1D have them.
static constexpr DecoderModule gpt2Modules[] = {
    {"input.tokens", "wte"},
    {"input.positions", "wpe"},
    {"layers.*.attention.norm", "h.*.ln_1"},
    {"layers.*.attention.query", "h.*.attn.c_attn", ModulePart::Stacked, true},
    {"layers.*.attention.key", "h.*.attn.c_attn", ModulePart::Stacked, true},
    {"layers.*.attention.value", "h.*.attn.c_attn", ModulePart::Stacked, true},
    {"layers.*.attention.output", "h.*.attn.c_proj", ModulePart::Whole, true},
    {"layers.*.cross.norm", "h.*.ln_cross_attn"},
    {"layers.*.cross.query", "h.*.crossattention.q_attn", ModulePart::Whole, true},
    {"layers.*.cross.key", "h.*.crossattention.c_attn", ModulePart::KeysValues, true},
    {"layers.*.cross.value", "h.*.crossattention.c_attn", ModulePart::KeysValues, true},
    {"layers.*.cross.output", "h.*.crossattention.c_proj", ModulePart::Whole, true},
    {"layers.*.mlp.norm", "h.*.ln_2"},
    {"layers.*.mlp.up", "h.*.mlp.c_fc", ModulePart::Whole, true},
    {"layers.*.mlp.down", "h.*.mlp.c_proj", ModulePart::Whole, true},
    {"norm", "ln_f"},
    {"head", "lm_head"},
};

static constexpr DecoderModule bigCodeModules[] = {
    {"input.tokens", "wte"},
    {"input.positions", "wpe"},
    {"layers.*.attention.norm", "h.*.ln_1"},
    {"layers.*.attention.query", "h.*.attn.c_attn", ModulePart::Grouped},
    {"layers.*.attention.key", "h.*.attn.c_attn", ModulePart::Grouped},
    {"layers.*.attention.value", "h.*.attn.c_attn", ModulePart::Grouped},
    {"layers.*.attention.output", "h.*.attn.c_proj"},
    {"layers.*.mlp.norm", "h.*.ln_2"},
    {"layers.*.mlp.up", "h.*.mlp.c_fc"},
    {"layers.*.mlp.down", "h.*.mlp.c_proj"},
    {"norm", "ln_f"},
    {"head", "lm_head"},
};

static constexpr DecoderModule neoxModules[] = {
    {"input.tokens", "embed_in"},
    {"layers.*.attention.norm", "layers.*.input_layernorm"},
    {"layers.*.attention.query", "layers.*.attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.key", "layers.*.attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.value", "layers.*.attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.output", "layers.*.attention.dense"},
    {"layers.*.mlp.norm", "layers.*.post_attention_layernorm"},
    {"layers.*.mlp.up", "layers.*.mlp.dense_h_to_4h"},
    {"layers.*.mlp.down", "layers.*.mlp.dense_4h_to_h"},
    {"norm", "final_layer_norm"},
    {"head", "embed_out"},
};

static constexpr DecoderModule optModules[] = {
    {"input.tokens", "embed_tokens"},
    {"input.positions", "embed_positions"},
    {"layers.*.attention.norm", "layers.*.self_attn_layer_norm"},
    {"layers.*.attention.query", "layers.*.self_attn.q_proj"},
    {"layers.*.attention.key", "layers.*.self_attn.k_proj"},
    {"layers.*.attention.value", "layers.*.self_attn.v_proj"},
    {"layers.*.attention.output", "layers.*.self_attn.out_proj"},
    {"layers.*.mlp.norm", "layers.*.final_layer_norm"},
    {"layers.*.mlp.up", "layers.*.fc1"},
    {"layers.*.mlp.down", "layers.*.fc2"},
    {"norm", "final_layer_norm"},
    {"head", "lm_head"},
};

/// BLOOM and Falcon. Of Falcon's kinds of layers, one has a norm for attention and MLP each, one a norm for both.
static constexpr DecoderModule bloomModules[] = {
    {"input.tokens", "word_embeddings"},
    {"input.norm", "word_embeddings_layernorm"},
    {"layers.*.attention.norm", "h.*.ln_attn"},
    {"layers.*.attention.norm", "h.*.input_layernorm"},
    {"layers.*.parallel.norm", "h.*.input_layernorm"},
    {"layers.*.attention.query", "h.*.self_attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.key", "h.*.self_attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.value", "h.*.self_attention.query_key_value", ModulePart::Grouped},
    {"layers.*.attention.output", "h.*.self_attention.dense"},
    {"layers.*.mlp.norm", "h.*.ln_mlp"},
    {"layers.*.mlp.norm", "h.*.post_attention_layernorm"},
    {"layers.*.mlp.up", "h.*.mlp.dense_h_to_4h"},
    {"layers.*.mlp.down", "h.*.mlp.dense_4h_to_h"},
    {"norm", "ln_f"},
    {"head", "lm_head"},
};

static constexpr DecoderModule mptModules[] = {
    {"input.tokens", "wte"},
    {"layers.*.attention.norm", "blocks.*.norm_1"},
    {"layers.*.attention.query", "blocks.*.attn.Wqkv", ModulePart::Stacked},
    {"layers.*.attention.key", "blocks.*.attn.Wqkv", ModulePart::Stacked},
    {"layers.*.attention.value", "blocks.*.attn.Wqkv", ModulePart::Stacked},
    {"layers.*.attention.output", "blocks.*.attn.out_proj"},
    {"layers.*.mlp.norm", "blocks.*.norm_2"},
    {"layers.*.mlp.up", "blocks.*.ffn.up_proj"},
    {"layers.*.mlp.down", "blocks.*.ffn.down_proj"},
    {"norm", "norm_f"},
    {"head", "lm_head"},
};

static constexpr DecoderLayout llamaLayout = {"embed_tokens", "layers.", llamaModules};
static constexpr DecoderLayout phiLayout = {"embed_tokens", "layers.", phiModules};
static constexpr DecoderLayout gpt2Layout = {"wte", "h.", gpt2Modules};
static constexpr DecoderLayout bigCodeLayout = {"wte", "h.", bigCodeModules};
static constexpr DecoderLayout neoxLayout = {"embed_in", "layers.", neoxModules};
static constexpr DecoderLayout optLayout = {"embed_tokens", "layers.", optModules};
static constexpr DecoderLayout bloomLayout = {"word_embeddings", "h.", bloomModules};
static constexpr DecoderLayout mptLayout = {"wte", "blocks.", mptModules};

/// The keys of Llama's configuration, which most others have too.
static constexpr DecoderType llamaType(llvm::StringRef name, BiasKeys bias) {
  return {name,
          llamaLayout,
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          "intermediate_size",
          "max_position_embeddings",
          "rms_norm_eps",
          "hidden_act",
          NormKind::RMSNorm,
          DecoderPositions::Rotary,
          bias};
}

static constexpr DecoderType gemmaType(llvm::StringRef name, llvm::StringRef activation) {
  DecoderType type = llamaType(name, {"attention_bias", "attention_bias", noBias});
  type.activation = activation;
  type.isGemma = true;
  return type;
}

static constexpr llvm::StringRef imageTensors[] = {"vision_tower.", "model.vision_tower.", "multi_modal_projector.",
                                                   "model.multi_modal_projector."};

static constexpr DecoderType gemma3Type() {
  DecoderType type = gemmaType("gemma3", "hidden_activation");
  type.otherModes = imageTensors;
  return type;
}

/// Of scalings it has "longrope" alone, and takes "yarn" for that.
static constexpr DecoderType phi3Type() {
  DecoderType type = llamaType("phi3", {noBias, noBias, noBias});
  type.scalesRotary = false;
  return type;
}

static constexpr DecoderType starCoder2Type() {
  DecoderType type = llamaType("starcoder2", {"use_bias", "use_bias", "use_bias"});
  type.norm = NormKind::LayerNorm;
  type.epsilon = "norm_epsilon";
  return type;
}

/// Llama's keys, but for the norms' epsilon.
static constexpr DecoderType layerNormType(llvm::StringRef name, const DecoderLayout &layout, BiasKeys bias) {
  DecoderType type = {name,
                      layout,
                      "hidden_size",
                      "num_hidden_layers",
                      "num_attention_heads",
                      "intermediate_size",
                      "max_position_embeddings",
                      "layer_norm_eps",
                      "hidden_act",
                      NormKind::LayerNorm,
                      DecoderPositions::Rotary,
                      bias};
  return type;
}

static constexpr DecoderType phiType() {
  DecoderType type = layerNormType("phi", phiLayout, {});
  type.residual = DecoderResidual::Parallel;
  return type;
}

static constexpr DecoderType neoxType() {
  DecoderType type = layerNormType("gpt_neox", neoxLayout, {"attention_bias", "attention_bias", ""});
  type.residual = DecoderResidual::ByKey;
  type.parallelKey = "use_parallel_residual";
  type.parallelMlpNorm = "layers.*.post_attention_layernorm";
  return type;
}

static constexpr DecoderType optType() {
  DecoderType type = layerNormType("opt", optLayout, {"enable_bias", "enable_bias", "enable_bias"});
  type.hidden = "ffn_dim";
  type.activation = "activation_function";
  type.positions = DecoderPositions::Learned;
  type.positionOffset = 2;
  return type;
}

static constexpr DecoderType falconType() {
  DecoderType type = layerNormType("falcon", bloomLayout, {"bias", "bias", "bias"});
  type.hidden = "ffn_hidden_size";
  type.epsilon = "layer_norm_epsilon";
  type.activation = "activation";
  type.residual = DecoderResidual::ByKey;
  type.parallelKey = "parallel_attn";
  type.parallelMlpNorm = "h.*.ln_mlp";
  return type;
}

/// The keys of GPT-2's configuration.
static constexpr DecoderType gpt2Type(llvm::StringRef name, const DecoderLayout &layout) {
  return {name,
          layout,
          "n_embd",
          "n_layer",
          "n_head",
          "n_inner",
          "n_positions",
          "layer_norm_epsilon",
          "activation_function",
          NormKind::LayerNorm,
          DecoderPositions::Learned};
}

/// The size of the MLP and its activation are no keys of this class and the next.
static constexpr DecoderType bloomType() {
  DecoderType type = layerNormType("bloom", bloomLayout, {});
  type.layers = "n_layer";
  type.heads = "n_head";
  type.length = "seq_length";
  type.epsilon = "layer_norm_epsilon";
  type.positions = DecoderPositions::Alibi;
  type.usualActivation = "gelu_new";
  return type;
}

static constexpr DecoderType mptType() {
  DecoderType type = layerNormType("mpt", mptLayout, {noBias, noBias, noBias});
  type.width = "d_model";
  type.layers = "n_layers";
  type.heads = "n_heads";
  type.length = "max_seq_len";
  type.epsilon = "layer_norm_epsilon";
  type.positions = DecoderPositions::Alibi;
  type.usualActivation = "gelu";
  return type;
}

static constexpr DecoderType typeTable[] = {
    llamaType("llama", {"attention_bias", "attention_bias", "mlp_bias"}),
    llamaType("mistral", {noBias, noBias, noBias}),
    llamaType("qwen2", {"", noBias, noBias}),
    llamaType("qwen3", {"attention_bias", "attention_bias", noBias}),
    gemmaType("gemma", "hidden_act"),
    gemmaType("gemma2", "hidden_activation"),
    gemmaType("gemma3_text", "hidden_activation"),
    gemma3Type(),
    phi3Type(),
    starCoder2Type(),
    phiType(),
    gpt2Type("gpt2", gpt2Layout),
    gpt2Type("gpt_bigcode", bigCodeLayout),
    neoxType(),
    optType(),
    bloomType(),
    falconType(),
    mptType(),
};

llvm::ArrayRef<DecoderType> tenon::import::decoderTypes() { return typeTable; }

const DecoderType *tenon::import::findDecoderType(llvm::StringRef name) {
  for (const DecoderType &type : typeTable)
    if (type.name == name)
      return &type;
  return nullptr;
}

static bool canAttend(const DecoderType &type) { return llvm::any_of(type.layout.modules, isCross); }

std::string tenon::import::attendingTypeNames() {
  std::string names;
  for (const DecoderType &type : typeTable)
    if (canAttend(type))
      names += (names.empty() ? "" : ", ") + type.name.str();
  return names;
}

std::optional<DecoderType> tenon::import::findAttendingType(llvm::StringRef name) {
  const DecoderType *type = findDecoderType(name);
  if (!type || !canAttend(*type))
    return std::nullopt;
  DecoderType attending = *type;
  attending.attends = true;
  return attending;
}
