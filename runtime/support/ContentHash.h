//===- ContentHash.h - What tells contents apart ----------------*- C++ -*-===//

#ifndef TENON_SUPPORT_CONTENTHASH_H
#define TENON_SUPPORT_CONTENTHASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon {

/// XXH3-128 of bytes that come piece by piece: the checksum of weight files and of what is kept in caches.
class ContentHash {
public:
  ContentHash() { XXH3_128bits_reset(&state); }

  void add(const void *bytes, size_t count) { XXH3_128bits_update(&state, bytes, count); }

  /// 32 hexadecimal digits.
  std::string text() const {
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    std::string digits;
    for (uint64_t half : {uint64_t(hash.high64), uint64_t(hash.low64)})
      for (int shift = 60; shift >= 0; shift -= 4)
        digits += "0123456789abcdef"[half >> shift & 15];
    return digits;
  }

private:
  XXH3_state_t state;
};

inline std::string contentHash(std::string_view content) {
  ContentHash hash;
  hash.add(content.data(), content.size());
  return hash.text();
}

} // namespace tenon

#endif // TENON_SUPPORT_CONTENTHASH_H
