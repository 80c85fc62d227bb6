//===- Seq2SeqTensors.h - The modules that a checkpoint has -----*- C++ -*-===//

#ifndef TENON_IMPORT_SEQ2SEQTENSORS_H
#define TENON_IMPORT_SEQ2SEQTENSORS_H

#include "import/Seq2SeqFamilies.h"
#include "weights/SafetensorsFiles.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::import {

/// The tensors of an encoder-decoder in a checkpoint. Modules are those of the spec, with the name of the stack.
class Seq2SeqTensors {
public:
  Seq2SeqTensors(const weights::SafetensorsFiles &files, const Seq2SeqLayout &layout) : files(files), layout(layout) {}

  /// Finds what the class that was saved puts before the names: "model.", or nothing.
  llvm::Error findPrefix();
  /// Tensors that change nothing of what the model computes: what transformers passes over; without its head, and then
  /// without a decoder, all but the encoder's.
  std::vector<std::string> idleTensors(bool withHead) const;

  /// Whether a module has a weight or a bias, in any layer for modules of layers (one that others lack is missing
  /// there, not absent).
  bool has(llvm::StringRef module, llvm::StringRef last) const { return findEntry(module, last) != nullptr; }
  bool hasWeight(llvm::StringRef module) const { return has(module, "weight"); }
  bool hasDecoder() const;
  /// Whether the bias of the scores is there and not all zeros.
  bool hasHeadBias() const;

  /// The tensor of a module, with `*` for the layer where layers have one each; the usual name of one that is missing,
  /// and empty where the layout has none.
  std::string tensorName(llvm::StringRef module, llvm::StringRef last) const;
  /// Whether two tensors are there and hold the same bytes.
  bool same(llvm::StringRef left, llvm::StringRef right) const;

private:
  std::string fullName(const Seq2SeqModule &entry, llvm::StringRef last) const;
  const Seq2SeqModule *findEntry(llvm::StringRef module, llvm::StringRef last) const;
  std::string layerPattern(llvm::StringRef name) const;

  const weights::SafetensorsFiles &files;
  const Seq2SeqLayout &layout;
  std::string prefix;
  llvm::StringMap<int64_t> patterns; ///< How many tensors have one.
};

} // namespace tenon::import

#endif // TENON_IMPORT_SEQ2SEQTENSORS_H
