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
static constexpr DecoderType llamaType(llvm::StringRef name) {
  return {name,
          llamaLayout,
          "hidden_size",
          "num_hidden_layers",
          "num_attention_heads",
          "intermediate_size",
          "max_position_embeddings",
          "rms_norm_eps",
          "hidden_act"};
}

static constexpr DecoderType gemmaType(llvm::StringRef name) {
  DecoderType type = llamaType(name);
  type.activation = "hidden_activation|hidden_act";
  type.usualActivation = "gelu_pytorch_tanh";
  type.usuallyTied = true;
  type.isGemma = true;
  return type;
}

static constexpr DecoderType phi3Type() {
  DecoderType type = llamaType("phi3");
  type.usualEpsilon = 1e-5;
  return type;
}

static constexpr DecoderType starCoder2Type() {
  DecoderType type = llamaType("starcoder2");
  type.norm = NormKind::LayerNorm;
  type.epsilon = "norm_epsilon";
  type.usualEpsilon = 1e-5;
  type.usualActivation = "gelu_pytorch_tanh";
  type.usuallyTied = true;
  return type;
}

/// The keys of GPT-2's configuration.
static constexpr DecoderType gpt2Type(llvm::StringRef name, const DecoderLayout &layout, llvm::StringRef activation) {
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
          DecoderPositions::Learned,
          1e-5,
          activation,
          true};
}

static constexpr DecoderType typeTable[] = {
    llamaType("llama"),
    llamaType("mistral"),
    llamaType("qwen2"),
    llamaType("qwen3"),
    gemmaType("gemma"),
    gemmaType("gemma2"),
    gemmaType("gemma3_text"),
    gemmaType("gemma3"),
    phi3Type(),
    starCoder2Type(),
    {"phi", phiLayout, "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
     "max_position_embeddings", "layer_norm_eps", "hidden_act", NormKind::LayerNorm, DecoderPositions::Rotary, 1e-5,
     "gelu_new", false, 0.5, 0, DecoderResidual::Parallel},
    gpt2Type("gpt2", gpt2Layout, "gelu_new"),
    gpt2Type("gpt_bigcode", bigCodeLayout, "gelu_pytorch_tanh"),
    {"gpt_neox", neoxLayout, "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
     "max_position_embeddings", "layer_norm_eps", "hidden_act", NormKind::LayerNorm, DecoderPositions::Rotary, 1e-5,
     "gelu", false, 0.25, 0, DecoderResidual::ByKey, "use_parallel_residual"},
    {"opt", optLayout, "hidden_size", "num_hidden_layers", "num_attention_heads", "ffn_dim", "max_position_embeddings",
     "layer_norm_eps", "activation_function", NormKind::LayerNorm, DecoderPositions::Learned, 1e-5, "relu", true, 1.0,
     2},
    {"bloom", bloomLayout, "hidden_size|n_embed", "n_layer|num_hidden_layers", "n_head|num_attention_heads",
     "intermediate_size", "seq_length", "layer_norm_epsilon", "hidden_act", NormKind::LayerNorm,
     DecoderPositions::Alibi, 1e-5, "gelu_new", true},
    {"falcon", bloomLayout, "hidden_size|n_embed", "num_hidden_layers|n_layer", "num_attention_heads|n_head",
     "ffn_hidden_size", "max_position_embeddings", "layer_norm_epsilon", "activation", NormKind::LayerNorm,
     DecoderPositions::Rotary, 1e-5, "gelu", true, 1.0, 0, DecoderResidual::ByKey, "parallel_attn"},
    {"mpt", mptLayout, "d_model", "n_layers", "n_heads", "intermediate_size", "max_seq_len", "layer_norm_epsilon",
     "hidden_act", NormKind::LayerNorm, DecoderPositions::Alibi, 1e-5, "gelu", true},
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
