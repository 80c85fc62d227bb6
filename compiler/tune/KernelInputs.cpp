//===- KernelInputs.cpp - A kernel's arguments, kept ----------------------===//

#include "tune/KernelInputs.h"

#include "tune/Evict.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace tenon;
using namespace tenon::tune;

/// What a copy keeps of an address: its place between lines that are fetched in pairs.
static constexpr size_t kAlignment = 128;

static const halide_buffer_t &bufferOf(void **arguments, size_t index) {
  // Behind the user context.
  return *static_cast<const halide_buffer_t *>(arguments[index + 1]);
}

/// From the buffer's first element to behind its last; strides are not negative.
static size_t bytesOf(const halide_buffer_t &buffer) {
  size_t last = 0;
  for (int32_t index = 0; index < buffer.dimensions; ++index) {
    const halide_dimension_t &dimension = buffer.dim[index];
    if (dimension.extent <= 0)
      return 0;
    last += static_cast<size_t>(dimension.extent - 1) * static_cast<size_t>(dimension.stride);
  }
  return (last + 1) * static_cast<size_t>((buffer.type.bits + 7) / 8);
}

KernelInputs::KernelInputs(void **arguments, size_t count, ModelMemory modelMemory)
    : memory(std::move(modelMemory)), count(count) {
  struct Span {
    const uint8_t *begin, *end;
  };
  std::vector<Span> spans;
  for (size_t index = 0; index < count; ++index) {
    const halide_buffer_t &buffer = bufferOf(arguments, index);
    size_t bytes = buffer.host && !memory.isWeight(buffer.host) ? bytesOf(buffer) : 0;
    if (memory.readable)
      bytes = memory.readable(buffer.host, bytes);
    if (bytes > 0)
      spans.push_back({buffer.host, buffer.host + bytes});
  }
  std::sort(spans.begin(), spans.end(), [](const Span &a, const Span &b) { return a.begin < b.begin; });
  for (size_t index = 0; index < spans.size();) {
    Span whole = spans[index];
    for (++index; index < spans.size() && spans[index].begin < whole.end; ++index)
      whole.end = std::max(whole.end, spans[index].end);
    keep(whole.begin, static_cast<size_t>(whole.end - whole.begin));
  }
  addVariant(arguments);
}

void KernelInputs::keep(const uint8_t *begin, size_t bytes) {
  Region region{begin, bytes, nullptr, nullptr, {begin, begin + bytes}, {}};
  size_t offset = reinterpret_cast<uintptr_t>(begin) % kAlignment;
  size_t size = (offset + bytes + kAlignment - 1) / kAlignment * kAlignment;
  region.memory.reset(static_cast<uint8_t *>(std::aligned_alloc(kAlignment, size)));
  if (!region.memory)
    throw std::bad_alloc();
  region.copy = region.memory.get() + offset;
  std::memcpy(region.copy, begin, bytes);
  regions.push_back(std::move(region));
}

uint8_t *KernelInputs::placeOf(const uint8_t *address) {
  for (Region &region : regions)
    if (address >= region.begin && address < region.begin + region.bytes)
      return region.copy + (address - region.begin);
  // Nothing of a buffer without elements is looked at.
  return const_cast<uint8_t *>(address);
}

void KernelInputs::addVariant(void **arguments) {
  bool isFirst = buffers.empty();
  std::vector<halide_buffer_t> own;
  for (size_t index = 0; index < count; ++index) {
    halide_buffer_t buffer = bufferOf(arguments, index);
    if (isFirst) {
      dimensions.emplace_back(buffer.dim, buffer.dim + buffer.dimensions);
      buffer.host = memory.isWeight(buffer.host) ? buffer.host : placeOf(buffer.host);
    } else if (!memory.isWeight(buffer.host)) {
      buffer.host = buffers[0][index].host;
    }
    buffer.dim = dimensions[index].data();
    own.push_back(buffer);
  }
  buffers.push_back(std::move(own));
  vectors.emplace_back();
}

std::vector<void **> KernelInputs::argumentVectors(void **context) {
  std::vector<void **> all;
  for (size_t variant = 0; variant < buffers.size(); ++variant) {
    vectors[variant] = {context};
    for (halide_buffer_t &buffer : buffers[variant])
      vectors[variant].push_back(&buffer);
    all.push_back(vectors[variant].data());
  }
  return all;
}

void KernelInputs::evictWeights(size_t variant) const {
  for (const halide_buffer_t &buffer : buffers[variant])
    if (memory.isWeight(buffer.host))
      evict(buffer.host, bytesOf(buffer));
}

void KernelInputs::restore() {
  for (Region &region : regions)
    std::memcpy(region.copy, region.before.data(), region.bytes);
}

bool KernelInputs::matchesFirst() {
  bool same = true;
  for (Region &region : regions)
    if (!hasFirst)
      region.first.assign(region.copy, region.copy + region.bytes);
    else
      same &= std::memcmp(region.first.data(), region.copy, region.bytes) == 0;
  hasFirst = true;
  return same;
}
