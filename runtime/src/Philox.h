//===- Philox.h - Random numbers by counter ---------------------*- C++ -*-===//
//
// Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (2011): the same numbers on every
// machine, and any of them without those before.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_PHILOX_H
#define TENON_RUNTIME_PHILOX_H

#include <array>
#include <cstdint>

namespace tenon::runtime {

inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t(0xD2511F53u) * counter[0], second = uint64_t(0xCD9E8D57u) * counter[2];
    counter = {uint32_t(second >> 32) ^ counter[1] ^ key[0], uint32_t(second),
               uint32_t(first >> 32) ^ counter[3] ^ key[1], uint32_t(first)};
    key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
  }
  return counter;
}

/// Number `index` of a stream: in [0, 1), a multiple of 2^-53.
inline double uniform(uint64_t seed, uint64_t stream, uint64_t index) {
  std::array<uint32_t, 4> bits =
      philox({uint32_t(index), uint32_t(index >> 32), uint32_t(stream), uint32_t(stream >> 32)},
             {uint32_t(seed), uint32_t(seed >> 32)});
  return double((uint64_t(bits[1]) << 32 | bits[0]) >> 11) * 0x1p-53;
}

} // namespace tenon::runtime

#endif // TENON_RUNTIME_PHILOX_H
