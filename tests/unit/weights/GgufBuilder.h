//===- GgufBuilder.h - GGUF files that a test makes up ----------*- C++ -*-===//

#ifndef TENON_TESTS_WEIGHTS_GGUFBUILDER_H
#define TENON_TESTS_WEIGHTS_GGUFBUILDER_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace tenon::test {

/// Bytes, written one after the other.
class GgufBytes {
public:
  template <typename T> GgufBytes &number(T value) {
    bytes.append(reinterpret_cast<const char *>(&value), sizeof(T));
    return *this;
  }
  GgufBytes &string(const std::string &text) {
    number<uint64_t>(text.size());
    bytes += text;
    return *this;
  }
  std::string bytes;
};

/// A file with metadata and tensors; what is wrong with it is put in on purpose.
class GgufBuilder {
public:
  std::string magic = "GGUF";
  uint32_t version = 3;
  uint64_t alignment = 32;  ///< Of the data; the metadata does not say so by itself.
  int64_t extraEntries = 0; ///< Added to the count of the metadata.
  int64_t extraTensors = 0; ///< Added to the count of the tensors.

  /// An entry whose value is `value`, of the type with this number.
  GgufBuilder &entry(const std::string &key, uint32_t type, const std::string &value) {
    metadata.string(key).number(type).bytes += value;
    ++entries;
    return *this;
  }
  GgufBuilder &text(const std::string &key, const std::string &value) {
    return entry(key, 8, GgufBytes().string(value).bytes);
  }
  GgufBuilder &integer(const std::string &key, uint32_t value) {
    return entry(key, 4, GgufBytes().number(value).bytes);
  }
  GgufBuilder &real(const std::string &key, float value) { return entry(key, 6, GgufBytes().number(value).bytes); }
  GgufBuilder &boolean(const std::string &key, bool value) {
    return entry(key, 7, GgufBytes().number<uint8_t>(value).bytes);
  }
  GgufBuilder &texts(const std::string &key, const std::vector<std::string> &values) {
    GgufBytes bytes;
    bytes.number<uint32_t>(8).number<uint64_t>(values.size());
    for (const std::string &value : values)
      bytes.string(value);
    return entry(key, 9, bytes.bytes);
  }
  template <typename T> GgufBuilder &numbers(const std::string &key, uint32_t type, const std::vector<T> &values) {
    GgufBytes bytes;
    bytes.number(type).template number<uint64_t>(values.size());
    for (T value : values)
      bytes.number(value);
    return entry(key, 9, bytes.bytes);
  }

  /// A tensor in the order of its rows; its data is placed behind that of the tensor before, aligned.
  GgufBuilder &tensor(const std::string &name, uint32_t type, const std::vector<uint64_t> &shape,
                      const std::string &contents) {
    uint64_t offset = (data.size() + alignment - 1) / alignment * alignment;
    describe(name, type, shape, offset);
    data.resize(offset);
    data += contents;
    return *this;
  }
  /// A tensor of float32 that counts from `first`.
  GgufBuilder &counting(const std::string &name, const std::vector<uint64_t> &shape, float first = 0) {
    uint64_t count = 1;
    for (uint64_t extent : shape)
      count *= extent;
    GgufBytes bytes;
    for (uint64_t i = 0; i < count; ++i)
      bytes.number(first + static_cast<float>(i));
    return tensor(name, 0, shape, bytes.bytes);
  }
  /// A tensor without data of its own.
  GgufBuilder &describe(const std::string &name, uint32_t type, const std::vector<uint64_t> &shape, uint64_t offset) {
    infos.string(name).number<uint32_t>(shape.size());
    for (size_t i = shape.size(); i-- > 0;)
      infos.number(shape[i]);
    infos.number(type).number(offset);
    ++tensors;
    return *this;
  }

  std::string build() const {
    GgufBytes file;
    file.bytes = magic;
    file.number(version).number<uint64_t>(tensors + extraTensors).number<uint64_t>(entries + extraEntries);
    file.bytes += metadata.bytes + infos.bytes;
    file.bytes.resize((file.bytes.size() + alignment - 1) / alignment * alignment);
    return file.bytes + data;
  }

private:
  GgufBytes metadata, infos;
  std::string data;
  uint64_t entries = 0, tensors = 0;
};

} // namespace tenon::test

#endif // TENON_TESTS_WEIGHTS_GGUFBUILDER_H
