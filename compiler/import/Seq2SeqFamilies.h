//===- Seq2SeqFamilies.h - How checkpoints lay out encoder-decoders -*- C++ -*-===//

#ifndef TENON_IMPORT_SEQ2SEQFAMILIES_H
#define TENON_IMPORT_SEQ2SEQFAMILIES_H

#include "spec/Spec.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::import {

/// A module of the spec and where a checkpoint may have it; of several entries for one module the first is taken whose
/// tensors are there.
struct Seq2SeqModule {
  llvm::StringRef module;     ///< With the name of the stack; "head" for the model's head.
  llvm::StringRef checkpoint; ///< After the prefix of the model; the head's has no prefix.
};

/// A layout of tensors.
struct Seq2SeqLayout {
  llvm::StringRef probe;  ///< A tensor that every checkpoint has, by which the prefix is found.
  llvm::StringRef layers; ///< What stands before a layer's number.
  llvm::ArrayRef<Seq2SeqModule> modules;
};

/// The keys under which config.json keeps a stack's sizes. Keys with a '|' are alternatives, the first that is there
/// counts.
struct Seq2SeqKeys {
  llvm::StringRef layers, heads, hidden, length;
};

enum class Seq2SeqPositions {
  Learned,
  Sinusoidal, ///< Learned where the checkpoint has a table.
  Relative    ///< T5's bias on scores.
};

/// A value of config.json's `model_type`.
struct Seq2SeqType {
  llvm::StringRef name;
  const Seq2SeqLayout &layout;
  Seq2SeqKeys encoder, decoder;
  spec::NormKind norm = spec::NormKind::LayerNorm;
  spec::NormPlace place = spec::NormPlace::After;
  Seq2SeqPositions positions = Seq2SeqPositions::Learned;
  int64_t positionOffset = 0; ///< Rows of a learned table before that of position 0.
  llvm::StringRef activation = "activation_function";
  bool hears = false;      ///< Whether the encoder reads a spectrogram.
  bool scalesHead = false; ///< Whether a tied head's scores are divided by the root of the width.
};

llvm::ArrayRef<Seq2SeqType> seq2SeqTypes();
const Seq2SeqType *findSeq2SeqType(llvm::StringRef name);

} // namespace tenon::import

#endif // TENON_IMPORT_SEQ2SEQFAMILIES_H
