//===- MemorySource.h - Parameters that a test makes up ---------*- C++ -*-===//

#ifndef TENON_TESTS_WEIGHTS_MEMORYSOURCE_H
#define TENON_TESTS_WEIGHTS_MEMORYSOURCE_H

#include "weights/WeightSource.h"
#include <cstring>
#include <map>

namespace tenon::test {

class MemorySource : public weights::WeightSource {
public:
  /// Adds a tensor; its data begins at an odd address, as in a file.
  template <typename T>
  void add(const std::string &name, llvm::ArrayRef<int64_t> shape, const std::vector<T> &values,
           weights::StorageType type = weights::StorageType::F32) {
    Tensor &tensor = tensors[name];
    tensor.type = type;
    tensor.shape.assign(shape.begin(), shape.end());
    tensor.bytes.resize(values.size() * sizeof(T) + 1);
    if (!values.empty())
      std::memcpy(tensor.bytes.data() + 1, values.data(), values.size() * sizeof(T));
  }

  /// A float tensor with the values first, first + 1, ...
  void addCounting(const std::string &name, llvm::ArrayRef<int64_t> shape, float first) {
    int64_t count = 1;
    for (int64_t extent : shape)
      count *= extent;
    std::vector<float> values(count);
    for (float &value : values)
      value = first++;
    add(name, shape, values);
  }

  std::optional<weights::TensorView> find(llvm::StringRef parameter) const override {
    auto found = tensors.find(parameter.str());
    if (found == tensors.end())
      return std::nullopt;
    const Tensor &tensor = found->second;
    return weights::TensorView{tensor.type, tensor.shape, llvm::ArrayRef(tensor.bytes).drop_front()};
  }
  std::string tensorName(llvm::StringRef parameter) const override { return parameter.str(); }
  std::vector<std::string> tensorNames() const override {
    std::vector<std::string> names;
    for (const auto &[name, tensor] : tensors)
      names.push_back(name);
    return names;
  }
  std::string path() const override { return "made-up.safetensors"; }

private:
  struct Tensor {
    weights::StorageType type;
    llvm::SmallVector<int64_t, 4> shape;
    std::vector<uint8_t> bytes;
  };
  std::map<std::string, Tensor> tensors;
};

} // namespace tenon::test

#endif // TENON_TESTS_WEIGHTS_MEMORYSOURCE_H
