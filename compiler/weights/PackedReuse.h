//===- PackedReuse.h - A packed file that need not be written again -*- C++ -*-===//

#ifndef TENON_WEIGHTS_PACKEDREUSE_H
#define TENON_WEIGHTS_PACKEDREUSE_H

#include "weights/PackedWeights.h"

namespace tenon::weights {

/// A digest of everything that the packed file follows from: the tensors and what `source` has for their parts. Nothing
/// where the source lacks one.
std::optional<std::string> packedInputs(llvm::ArrayRef<PackedTensor> tensors, const WeightSource &source);

/// The packed file at `path` with what was noted about its source, where it was made of the same inputs and header and
/// data are those that were written; nothing otherwise, whatever may be there.
std::optional<PackedFile> reusePackedWeights(llvm::StringRef path, llvm::StringRef inputs,
                                             std::vector<std::string> &notes);

/// Puts the checksum of a packed file's header in the place that its metadata has for it. No byte of the header, its
/// length and its padding among them, changes without it.
void sealHeader(std::string &header);

/// The metadata by which a packed file is found again.
std::vector<std::pair<std::string, std::string>> reuseMetadata(llvm::StringRef inputs,
                                                               llvm::ArrayRef<std::string> notes);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_PACKEDREUSE_H
