//===- SafetensorsSource.h - Parameters of a safetensors file ---*- C++ -*-===//

#ifndef TENON_WEIGHTS_SAFETENSORSSOURCE_H
#define TENON_WEIGHTS_SAFETENSORSSOURCE_H

#include "spec/Spec.h"
#include "weights/SafetensorsFiles.h"
#include "weights/TensorNames.h"

namespace tenon::weights {

/// The parameters in one or several files, under the names that a spec's `names` give. A parameter that `names` does
/// not hold has its own name in the file.
class SafetensorsSource : public WeightSource {
public:
  SafetensorsSource(std::unique_ptr<SafetensorsFiles> files, llvm::ArrayRef<spec::TensorName> names)
      : files(std::move(files)), names(names) {}
  SafetensorsSource(std::unique_ptr<SafetensorsFile> file, llvm::ArrayRef<spec::TensorName> names)
      : SafetensorsSource(std::make_unique<SafetensorsFiles>(std::move(file)), names) {}

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override { return names.tensorName(parameter); }
  std::vector<std::string> tensorNames() const override;
  std::optional<TensorView> tensor(llvm::StringRef name) const override { return files->find(name); }
  std::string path() const override { return files->getPath(); }
  void release(llvm::ArrayRef<uint8_t> data) const override { files->release(data); }

private:
  std::unique_ptr<SafetensorsFiles> files;
  TensorNames names;
};

/// The part of a stored tensor that `name` says, with a row count of 0 where the rows do not divide into its periods or
/// where it transposes what is no matrix.
TensorView selectRows(const TensorView &stored, const spec::TensorName &name);

/// `pattern` with the number of a layer in place of `*`.
std::string layerName(llvm::StringRef pattern, int64_t layer);

} // namespace tenon::weights

#endif // TENON_WEIGHTS_SAFETENSORSSOURCE_H
