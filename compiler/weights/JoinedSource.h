//===- JoinedSource.h - Parameters of several files -------------*- C++ -*-===//

#ifndef TENON_WEIGHTS_JOINEDSOURCE_H
#define TENON_WEIGHTS_JOINEDSOURCE_H

#include "weights/WeightSource.h"
#include <memory>

namespace tenon::weights {

/// One source, and others for the parameters whose names begin in a certain way.
class JoinedSource : public WeightSource {
public:
  explicit JoinedSource(std::unique_ptr<WeightSource> main) : main(std::move(main)) {}

  /// `place` precedes the names of the tensors of `source` in messages.
  void add(std::string parameters, std::string place, std::unique_ptr<WeightSource> source) {
    parts.push_back({std::move(parameters), std::move(place), std::move(source)});
  }

  std::optional<TensorView> find(llvm::StringRef parameter) const override;
  std::string tensorName(llvm::StringRef parameter) const override;
  std::vector<std::string> tensorNames() const override;
  std::string path() const override { return main->path(); }
  /// Pages of any of the files: none is needed to say so.
  void release(llvm::ArrayRef<uint8_t> data) const override { main->release(data); }

private:
  struct Part {
    std::string parameters;
    std::string place;
    std::unique_ptr<WeightSource> source;
  };
  const Part *partOf(llvm::StringRef parameter) const;

  std::unique_ptr<WeightSource> main;
  std::vector<Part> parts;
};

} // namespace tenon::weights

#endif // TENON_WEIGHTS_JOINEDSOURCE_H
