//===- PairTable.h - Merges by their pair ----------------------*- C++ -*-===//

#ifndef TENON_TEXT_PAIRTABLE_H
#define TENON_TEXT_PAIRTABLE_H

#include <cstdint>
#include <vector>

namespace tenon::text {

/// What two neighbouring tokens merge into. Open addressing: most questions are answered by one cache line.
class PairTable {
public:
  struct Merge {
    uint32_t rank;
    int32_t id;
  };

  explicit PairTable(size_t count) {
    size_t capacity = 16;
    while (capacity < count * 2)
      capacity *= 2;
    slots.resize(capacity);
  }

  /// No more than the `count` of the constructor; a pair that comes again replaces what it was.
  void set(int32_t left, int32_t right, Merge merge) {
    Slot &slot = slots[indexOf(key(left, right))];
    slot = {key(left, right), merge};
  }

  const Merge *find(int32_t left, int32_t right) const {
    const Slot &slot = slots[indexOf(key(left, right))];
    return slot.key == kFree ? nullptr : &slot.merge;
  }

private:
  static constexpr uint64_t kFree = ~uint64_t(0); ///< No pair of ids: they are not negative.

  struct Slot {
    uint64_t key = kFree;
    Merge merge{};
  };

  static uint64_t key(int32_t left, int32_t right) {
    return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
  }

  size_t indexOf(uint64_t key) const {
    size_t index = static_cast<size_t>((key * 0x9E3779B97F4A7C15ull) >> 20);
    for (;; ++index) {
      const Slot &slot = slots[index & (slots.size() - 1)];
      if (slot.key == key || slot.key == kFree)
        return index & (slots.size() - 1);
    }
  }

  std::vector<Slot> slots;
};

} // namespace tenon::text

#endif // TENON_TEXT_PAIRTABLE_H
