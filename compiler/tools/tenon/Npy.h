//===- Npy.h - NumPy's array files ------------------------------*- C++ -*-===//
//
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 and 2, little endian.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TOOLS_NPY_H
#define TENON_TOOLS_NPY_H

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::tools {

struct NpyArray {
  bool isFloat = true; ///< float32 or int32
  std::vector<int64_t> shape;
  std::vector<float> floats;
  std::vector<int32_t> ints;
};

/// "float32 [3, 80]"
std::string describe(const NpyArray &array);

/// Reads float32, float64, int32 or int64 in C order; float64 is rounded, and an int64 must fit into an int32. Throws
/// Failure.
NpyArray readNpy(const std::string &path);

/// Writes `array` to a temporary name and renames it to `path`. Throws Failure.
void writeNpy(const std::string &path, const NpyArray &array);

} // namespace tenon::tools

#endif // TENON_TOOLS_NPY_H
