//===- GgufSource.h - Parameters of a GGUF file -----------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_GGUFSOURCE_H
#define TENON_WEIGHTS_GGUFSOURCE_H

#include "weights/Gguf.h"
#include "weights/TensorNames.h"

namespace tenon::weights {

/// The parameters in one file, under the names that a spec's `names` give.
class GgufSource : public WeightSource {
public:
  GgufSource(std::unique_ptr<GgufFile> file, llvm::ArrayRef<spec::TensorName> names)
      : file(std::move(file)), names(names) {}

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override { return names.tensorName(parameter); }
  std::vector<std::string> tensorNames() const override;
  std::string path() const override { return file->getPath(); }
  void release(llvm::ArrayRef<uint8_t> data) const override { file->release(data); }

private:
  std::unique_ptr<GgufFile> file;
  TensorNames names;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_GGUFSOURCE_H
