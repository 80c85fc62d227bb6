//===- Convert.cpp --------------------------------------------------------===//

#include "weights/Convert.h"
#include "weights/Quantized.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

using namespace tenon::weights;

/// The largest of all types' blocks.
static constexpr size_t maximumBlockNumbers = 256;

static_assert(std::endian::native == std::endian::little, "tensors are stored in little endian");

bool tenon::weights::isScaled(StorageType type) {
  return type == StorageType::ScaledI8 || type == StorageType::ScaledI16;
}

bool tenon::weights::isFloat(StorageType type) {
  return type == StorageType::F32 || type == StorageType::F16 || type == StorageType::BF16 ||
         type == StorageType::F64 || isScaled(type) || isQuantized(type);
}

float tenon::weights::widenHalf(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000u) << 16;
  uint32_t magnitude = uint32_t(half & 0x7fffu) << 13;
  uint32_t exponent = magnitude & 0x0f800000u;
  magnitude += (127 - 15) << 23;
  if (exponent == 0x0f800000u) // Infinity or NaN: the exponent is all ones here too.
    magnitude += (128 - 16) << 23;
  if (exponent == 0) { // Zero or subnormal: the subtraction normalises.
    float value = std::bit_cast<float>(magnitude + (1u << 23)) - std::bit_cast<float>(uint32_t(113) << 23);
    magnitude = std::bit_cast<uint32_t>(value);
  }
  return std::bit_cast<float>(sign | magnitude);
}

/// `stride` is the distance of two numbers in numbers.
template <typename T, typename Convert>
static void convertEach(const uint8_t *data, size_t count, size_t stride, float *out, Convert convert) {
  for (size_t i = 0; i < count; ++i) {
    T stored;
    std::memcpy(&stored, data + i * stride * sizeof(T), sizeof(T));
    out[i] = convert(stored);
  }
}

/// The same as `convertToFloat` for numbers that are not one behind the other, of a type without blocks.
static void convertStrided(StorageType type, const uint8_t *data, size_t count, size_t stride, float *out) {
  switch (type) {
  case StorageType::F32:
    return convertEach<float>(data, count, stride, out, [](float value) { return value; });
  case StorageType::F16:
    return convertEach<uint16_t>(data, count, stride, out, widenHalf);
  case StorageType::BF16:
    return convertEach<uint16_t>(data, count, stride, out,
                                 [](uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); });
  case StorageType::F64:
    return convertEach<double>(data, count, stride, out, [](double value) { return static_cast<float>(value); });
  case StorageType::ScaledI8:
    return convertEach<int8_t>(data, count, stride, out, [](int8_t value) { return static_cast<float>(value); });
  case StorageType::ScaledI16:
    return convertEach<int16_t>(data, count, stride, out, [](int16_t value) { return static_cast<float>(value); });
  default:
    llvm_unreachable("a type without a float for each number");
  }
}

void tenon::weights::convertToFloat(StorageType type, const uint8_t *data, size_t count, float *out) {
  switch (type) {
  case StorageType::F32:
    if (count > 0)
      std::memcpy(out, data, count * sizeof(float));
    return;
  case StorageType::F16:
  case StorageType::BF16:
  case StorageType::F64:
  case StorageType::ScaledI8:
  case StorageType::ScaledI16:
    return convertStrided(type, data, count, 1, out);
  default:
    widenBlocks(type, data, count / blockNumbers(type), out);
  }
}

/// Multiplies what came from the numbers first, first + stride, ... of the stored tensor by their factors.
static void scale(const TensorView &tensor, uint64_t first, uint64_t count, uint64_t stride, float *out) {
  if (tensor.factors.empty())
    return;
  for (uint64_t i = 0; i < count; ++i)
    out[i] *= tensor.factors[(first + i * stride) / tensor.scaled];
}

static llvm::ArrayRef<uint8_t> readStored(const TensorView &tensor, uint64_t first, uint64_t count, float *out) {
  uint64_t numbers = blockNumbers(tensor.type), bytes = storageBytes(tensor.type);
  uint64_t firstBlock = first / numbers, end = first + count;
  llvm::ArrayRef<uint8_t> data =
      tensor.data.slice(firstBlock * bytes, (llvm::divideCeil(end, numbers) - firstBlock) * bytes);
  // A block that is not wanted whole goes through a buffer.
  std::array<float, maximumBlockNumbers> block;
  float *begin = out;
  for (uint64_t position = first; position < end;) {
    uint64_t skipped = position % numbers;
    const uint8_t *at = tensor.data.data() + position / numbers * bytes;
    if (uint64_t whole = skipped == 0 ? (end - position) / numbers * numbers : 0) {
      convertToFloat(tensor.type, at, whole, out);
      position += whole;
      out += whole;
      continue;
    }
    uint64_t length = std::min(numbers - skipped, end - position);
    convertToFloat(tensor.type, at, numbers, block.data());
    out = std::copy_n(block.data() + skipped, length, out);
    position += length;
  }
  scale(tensor, first, count, 1, begin);
  return data;
}

/// Numbers of a view that selects rows of what is stored, or of its transpose.
static void readSelected(const TensorView &tensor, uint64_t first, uint64_t count, float *out) {
  const RowSelection &selection = *tensor.selection;
  uint64_t columns = tensor.shape.size() > 1 ? tensor.elements() / std::max<int64_t>(1, tensor.shape[0]) : 1;
  for (uint64_t end = first + count; first < end;) {
    uint64_t row = selection.storedRow(first / columns), column = first % columns;
    uint64_t length = std::min(columns - column, end - first);
    if (!selection.transpose) {
      (void)readStored(tensor, row * columns + column, length, out);
    } else {
      uint64_t stored = column * selection.storedColumns + row;
      convertStrided(tensor.type, tensor.data.data() + stored * storageBytes(tensor.type), length,
                     selection.storedColumns, out);
      scale(tensor, stored, length, selection.storedColumns, out);
    }
    first += length;
    out += length;
  }
}

llvm::ArrayRef<uint8_t> tenon::weights::readFloats(const TensorView &tensor, uint64_t first, uint64_t count,
                                                   float *out) {
  if (!tensor.selection)
    return readStored(tensor, first, count, out);
  readSelected(tensor, first, count, out);
  // The rows between those that were read may be somebody else's.
  return {};
}

NonFinite tenon::weights::countNonFinite(llvm::ArrayRef<float> values) {
  constexpr uint32_t infinity = 0x7f800000u;
  NonFinite count;
  // Without branches, so that it runs in vectors.
  for (float value : values) {
    uint32_t magnitude = std::bit_cast<uint32_t>(value) & 0x7fffffffu;
    count.infinities += magnitude == infinity;
    count.nans += magnitude > infinity;
  }
  return count;
}
