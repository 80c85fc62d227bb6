//===- KernelInputs.h - A kernel's arguments, kept --------------*- C++ -*-===//

#ifndef TENON_TUNE_KERNELINPUTS_H
#define TENON_TUNE_KERNELINPUTS_H

#include "HalideRuntime.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

namespace tenon::tune {

/// What is known of the memory that kernels get.
struct ModelMemory {
  /// The packed weights, which are not copied.
  const uint8_t *weights;
  size_t weightBytes;
  /// Of a buffer's bytes, how many have memory behind them: of a cache, the pages that are in use. May be empty.
  std::function<size_t(const uint8_t *begin, size_t bytes)> readable;

  bool isWeight(const uint8_t *address) const { return address >= weights && address < weights + weightBytes; }
};

/// Copies of a kernel's buffers, as they were before the call. Buffers that share memory share it in the copy, and lie
/// as they lay to vectors' and cache lines' bounds.
class KernelInputs {
public:
  KernelInputs(void **arguments, size_t count, ModelMemory memory);

  /// Adds the weights of another call that has all else alike.
  void addVariant(void **arguments);
  size_t variants() const { return vectors.size(); }

  /// Argument vectors for the kernel, one for each variant; `context` is the user context of the calls.
  std::vector<void **> argumentVectors(void **context);
  /// Takes the weights of a variant out of all caches.
  void evictWeights(size_t variant) const;
  /// Makes all memory what it was before the call.
  void restore();
  /// Whether the memory is what it was at the first call of this.
  bool matchesFirst();

private:
  struct Release {
    void operator()(uint8_t *memory) const { std::free(memory); }
  };
  struct Region {
    const uint8_t *begin;
    size_t bytes;
    std::unique_ptr<uint8_t, Release> memory;
    uint8_t *copy; ///< Within `memory`.
    std::vector<uint8_t> before, first;
  };
  using Vector = std::vector<void *>;

  void keep(const uint8_t *begin, size_t bytes);
  uint8_t *placeOf(const uint8_t *address);

  ModelMemory memory;
  size_t count;
  std::vector<Region> regions;
  bool hasFirst = false;
  /// By variant: buffers, whose dimensions are one list for all.
  std::vector<std::vector<halide_buffer_t>> buffers;
  std::vector<std::vector<halide_dimension_t>> dimensions;
  std::vector<Vector> vectors;
};

} // namespace tenon::tune

#endif // TENON_TUNE_KERNELINPUTS_H
