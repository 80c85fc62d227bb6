//===- SmallCheckpoint.h - Checkpoints that a test makes up -----*- C++ -*-===//

#ifndef TENON_TESTS_IMPORT_SMALLCHECKPOINT_H
#define TENON_TESTS_IMPORT_SMALLCHECKPOINT_H

#include "import/Import.h"
#include "support/TempDirectory.h"
#include "weights/Safetensors.h"
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <vector>

namespace tenon::test {

/// Notes but for the one about the tokenizer, which small checkpoints do not have.
inline std::vector<std::string> withoutTokenizerNote(std::vector<std::string> notes) {
  std::erase_if(notes, [](const std::string &note) { return note.starts_with("the model has no tokenizer"); });
  return notes;
}

/// A checkpoint directory as transformers writes it, of width 6 with 2 heads, 2 layers, 8 hidden, 11 tokens and 10 rows
/// of positions. The tests change its tensors and the text of its configuration before they write it.
class SmallCheckpoint {
public:
  using Shape = llvm::SmallVector<int64_t, 4>;

  static SmallCheckpoint bert(const std::string &prefix = "") {
    SmallCheckpoint checkpoint;
    checkpoint.addEmbeddings(prefix);
    checkpoint.tensors[prefix + "embeddings.token_type_embeddings.weight"] = {2, 6};
    for (std::string layer : {"0.", "1."}) {
      layer = prefix + "encoder.layer." + layer;
      for (const char *name : {"query", "key", "value"})
        checkpoint.addLinear(layer + "attention.self." + name, 6, 6);
      checkpoint.addLinear(layer + "attention.output.dense", 6, 6);
      checkpoint.addNorm(layer + "attention.output.LayerNorm");
      checkpoint.addLinear(layer + "intermediate.dense", 8, 6);
      checkpoint.addLinear(layer + "output.dense", 6, 8);
      checkpoint.addNorm(layer + "output.LayerNorm");
    }
    checkpoint.config = R"({"model_type": "bert", "hidden_size": 6, "num_hidden_layers": 2, "num_attention_heads": 2,
      "intermediate_size": 8, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "max_position_embeddings": 10,
      "type_vocab_size": 2, "vocab_size": 11, "pad_token_id": 0, "position_embedding_type": "absolute",
      "is_decoder": false})";
    return checkpoint;
  }

  static SmallCheckpoint roberta() {
    SmallCheckpoint checkpoint = bert("roberta.");
    checkpoint.tensors["roberta.embeddings.token_type_embeddings.weight"] = {1, 6};
    checkpoint.change("\"bert\"", "\"roberta\"");
    checkpoint.change("\"type_vocab_size\": 2", "\"type_vocab_size\": 1");
    checkpoint.change("\"pad_token_id\": 0", "\"pad_token_id\": 1");
    return checkpoint;
  }

  static SmallCheckpoint preNorm() {
    SmallCheckpoint checkpoint = roberta();
    std::map<std::string, Shape> renamed;
    for (auto &[name, shape] : checkpoint.tensors) {
      std::string other = name;
      for (auto [from, to] : {std::pair("attention.output.LayerNorm", "attention.LayerNorm"),
                              std::pair(".output.LayerNorm", ".intermediate.LayerNorm")})
        if (size_t position = other.find(from); position != std::string::npos)
          other.replace(position, std::strlen(from), to);
      renamed[other] = shape;
    }
    checkpoint.tensors = std::move(renamed);
    checkpoint.addNorm("roberta.LayerNorm");
    checkpoint.change("\"roberta\"", "\"roberta-prelayernorm\"");
    return checkpoint;
  }

  static SmallCheckpoint distilbert() {
    SmallCheckpoint checkpoint;
    checkpoint.addEmbeddings("distilbert.");
    for (std::string layer : {"0.", "1."}) {
      layer = "distilbert.transformer.layer." + layer;
      for (const char *name : {"q_lin", "k_lin", "v_lin", "out_lin"})
        checkpoint.addLinear(layer + "attention." + name, 6, 6);
      checkpoint.addNorm(layer + "sa_layer_norm");
      checkpoint.addLinear(layer + "ffn.lin1", 8, 6);
      checkpoint.addLinear(layer + "ffn.lin2", 6, 8);
      checkpoint.addNorm(layer + "output_layer_norm");
    }
    checkpoint.config = R"({"model_type": "distilbert", "dim": 6, "n_layers": 2, "n_heads": 2, "hidden_dim": 8,
      "activation": "relu", "max_position_embeddings": 10, "vocab_size": 11, "sinusoidal_pos_embds": false})";
    return checkpoint;
  }

  void addLinear(const std::string &name, int64_t out, int64_t in) {
    tensors[name + ".weight"] = {out, in};
    tensors[name + ".bias"] = {out};
  }
  void addNorm(const std::string &name) {
    tensors[name + ".weight"] = {6};
    tensors[name + ".bias"] = {6};
  }
  /// Replaces `from`, which must be there, in the configuration.
  void change(const std::string &from, const std::string &to) {
    size_t position = config.find(from);
    ASSERT_NE(position, std::string::npos) << from;
    config.replace(position, from.size(), to);
  }
  /// Removes every tensor whose name ends so.
  void remove(const std::string &ending) {
    size_t removed =
        std::erase_if(tensors, [&](const auto &entry) { return llvm::StringRef(entry.first).ends_with(ending); });
    ASSERT_GT(removed, 0u) << ending;
  }

  /// Writes both files. Tensor number n holds n, n + 1/8, n + 2/8, ..., or those of the one that it copies.
  void write(const TempDirectory &directory, const std::string &below = "") const {
    std::vector<weights::SafetensorsEntry> entries;
    std::string data;
    for (const auto &[name, shape] : tensors) {
      size_t count = 1;
      for (int64_t extent : shape)
        count *= extent;
      uint64_t begin = data.size();
      auto copied = copies.find(name);
      auto original = tensors.find(copied == copies.end() ? name : copied->second);
      auto number = static_cast<float>(std::distance(tensors.begin(), original));
      for (size_t i = 0; i < count; ++i) {
        float value = number + static_cast<float>(i) / 8;
        data.append(reinterpret_cast<const char *>(&value), sizeof(value));
      }
      entries.push_back({name, weights::StorageType::F32, shape, begin, data.size()});
    }
    directory.write(below + "model.safetensors", weights::safetensorsHeader(entries, {{"format", "pt"}}, 8) + data);
    directory.write(below + "config.json", config);
  }

  /// Writes and imports; the error's text, empty where there is none, in which the directory is called DIR.
  std::string errorOf() const {
    TempDirectory directory;
    write(directory);
    llvm::Expected<import::ImportedModel> imported = import::importCheckpoint(directory.path());
    return imported ? "" : withoutPath(llvm::toString(imported.takeError()), directory);
  }

  static std::string withoutPath(std::string text, const TempDirectory &directory) {
    for (size_t at = text.find(directory.path()); at != std::string::npos; at = text.find(directory.path()))
      text.replace(at, directory.path().size(), "DIR");
    return text;
  }

  std::map<std::string, Shape> tensors;
  std::map<std::string, std::string> copies; ///< Tensors that have the numbers of others.
  std::string config;

private:
  void addEmbeddings(const std::string &prefix) {
    tensors[prefix + "embeddings.word_embeddings.weight"] = {11, 6};
    tensors[prefix + "embeddings.position_embeddings.weight"] = {10, 6};
    addNorm(prefix + "embeddings.LayerNorm");
  }
};

} // namespace tenon::test

#endif // TENON_TESTS_IMPORT_SMALLCHECKPOINT_H
