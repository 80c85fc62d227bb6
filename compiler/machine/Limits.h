//===- Limits.h - What this machine can do at most --------------*- C++ -*-===//

#ifndef TENON_MACHINE_LIMITS_H
#define TENON_MACHINE_LIMITS_H

#include "machine/ThisCpu.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tenon::machine {

/// Float32 multiply-adds, GFLOP/s: in registers alone, and of the fastest tile of a product whose operands come from
/// the first and from the second cache. On some CPUs registers are not to be fed as fast as they compute.
struct Arithmetic {
  double registers = 0, firstCache = 0, secondCache = 0;
};

/// GB/s that are read in order.
struct Reading {
  double firstCache = 0, secondCache = 0, lastCache = 0, memory = 0, memoryHugePages = 0;
};

struct Limits {
  unsigned threads = 1; ///< That work at the same time; figures are of all of them together.
  Caches caches{};
  size_t memoryBytes = 0;           ///< What `memory` is read from: twice the last cache at least.
  Arithmetic avx2;                  ///< With vectors of 256 bits.
  std::optional<Arithmetic> avx512; ///< With vectors of 512 bits, where the CPU has them.
  Reading read;                     ///< With the widest vectors; of a cache that there is not, 0.

  /// With the vectors that compute fastest.
  const Arithmetic &arithmetic() const { return avx512 && avx512->registers > avx2.registers ? *avx512 : avx2; }
  /// With vectors of so many bytes, or the widest that the CPU has.
  const Arithmetic &arithmetic(int64_t vectorBytes) const { return vectorBytes > 32 && avx512 ? *avx512 : avx2; }
};

/// Takes some seconds and, for so long, twice `memoryBytes` of memory. Each figure is the best of some short runs,
/// since whatever else the machine does can only lower it. None, and why, for a CPU without AVX2 or too little memory.
std::optional<Limits> measureLimits(unsigned threads, std::string &error);

} // namespace tenon::machine

#endif // TENON_MACHINE_LIMITS_H
