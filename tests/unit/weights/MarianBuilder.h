//===- MarianBuilder.h - Marian files that a test makes up ------*- C++ -*-===//

#ifndef TENON_TESTS_WEIGHTS_MARIANBUILDER_H
#define TENON_TESTS_WEIGHTS_MARIANBUILDER_H

#include "weights/GgufBuilder.h"
#include <functional>
#include <numeric>

namespace tenon::test {

/// A file of Marian's; what is wrong with it is put in on purpose.
class MarianBuilder {
public:
  uint64_t version = 1;
  int64_t extraTensors = 0; ///< Added to the count.

  MarianBuilder &tensor(const std::string &name, uint64_t type, std::vector<int32_t> shape, std::string data) {
    tensors.push_back({name, type, std::move(shape), std::move(data)});
    return *this;
  }
  /// The floats of `numbers`, repeated as often as `shape` needs, and padding.
  MarianBuilder &floats(const std::string &name, std::vector<int32_t> shape, std::vector<float> numbers) {
    GgufBytes bytes;
    for (int64_t i = 0; i < count(shape); ++i)
      bytes.number(numbers[i % numbers.size()]);
    return tensor(name, 0x404, std::move(shape), padded(bytes.bytes));
  }
  /// 1, 2, 3, ... and what they are divided by.
  MarianBuilder &counting(const std::string &name, std::vector<int32_t> shape, float multiplier) {
    GgufBytes bytes;
    for (int64_t i = 0; i < count(shape); ++i)
      bytes.number(static_cast<int8_t>(i % 100 + 1));
    bytes.number(multiplier);
    return tensor(name, 0x4101, std::move(shape), padded(bytes.bytes));
  }
  MarianBuilder &text(const std::string &name, const std::string &text) {
    std::string data = text + std::string(1, '\0');
    auto length = static_cast<int32_t>(data.size());
    return tensor(name, 0x101, {length}, std::move(data));
  }
  /// Without the last tensor of this name.
  MarianBuilder &remove(const std::string &name) {
    for (size_t i = tensors.size(); i > 0; --i)
      if (tensors[i - 1].name == name) {
        tensors.erase(tensors.begin() + static_cast<ptrdiff_t>(i - 1));
        return *this;
      }
    std::abort();
  }

  std::string build() const {
    GgufBytes bytes;
    bytes.number(version).number<uint64_t>(tensors.size() + extraTensors);
    for (const Tensor &tensor : tensors)
      bytes.number<uint64_t>(tensor.name.size() + 1)
          .number(tensor.type)
          .number<uint64_t>(tensor.shape.size())
          .number<uint64_t>(tensor.data.size());
    for (const Tensor &tensor : tensors)
      bytes.bytes += tensor.name + std::string(1, '\0');
    for (const Tensor &tensor : tensors)
      for (int32_t extent : tensor.shape)
        bytes.number(extent);
    bytes.number<uint64_t>(5).bytes += "\1\2\3\4\5";
    for (const Tensor &tensor : tensors)
      bytes.bytes += tensor.data;
    return bytes.bytes;
  }

private:
  struct Tensor {
    std::string name;
    uint64_t type;
    std::vector<int32_t> shape;
    std::string data;
  };

  static int64_t count(const std::vector<int32_t> &shape) {
    return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
  }
  static std::string padded(std::string data) {
    data.resize((data.size() + 255) / 256 * 256, '?');
    return data;
  }

  std::vector<Tensor> tensors;
};

} // namespace tenon::test

#endif // TENON_TESTS_WEIGHTS_MARIANBUILDER_H
