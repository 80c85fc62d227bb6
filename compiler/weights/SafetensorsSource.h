//===- SafetensorsSource.h - Parameters of a safetensors file ---*- C++ -*-===//

#ifndef TENON_WEIGHTS_SAFETENSORSSOURCE_H
#define TENON_WEIGHTS_SAFETENSORSSOURCE_H

#include "spec/Spec.h"
#include "weights/Safetensors.h"

namespace tenon::weights {

/// The parameters in one file, under the names that a spec's `names` give. A parameter that `names` does not hold has
/// its own name in the file.
class SafetensorsSource : public WeightSource {
public:
  SafetensorsSource(std::unique_ptr<SafetensorsFile> file, llvm::ArrayRef<spec::TensorName> names);

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override;
  std::vector<std::string> tensorNames() const override;
  std::string path() const override { return file->getPath(); }
  void release(llvm::ArrayRef<uint8_t> data) const override { file->release(data); }

private:
  std::unique_ptr<SafetensorsFile> file;
  llvm::StringMap<std::string> tensors; ///< By parameter, with `*` for the layer in both.
};

/// `pattern` with the number of a layer in place of `*`.
std::string layerName(llvm::StringRef pattern, int64_t layer);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SAFETENSORSSOURCE_H
