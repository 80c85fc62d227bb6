//===- Families.cpp -------------------------------------------------------===//

#include "import/Families.h"
#include "import/DecoderFamilies.h"
#include "import/Seq2SeqFamilies.h"
#include <string>

using namespace tenon::import;

static constexpr ModuleName bertModules[] = {
    {"input.tokens", "embeddings.word_embeddings"},
    {"input.positions", "embeddings.position_embeddings"},
    {"input.types", "embeddings.token_type_embeddings"},
    {"input.norm", "embeddings.LayerNorm"},
    {"layers.*.attention.query", "encoder.layer.*.attention.self.query"},
    {"layers.*.attention.key", "encoder.layer.*.attention.self.key"},
    {"layers.*.attention.value", "encoder.layer.*.attention.self.value"},
    {"layers.*.attention.output", "encoder.layer.*.attention.output.dense"},
    {"layers.*.attention.norm", "encoder.layer.*.attention.output.LayerNorm"},
    {"layers.*.mlp.up", "encoder.layer.*.intermediate.dense"},
    {"layers.*.mlp.down", "encoder.layer.*.output.dense"},
    {"layers.*.mlp.norm", "encoder.layer.*.output.LayerNorm"},
};

static constexpr ModuleName preNormModules[] = {
    {"input.tokens", "embeddings.word_embeddings"},
    {"input.positions", "embeddings.position_embeddings"},
    {"input.types", "embeddings.token_type_embeddings"},
    {"input.norm", "embeddings.LayerNorm"},
    {"layers.*.attention.norm", "encoder.layer.*.attention.LayerNorm"},
    {"layers.*.attention.query", "encoder.layer.*.attention.self.query"},
    {"layers.*.attention.key", "encoder.layer.*.attention.self.key"},
    {"layers.*.attention.value", "encoder.layer.*.attention.self.value"},
    {"layers.*.attention.output", "encoder.layer.*.attention.output.dense"},
    {"layers.*.mlp.norm", "encoder.layer.*.intermediate.LayerNorm"},
    {"layers.*.mlp.up", "encoder.layer.*.intermediate.dense"},
    {"layers.*.mlp.down", "encoder.layer.*.output.dense"},
    {"norm", "LayerNorm"},
};

static constexpr ModuleName distilbertModules[] = {
    {"input.tokens", "embeddings.word_embeddings"},
    {"input.positions", "embeddings.position_embeddings"},
    {"input.norm", "embeddings.LayerNorm"},
    {"layers.*.attention.query", "transformer.layer.*.attention.q_lin"},
    {"layers.*.attention.key", "transformer.layer.*.attention.k_lin"},
    {"layers.*.attention.value", "transformer.layer.*.attention.v_lin"},
    {"layers.*.attention.output", "transformer.layer.*.attention.out_lin"},
    {"layers.*.attention.norm", "transformer.layer.*.sa_layer_norm"},
    {"layers.*.mlp.up", "transformer.layer.*.ffn.lin1"},
    {"layers.*.mlp.down", "transformer.layer.*.ffn.lin2"},
    {"layers.*.mlp.norm", "transformer.layer.*.output_layer_norm"},
};

static constexpr ConfigKeys bertKeys = {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
                                        "hidden_act"};
static constexpr ConfigKeys distilbertKeys = {"dim", "n_layers", "n_heads", "hidden_dim", "activation"};

static const Family familyTable[] = {
    {"BERT", "encoder.layer.0.attention.output.LayerNorm", "encoder.", false, bertKeys, bertModules},
    {"RoBERTa with norms before its sublayers", "encoder.layer.0.attention.LayerNorm", "encoder.", true, bertKeys,
     preNormModules},
    {"DistilBERT", "transformer.layer.0.sa_layer_norm", "transformer.", false, distilbertKeys, distilbertModules},
};

static constexpr ModelType typeTable[] = {
    {"bert", "BERT", false},
    {"roberta", "BERT", true},
    {"xlm-roberta", "BERT", true},
    {"camembert", "BERT", true},
    {"roberta-prelayernorm", "RoBERTa with norms before its sublayers", true},
    {"distilbert", "DistilBERT", false},
};

llvm::ArrayRef<Family> tenon::import::families() { return familyTable; }

llvm::ArrayRef<ModelType> tenon::import::modelTypes() { return typeTable; }

const ModelType *tenon::import::findModelType(llvm::StringRef name) {
  for (const ModelType &type : typeTable)
    if (type.name == name)
      return &type;
  return nullptr;
}

std::string tenon::import::encoderTypeNames() {
  std::string names;
  for (const ModelType &type : typeTable)
    names += (names.empty() ? "" : ", ") + type.name.str();
  return names;
}

std::string tenon::import::modelTypeNames() {
  std::string names = encoderTypeNames();
  for (const DecoderType &type : decoderTypes())
    names += ", " + type.name.str();
  for (const Seq2SeqType &type : seq2SeqTypes())
    names += ", " + type.name.str();
  return names + ", " + encoderDecoderType.str();
}
