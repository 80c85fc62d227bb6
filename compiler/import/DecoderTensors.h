//===- DecoderTensors.h - The modules that a checkpoint has -----*- C++ -*-===//

#ifndef TENON_IMPORT_DECODERTENSORS_H
#define TENON_IMPORT_DECODERTENSORS_H

#include "import/DecoderFamilies.h"
#include "weights/SafetensorsFiles.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::import {

/// The tensors of a decoder in a checkpoint. Modules are those of the spec, after the name of the stack.
class DecoderTensors {
public:
  DecoderTensors(const weights::SafetensorsFiles &files, const DecoderType &type)
      : files(files), type(type), layout(type.layout) {}

  /// Finds what the class that was saved puts before the names, "model." or nothing, of tensors that begin with `root`.
  llvm::Error findPrefix(llvm::StringRef root);
  /// Tensors that change nothing of what the model computes: buffers and what reads no text; without its head also
  /// what stands beside the model.
  std::vector<std::string> idleTensors(bool withHead) const;

  /// Whether a module has a weight or a bias, in any layer for modules of layers (one that others lack is missing
  /// there, not absent).
  bool has(llvm::StringRef module, llvm::StringRef last) const { return findEntry(module, last) != nullptr; }
  bool hasWeight(llvm::StringRef module) const { return has(module, "weight"); }
  bool hasBias(llvm::StringRef module) const { return has(module, "bias"); }
  /// Whether the head's matrix is there and has other numbers than the token embedding.
  bool hasOwnHead() const;
  /// The first extent of a module's weight; 0 where there is none.
  int64_t rows(llvm::StringRef module) const;

  /// The first entry of the layout for `module` whose tensor is there, or that would be it; null where it has none.
  const DecoderModule *entry(llvm::StringRef module, llvm::StringRef last) const;
  /// The name of an entry's tensor, with `*` for the layer.
  std::string tensorName(const DecoderModule &entry, llvm::StringRef last) const;

private:
  const DecoderModule *findEntry(llvm::StringRef module, llvm::StringRef last) const;
  std::string layerPattern(llvm::StringRef name) const;
  bool isOfModel(llvm::StringRef pattern) const;

  const weights::SafetensorsFiles &files;
  const DecoderType &type;
  const DecoderLayout &layout;
  std::string prefix;
  std::string headPrefix;            ///< Of the head, which stands beside the model.
  llvm::StringMap<int64_t> patterns; ///< The first extent of the tensors of a pattern.
};

} // namespace tenon::import

#endif // TENON_IMPORT_DECODERTENSORS_H
