//===- GgufSource.h - Parameters of a GGUF file -----------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_GGUFSOURCE_H
#define TENON_WEIGHTS_GGUFSOURCE_H

#include "weights/Gguf.h"

namespace tenon::weights {

/// The rows of a tensor that are one parameter.
struct GgufRows {
  std::string tensor;
  int64_t first = 0;
  int64_t count = -1; ///< -1 for all of them.
};

/// The parameters in one file, by the names that the spec gives them.
class GgufSource : public WeightSource {
public:
  explicit GgufSource(std::unique_ptr<GgufFile> file) : file(std::move(file)) {}

  /// Says where a parameter is; layers have their number in both names.
  void add(llvm::StringRef parameter, GgufRows rows) { places[parameter] = std::move(rows); }

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override;
  std::vector<std::string> tensorNames() const override;
  std::string path() const override { return file->getPath(); }
  void release(llvm::ArrayRef<uint8_t> data) const override { file->release(data); }

private:
  std::unique_ptr<GgufFile> file;
  llvm::StringMap<GgufRows> places;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_GGUFSOURCE_H
