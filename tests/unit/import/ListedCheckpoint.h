//===- ListedCheckpoint.h - Checkpoints from a list of tensors --*- C++ -*-===//

#ifndef TENON_TESTS_IMPORT_LISTEDCHECKPOINT_H
#define TENON_TESTS_IMPORT_LISTEDCHECKPOINT_H

#include "import/SmallCheckpoint.h"
#include "spec/Parameters.h"
#include "spec/SpecWriter.h"
#include "weights/Convert.h"
#include "weights/SafetensorsSource.h"

namespace tenon::test {

/// A checkpoint of two layers, width 8, 2 heads, 12 hidden components and 11 tokens. `tensors` has a line for each: its
/// name, with `*` for every layer, and its extents.
inline SmallCheckpoint checkpointOf(const std::string &config, llvm::StringRef tensors, int layers = 2) {
  SmallCheckpoint checkpoint;
  checkpoint.config = config;
  llvm::SmallVector<llvm::StringRef> lines;
  tensors.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines) {
    llvm::SmallVector<llvm::StringRef> words;
    line.split(words, ' ', -1, /*KeepEmpty=*/false);
    SmallCheckpoint::Shape shape;
    for (llvm::StringRef word : llvm::ArrayRef(words).drop_front())
      shape.push_back(std::stoll(word.str()));
    for (int layer = 0; layer < (words[0].contains('*') ? layers : 1); ++layer)
      checkpoint.tensors[weights::layerName(words[0], layer)] = shape;
  }
  return checkpoint;
}

/// The tensors of such a Llama but for its head, with keys and values of `keyRows` components.
inline std::string llamaTensors(int keyRows = 8) {
  std::string rows = std::to_string(keyRows);
  return R"(model.embed_tokens.weight 11 8
model.layers.*.input_layernorm.weight 8
model.layers.*.self_attn.q_proj.weight 8 8
model.layers.*.self_attn.k_proj.weight )" +
         rows + R"( 8
model.layers.*.self_attn.v_proj.weight )" +
         rows + R"( 8
model.layers.*.self_attn.o_proj.weight 8 8
model.layers.*.post_attention_layernorm.weight 8
model.layers.*.mlp.gate_proj.weight 12 8
model.layers.*.mlp.up_proj.weight 12 8
model.layers.*.mlp.down_proj.weight 8 12
model.norm.weight 8
)";
}

inline import::ImportedModel importFrom(const SmallCheckpoint &checkpoint, const TempDirectory &directory) {
  checkpoint.write(directory);
  llvm::Expected<import::ImportedModel> imported = import::importCheckpoint(directory.path());
  if (!imported) {
    ADD_FAILURE() << llvm::toString(imported.takeError());
    return {};
  }
  for (const spec::Parameter &parameter : spec::parameters(imported->model))
    for (int64_t layer = 0; layer < std::max<int64_t>(1, parameter.layers); ++layer) {
      std::string name = weights::layerName(parameter.name, layer);
      std::optional<weights::TensorView> view = imported->source->find(name);
      EXPECT_TRUE(view && llvm::ArrayRef<int64_t>(view->shape) == llvm::ArrayRef<int64_t>(parameter.shape))
          << name << " is " << imported->source->tensorName(name) << " of "
          << (view ? weights::shapeText(view->shape) : "no shape") << ", not " << weights::shapeText(parameter.shape);
    }
  return std::move(*imported);
}

/// The stacks and the head of a checkpoint's spec, after a look whether every parameter has a tensor of its shape.
inline std::string specOf(const SmallCheckpoint &checkpoint) {
  TempDirectory directory;
  spec::Model model = importFrom(checkpoint, directory).model;
  model.names.clear();
  std::string text = spec::writeSpec(model);
  size_t begin = text.find("    input:"), end = text.find("weights:");
  return begin == std::string::npos ? text : text.substr(begin, end - begin);
}

/// Numbers of a parameter by the position in the checkpoint's tensor that they must come from.
inline void expectRows(const SmallCheckpoint &checkpoint, const std::string &parameter, const std::string &tensor,
                       const std::vector<int> &rows, bool transposed = false) {
  TempDirectory directory;
  import::ImportedModel imported = importFrom(checkpoint, directory);
  std::optional<weights::TensorView> view = imported.source->find(parameter);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->shape[0], int64_t(rows.size())) << parameter;
  std::vector<float> values(view->elements());
  (void)weights::readFloats(*view, 0, values.size(), values.data());
  auto number = std::distance(checkpoint.tensors.begin(), checkpoint.tensors.find(tensor));
  const SmallCheckpoint::Shape &shape = checkpoint.tensors.at(tensor);
  size_t columns = values.size() / rows.size();
  for (size_t row = 0; row < rows.size(); ++row)
    for (size_t column = 0; column < columns; ++column) {
      size_t place = transposed ? column * shape[1] + rows[row] : rows[row] * columns + column;
      EXPECT_EQ(values[row * columns + column], number + place / 8.0f) << parameter << " " << row << " " << column;
    }
}

/// first, first + 1, ..., first + count - 1
inline std::vector<int> rowsFrom(int first, int count) {
  std::vector<int> rows;
  for (int i = 0; i < count; ++i)
    rows.push_back(first + i);
  return rows;
}

/// Sizes of a small decoder, in a configuration.
inline const std::string llamaSizes =
    R"("hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12, "vocab_size": 11,
       "head_dim": 4, "max_position_embeddings": 32, )";

/// `more` follows the sizes in the configuration.
inline std::string llamaConfig(const std::string &type, const std::string &more = "") {
  return "{" + llamaSizes + more + "\"model_type\": \"" + type + "\"}";
}

/// One with a key head and a head over the vocabulary.
inline SmallCheckpoint smallLlama(const std::string &more = "", const std::string &moreTensors = "") {
  return checkpointOf(llamaConfig("llama", "\"num_key_value_heads\": 1, " + more),
                      llamaTensors(/*keyRows=*/4) + "lm_head.weight 11 8\n" + moreTensors);
}

} // namespace tenon::test

#endif // TENON_TESTS_IMPORT_LISTEDCHECKPOINT_H
