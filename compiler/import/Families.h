//===- Families.h - How checkpoints name their tensors ----------*- C++ -*-===//

#ifndef TENON_IMPORT_FAMILIES_H
#define TENON_IMPORT_FAMILIES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::import {

/// A module of the spec and the one of the checkpoint with its weight and bias; `*` stands for the layer.
struct ModuleName {
  llvm::StringRef module;     ///< After the name of the stack: "layers.*.attention.query".
  llvm::StringRef checkpoint; ///< After the prefix of the model: "encoder.layer.*.attention.self.query".
};

/// The keys under which config.json keeps the sizes.
struct ConfigKeys {
  llvm::StringRef width, layers, heads, hidden, activation;
};

/// One way to lay out an encoder's tensors.
struct Family {
  llvm::StringRef name;
  llvm::StringRef probe;  ///< A tensor of the first layer that only this family has.
  llvm::StringRef layers; ///< What the names of all layers' tensors begin with.
  bool normBefore;
  ConfigKeys keys;
  llvm::ArrayRef<ModuleName> modules;
};

/// A value of config.json's `model_type`.
struct ModelType {
  llvm::StringRef name;
  llvm::StringRef family;
  /// Whether positions are counted from the padding token's id + 1 (fairseq's habit).
  bool positionsFollowPadding;
};

llvm::ArrayRef<Family> families();
llvm::ArrayRef<ModelType> modelTypes();
const ModelType *findModelType(llvm::StringRef name);

/// The model type of two checkpoints in one, an encoder and a decoder that attends to it.
inline constexpr llvm::StringRef encoderDecoderType = "encoder-decoder";

/// "bert, roberta, ...": every model type of an encoder.
std::string encoderTypeNames();
/// Every model type that can be imported.
std::string modelTypeNames();

} // namespace tenon::import

#endif // TENON_IMPORT_FAMILIES_H
