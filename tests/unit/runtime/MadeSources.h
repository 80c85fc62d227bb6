//===- MadeSources.h - Something to write about -----------------*- C++ -*-===//

#ifndef TENON_TESTS_MADESOURCES_H
#define TENON_TESTS_MADESOURCES_H

#include "tenon/tenon.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tenon::tests {

/// One of each source of a model, of what it takes: tokens, features, or hidden states where it has no encoder.
class MadeSources {
public:
  /// `number` tells those of several sessions apart, which are of different lengths up to `longest`; all empty for 0.
  MadeSources(tenon_model *model, size_t number, int64_t longest = 37) {
    tenon_model_info info{};
    info.struct_size = sizeof info;
    if (tenon_model_describe(model, &info) != TENON_OK)
      return;
    tokens.resize(info.source_count);
    numbers.resize(info.source_count);
    for (size_t index = 0; index < info.source_count; ++index) {
      tenon_source_info kind{};
      kind.struct_size = sizeof kind;
      if (tenon_model_source(model, index, &kind) == TENON_OK)
        add(kind, index, number, longest);
    }
  }
  MadeSources(const MadeSources &) = delete;
  MadeSources(MadeSources &&) = default;

  std::vector<tenon_source> sources;

private:
  void add(const tenon_source_info &kind, size_t index, size_t number, int64_t longest) {
    int64_t most = kind.positions != 0 ? std::min(kind.positions, longest) : longest;
    int64_t rows = std::max<int64_t>(most - int64_t(number * 7 + index * 5), std::min<int64_t>(most, 1)), columns = 0;
    tenon_source source{};
    source.struct_size = sizeof source;
    if (kind.features != 0 || kind.vocab == 0)
      columns = kind.features != 0 ? kind.features : kind.width;
    tokens[index].reserve(1); // What is given is not null, though it be empty.
    numbers[index].reserve(1);
    for (int64_t row = 0; columns == 0 && row < rows; ++row)
      tokens[index].push_back(int32_t((row * 11 + int64_t(number * 5 + index)) % kind.vocab));
    for (int64_t at = 0; at < rows * columns; ++at)
      numbers[index].push_back(float((at * 37 + int64_t(number)) % 101) / 50 - 1);
    source.tokens = columns == 0 ? tokens[index].data() : nullptr;
    source.token_count = tokens[index].size();
    source.features = kind.features != 0 ? numbers[index].data() : nullptr;
    source.hidden = columns != 0 && kind.features == 0 ? numbers[index].data() : nullptr;
    source.rows = columns != 0 ? rows : 0;
    sources.push_back(source);
  }

  std::vector<std::vector<int32_t>> tokens;
  std::vector<std::vector<float>> numbers;
};

} // namespace tenon::tests

#endif // TENON_TESTS_MADESOURCES_H
