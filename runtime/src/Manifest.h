//===- Manifest.h - What a library says of itself ---------------*- C++ -*-===//
//
// The part of the manifest (docs/library.md) that running a model needs.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_MANIFEST_H
#define TENON_RUNTIME_MANIFEST_H

#include "tenon/tenon.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

/// The bytes of one element.
size_t elementBytes(tenon_type type);
/// "f32"; "type 77" for a number that is no type.
std::string typeName(tenon_type type);

/// One extent of a tensor: a number, or one of the entry point's dims.
struct Extent {
  int64_t fixed = 0;
  int dim = -1; ///< index into Entry::dims; -1 where `fixed` is meant
};

struct TensorType {
  std::string name;
  tenon_type type = TENON_F32;
  std::vector<Extent> shape;
  bool optional = false;
};

struct Entry {
  std::string name;
  std::vector<std::string> dims;
  std::vector<TensorType> inputs;
  std::vector<TensorType> outputs;
};

/// What a model takes at most; 0 for what the manifest does not limit.
struct Limits {
  int64_t vocab = 0;
  int64_t positions = 0;
  int64_t types = 0;
  int64_t textTokens = 0; ///< most tokens that a text is cut to
};

struct WeightFileName {
  std::string file;
  uint64_t bytes = 0;
  std::string id;
};

struct Manifest {
  std::string name;
  std::string spec;
  int64_t width = 0;
  std::vector<Entry> entries;
  Limits limits;
  size_t kernelCount = 0;
  std::optional<WeightFileName> weights;
};

/// Reads a manifest; a Failure of TENON_ERROR_LIBRARY names what is wrong with it.
Manifest parseManifest(std::string_view json);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_MANIFEST_H
