//===- MarianStructure.h - What special:model.yml says ----------*- C++ -*-===//

#ifndef TENON_IMPORT_MARIANSTRUCTURE_H
#define TENON_IMPORT_MARIANSTRUCTURE_H

#include "import/StoredTensors.h"
#include "spec/Spec.h"

namespace tenon::import {

/// Reads the hyperparameters in `yaml`, a text of the file at `path`, into the width, the stacks, the shares and the
/// head of `model`.
llvm::Error readMarianStructure(llvm::StringRef yaml, llvm::StringRef path, spec::Model &model);

/// The tensor of a parameter of such a model. `stored` has the matrices of int8 numbers as [out, in].
TensorPart marianPart(const StoredTensors &stored, llvm::StringRef parameter, int64_t layer);

} // namespace tenon::import

#endif // TENON_IMPORT_MARIANSTRUCTURE_H
