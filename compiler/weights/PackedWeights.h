//===- PackedWeights.h - The weight file beside a library -------*- C++ -*-===//
//
// One safetensors file, mapped by the runtime, whose tensors have the layouts that the kernels read.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_WEIGHTS_PACKEDWEIGHTS_H
#define TENON_WEIGHTS_PACKEDWEIGHTS_H

#include "support/AtomicFile.h"
#include "weights/WeightSource.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace tenon::weights {

/// How the values of a tensor come about when no file holds them.
enum class Generator {
  None,
  Sinusoidal,            ///< [positions, width]: sin(p·f), then cos(p·f), f = base^(-i/(width/2-1)) (Marian, fairseq).
  SinusoidalEven,        ///< [positions, width]: sin(p·f), then cos(p·f), f = base^(-2i/width).
  SinusoidalInterleaved, ///< [positions, width]: sin(p·f), cos(p·f) in turn, f = base^(-2i/width) (the paper;
                         ///< DistilBERT).
  RotaryCosine,          ///< [positions, dims/2]: cos(position · base^(-2i/dims)).
  RotarySine,            ///< [positions, dims/2]: sin of the same.
};

/// One tensor of the packed file. `shape` is that of one layer.
struct PackedTensor {
  std::string name;
  /// Parameters that are concatenated along their first dimension; `*` stands for the layer. Empty with a generator.
  std::vector<std::string> parts;
  int64_t layers = 0; ///< Layers stacked as a new first dimension; 0 for a tensor that no layer indexes.
  /// Plain: the parameter's shape (concatenated). Panels: {ceil(N/panel), K, panel} of an N×K matrix: element (n, k)
  /// stands at (n / panel, k, n % panel), and columns past N are zero.
  std::vector<int64_t> shape;
  int64_t panel = 0; ///< Columns of a panel; 0 for plain.
  /// Rows of each part (dimension 0), in order; the parts' other dimensions are the packed tensor's.
  std::vector<int64_t> partRows;
  /// Of the one part, which rows there are, in order; all of them where empty.
  std::vector<int64_t> picked = {};
  Generator generator = Generator::None;
  double base = 10000.0;
  std::vector<double> frequencies = {}; ///< Rotary only: in place of what follows from `base`, one per column.
  double magnitude = 1;            ///< Rotary only: factor on every element.
};

/// Where a tensor lies in the file's data, in bytes. `layerStride` is the distance of two layers.
struct PackedPlacement {
  uint64_t offset = 0;
  uint64_t layerStride = 0;
};

struct PackedLayout {
  std::vector<PackedPlacement> placements; ///< In the order of the tensors given.
  uint64_t dataBytes = 0;
};

constexpr uint64_t kTensorAlignment = 64;

/// Places tensors so that those whose size is a multiple of 64 bytes start at multiples of 64, in a given order without
/// gaps. All are float32.
llvm::Expected<PackedLayout> placeTensors(llvm::ArrayRef<PackedTensor> tensors);

/// Compares what the tensors need with what `source` has: every missing, misshapen or wrongly typed parameter, all in
/// one error of several lines, with every tensor of the source that nothing uses (those alone are for the import to
/// judge). NaN and infinities are counted and reported in `notes`.
llvm::Error checkWeights(llvm::ArrayRef<PackedTensor> tensors, const WeightSource &source,
                         std::vector<std::string> &notes);

struct PackedFile {
  uint64_t fileBytes = 0;
  std::string id; ///< 32 hexadecimal digits: XXH3-128 of the tensor data; also "id" in the file's __metadata__.
};

/// Writes the packed file: streams tensor by tensor (never more than one layer of one tensor in memory beside the
/// mapped source), to a temporary name that is then renamed. `progress` gets bytes done and bytes in all.
llvm::Expected<PackedFile> writePackedWeights(llvm::StringRef path, llvm::ArrayRef<PackedTensor> tensors,
                                              const PackedLayout &layout, const WeightSource &source,
                                              const std::function<void(uint64_t, uint64_t)> &progress);

/// The same for a caller that commits `file` together with something else. `metadata` is what the file's header says
/// besides.
llvm::Expected<PackedFile> writePackedWeights(AtomicFile &file, llvm::ArrayRef<PackedTensor> tensors,
                                              const PackedLayout &layout, const WeightSource &source,
                                              const std::function<void(uint64_t, uint64_t)> &progress,
                                              llvm::ArrayRef<std::pair<std::string, std::string>> metadata = {});

} // namespace tenon::weights

#endif // TENON_WEIGHTS_PACKEDWEIGHTS_H
