//===- CTranslate2Stacks.h - The structure in a model.bin -------*- C++ -*-===//

#ifndef TENON_IMPORT_CTRANSLATE2STACKS_H
#define TENON_IMPORT_CTRANSLATE2STACKS_H

#include "import/StoredTensors.h"
#include "import/StrictJson.h"
#include "weights/CTranslate2.h"

namespace tenon::import {

/// The variables of a file: single numbers say how the model computes, the others are its weights.
class CTranslate2Variables {
public:
  /// Adds the variables and their aliases to `tensors`, with the scales that integers are stored with.
  static llvm::Expected<CTranslate2Variables> make(const weights::CTranslate2Index &index, StoredTensors &tensors,
                                                   weights::TableSource &source);

  /// A single number, whatever its type; nothing where there is none.
  std::optional<double> number(llvm::StringRef name);
  bool flag(llvm::StringRef name, bool usual) { return number(name).value_or(usual) != 0; }
  bool has(llvm::StringRef name) const { return tensors->has(name); }
  /// The extents of a tensor; none where there is none.
  llvm::ArrayRef<int64_t> shape(llvm::StringRef name) const;
  /// What a name stands for: itself, unless it is an alias.
  llvm::StringRef target(llvm::StringRef name) const { return aliases.contains(name) ? aliases.lookup(name) : name; }
  StoredTensors &stored() { return *tensors; }

private:
  CTranslate2Variables(StoredTensors &tensors) : tensors(&tensors) {}
  StoredTensors *tensors;
  llvm::StringMap<double> numbers;
  llvm::StringMap<llvm::StringRef> aliases;
};

/// What stands in for a table of positions that a file leaves to be computed.
inline constexpr llvm::StringRef computedPositions = "computed positions";

/// The names of a layer's norms, each with a slash; empty where there is none.
struct CTranslate2Norms {
  llvm::StringRef attention = "self_attention/layer_norm/";
  llvm::StringRef attentionAfter;
  llvm::StringRef cross = "attention/layer_norm/";
  llvm::StringRef mlp = "ffn/layer_norm/";
  llvm::StringRef mlpAfter;
};
CTranslate2Norms ctranslate2Norms(const CTranslate2Variables &variables, const std::string &layer);

/// Width, stacks, shares and head of a "TransformerSpec", a "TransformerDecoderSpec" or a "WhisperSpec"; what only
/// config.json says is read from `config`, where its errors are left.
llvm::Error readCTranslate2Structure(CTranslate2Variables &variables, llvm::StringRef specification, Config &config,
                                     weights::TableSource &source, spec::Model &model);

/// Where a parameter of such a model lies.
TensorPart ctranslate2Part(const spec::Model &model, const CTranslate2Variables &variables, llvm::StringRef parameter,
                           int64_t layer);

} // namespace tenon::import

#endif // TENON_IMPORT_CTRANSLATE2STACKS_H
