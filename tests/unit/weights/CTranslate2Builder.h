//===- CTranslate2Builder.h - A model.bin that a test makes up --*- C++ -*-===//

#ifndef TENON_TESTS_WEIGHTS_CTRANSLATE2BUILDER_H
#define TENON_TESTS_WEIGHTS_CTRANSLATE2BUILDER_H

#include "weights/GgufBuilder.h"
#include <functional>
#include <numeric>

namespace tenon::test {

/// A model.bin; what is wrong with it is put in on purpose.
class CTranslate2Builder {
public:
  uint32_t version = 6;
  std::string specification = "TransformerSpec";
  uint32_t revision = 7;
  int32_t extraVariables = 0, extraAliases = 0; ///< Added to the counts.

  CTranslate2Builder &variable(const std::string &name, uint8_t type, std::vector<uint32_t> shape, std::string data) {
    variables.push_back({name, type, std::move(shape), std::move(data)});
    return *this;
  }
  template <typename T> CTranslate2Builder &number(const std::string &name, uint8_t type, T value) {
    return variable(name, type, {}, GgufBytes().number(value).bytes);
  }
  CTranslate2Builder &flag(const std::string &name, int8_t value) { return number(name, 1, value); }
  /// The floats first, first + 1, ...
  CTranslate2Builder &floats(const std::string &name, std::vector<uint32_t> shape, float first = 0) {
    GgufBytes bytes;
    for (uint64_t i = 0; i < count(shape); ++i)
      bytes.number(first + static_cast<float>(i));
    return variable(name, 0, std::move(shape), bytes.bytes);
  }
  /// The integers 1, 2, 3, ... as T.
  template <typename T>
  CTranslate2Builder &integers(const std::string &name, uint8_t type, std::vector<uint32_t> shape) {
    GgufBytes bytes;
    for (uint64_t i = 0; i < count(shape); ++i)
      bytes.number(static_cast<T>(i % 100 + 1));
    return variable(name, type, std::move(shape), bytes.bytes);
  }
  CTranslate2Builder &alias(const std::string &alias, const std::string &name) {
    aliases.push_back({alias, name});
    return *this;
  }
  /// Without the variable of this name.
  CTranslate2Builder &remove(const std::string &name) {
    if (std::erase_if(variables, [&](const Variable &variable) { return variable.name == name; }) != 1)
      std::abort();
    return *this;
  }

  std::string build() const {
    GgufBytes bytes;
    bytes.number(version);
    writeName(bytes, specification);
    bytes.number(revision).number<uint32_t>(variables.size() + extraVariables);
    for (const Variable &variable : variables) {
      writeName(bytes, variable.name);
      bytes.number<uint8_t>(variable.shape.size());
      for (uint32_t extent : variable.shape)
        bytes.number(extent);
      bytes.number(variable.type).number<uint32_t>(variable.data.size()).bytes += variable.data;
    }
    bytes.number<uint32_t>(aliases.size() + extraAliases);
    for (const auto &[alias, name] : aliases) {
      writeName(bytes, alias);
      writeName(bytes, name);
    }
    return bytes.bytes;
  }

private:
  struct Variable {
    std::string name;
    uint8_t type;
    std::vector<uint32_t> shape;
    std::string data;
  };

  static uint64_t count(const std::vector<uint32_t> &shape) {
    return std::accumulate(shape.begin(), shape.end(), uint64_t(1), std::multiplies<>());
  }
  static void writeName(GgufBytes &bytes, const std::string &name) {
    bytes.number<uint16_t>(name.size() + 1).bytes += name + std::string(1, '\0');
  }

  std::vector<Variable> variables;
  std::vector<std::pair<std::string, std::string>> aliases;
};

} // namespace tenon::test

#endif // TENON_TESTS_WEIGHTS_CTRANSLATE2BUILDER_H
