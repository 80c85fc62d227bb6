//===- Quantized.cpp ------------------------------------------------------===//
//
// The layouts of blocks, in bytes (d, m: float16; q: the numbers' low bits; h: their high bits; s: 6-bit scales and
// minima of 8 groups of 32, or int8 scales of 16 groups of 16):
//
//   Q8_0  d2 q32          d*q           Q4_K  d2 m2 s12 q128          d*s*q - m*min
//   Q4_0  d2 q16          d*(q-8)       Q5_K  d2 m2 s12 h32 q128      d*s*q - m*min
//   Q4_1  d2 m2 q16       d*q + m       Q6_K  q128 h64 s16 d2         d*s*(q-32)
//   Q5_0  d2 h4 q16       d*(q-16)
//   Q5_1  d2 m2 h4 q16    d*q + m
//
// A block of 32 has the numbers 0 to 15 in the low halves of its 16 bytes, 16 to 31 in the high ones.
//
//===----------------------------------------------------------------------===//

#include "weights/Quantized.h"
#include "weights/Convert.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/ErrorHandling.h"

// A fused multiply-add would round once where the reference rounds twice.
#pragma clang fp contract(off)

using namespace tenon::weights;

static float halfAt(const uint8_t *data) { return widenHalf(llvm::support::endian::read16le(data)); }

/// The high bits of the 32 numbers of a block, one each.
static uint32_t bitsAt(const uint8_t *data) { return llvm::support::endian::read32le(data); }

static void widenQ8_0(const uint8_t *block, float *out) {
  float scale = halfAt(block);
  for (int i = 0; i < 32; ++i)
    out[i] = static_cast<float>(static_cast<int8_t>(block[2 + i])) * scale;
}

static void widenQ4_0(const uint8_t *block, float *out) {
  float scale = halfAt(block);
  for (int i = 0; i < 16; ++i) {
    out[i] = scale * static_cast<float>((block[2 + i] & 15) - 8);
    out[i + 16] = scale * static_cast<float>((block[2 + i] >> 4) - 8);
  }
}

static void widenQ4_1(const uint8_t *block, float *out) {
  float scale = halfAt(block), minimum = halfAt(block + 2);
  for (int i = 0; i < 16; ++i) {
    out[i] = scale * static_cast<float>(block[4 + i] & 15) + minimum;
    out[i + 16] = scale * static_cast<float>(block[4 + i] >> 4) + minimum;
  }
}

static void widenQ5_0(const uint8_t *block, float *out) {
  float scale = halfAt(block);
  uint32_t high = bitsAt(block + 2);
  for (int i = 0; i < 16; ++i) {
    int low = (block[6 + i] & 15) | int(high >> i & 1) << 4;
    int upper = (block[6 + i] >> 4) | int(high >> (i + 16) & 1) << 4;
    out[i] = scale * static_cast<float>(low - 16);
    out[i + 16] = scale * static_cast<float>(upper - 16);
  }
}

static void widenQ5_1(const uint8_t *block, float *out) {
  float scale = halfAt(block), minimum = halfAt(block + 2);
  uint32_t high = bitsAt(block + 4);
  for (int i = 0; i < 16; ++i) {
    int low = (block[8 + i] & 15) | int(high >> i & 1) << 4;
    int upper = (block[8 + i] >> 4) | int(high >> (i + 16) & 1) << 4;
    out[i] = scale * static_cast<float>(low) + minimum;
    out[i + 16] = scale * static_cast<float>(upper) + minimum;
  }
}

namespace {
/// Scale and minimum of a group of 32 in the 12 bytes that hold eight of each.
struct GroupScale {
  GroupScale(const uint8_t *bytes, int group) {
    if (group < 4) {
      scale = bytes[group] & 63;
      minimum = bytes[group + 4] & 63;
    } else {
      scale = (bytes[group + 4] & 15) | (bytes[group - 4] >> 6) << 4;
      minimum = (bytes[group + 4] >> 4) | (bytes[group] >> 6) << 4;
    }
  }
  int scale, minimum;
};
} // namespace

static void widenQ4_K(const uint8_t *block, float *out) {
  float scale = halfAt(block), minimum = halfAt(block + 2);
  const uint8_t *numbers = block + 16;
  for (int group = 0; group < 8; ++group) {
    GroupScale of(block + 4, group);
    float factor = scale * static_cast<float>(of.scale), offset = minimum * static_cast<float>(of.minimum);
    const uint8_t *bytes = numbers + group / 2 * 32;
    int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i)
      out[group * 32 + i] = factor * static_cast<float>(bytes[i] >> shift & 15) - offset;
  }
}

static void widenQ5_K(const uint8_t *block, float *out) {
  float scale = halfAt(block), minimum = halfAt(block + 2);
  const uint8_t *high = block + 16, *numbers = block + 48;
  for (int group = 0; group < 8; ++group) {
    GroupScale of(block + 4, group);
    float factor = scale * static_cast<float>(of.scale), offset = minimum * static_cast<float>(of.minimum);
    const uint8_t *bytes = numbers + group / 2 * 32;
    int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      int number = (bytes[i] >> shift & 15) | (high[i] >> group & 1) << 4;
      out[group * 32 + i] = factor * static_cast<float>(number) - offset;
    }
  }
}

static void widenQ6_K(const uint8_t *block, float *out) {
  const uint8_t *low = block, *high = block + 128, *scales = block + 192;
  float scale = halfAt(block + 208);
  for (int row = 0; row < 8; ++row) {
    // Each half of 128 numbers: 64 bytes of low bits, twice, and 32 bytes of high bits, four times.
    const uint8_t *lowBytes = low + row / 4 * 64 + row % 2 * 32;
    const uint8_t *highBytes = high + row / 4 * 32;
    int lowShift = row % 4 / 2 * 4, highShift = row % 4 * 2;
    for (int i = 0; i < 32; ++i) {
      int number = (lowBytes[i] >> lowShift & 15) | (highBytes[i] >> highShift & 3) << 4;
      float factor = scale * static_cast<float>(static_cast<int8_t>(scales[row * 2 + i / 16]));
      out[row * 32 + i] = factor * static_cast<float>(number - 32);
    }
  }
}

using WidenBlock = void (*)(const uint8_t *block, float *out);

static WidenBlock blockFunction(StorageType type) {
  switch (type) {
  case StorageType::Q8_0:
    return widenQ8_0;
  case StorageType::Q4_0:
    return widenQ4_0;
  case StorageType::Q4_1:
    return widenQ4_1;
  case StorageType::Q5_0:
    return widenQ5_0;
  case StorageType::Q5_1:
    return widenQ5_1;
  case StorageType::Q4_K:
    return widenQ4_K;
  case StorageType::Q5_K:
    return widenQ5_K;
  case StorageType::Q6_K:
    return widenQ6_K;
  default:
    return nullptr;
  }
}

bool tenon::weights::isQuantized(StorageType type) { return blockFunction(type) != nullptr; }

void tenon::weights::widenBlocks(StorageType type, const uint8_t *data, size_t blocks, float *out) {
  WidenBlock widen = blockFunction(type);
  if (!widen)
    llvm_unreachable("not a quantised type");
  for (size_t block = 0; block < blocks; ++block)
    widen(data + block * storageBytes(type), out + block * blockNumbers(type));
}
