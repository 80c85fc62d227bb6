//===- Evict.h - Memory out of the caches -----------------------*- C++ -*-===//

#ifndef TENON_TUNE_EVICT_H
#define TENON_TUNE_EVICT_H

#include <cstddef>
#include <cstdint>

#include <immintrin.h>

namespace tenon::tune {

/// Whoever reads these bytes next reads them from memory.
inline void evict(const uint8_t *begin, size_t bytes) {
  constexpr size_t line = 64;
  for (const uint8_t *place = begin, *end = begin + bytes; place < end; place += line)
    _mm_clflush(place);
  if (bytes > 0)
    _mm_clflush(begin + bytes - 1);
  _mm_mfence();
}

} // namespace tenon::tune

#endif // TENON_TUNE_EVICT_H
