//===- Regions.cpp - Descriptions and batches for tests --------------------===//

#include "Regions.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::kernels::test {

int RegionBuilder::argument(TensorType type) {
  description.arguments.push_back(std::move(type));
  return values++;
}

int RegionBuilder::operation(const std::string &kind, std::vector<int> operands, int64_t width,
                             std::map<std::string, Attribute> attributes) {
  TensorType result{ElementType::F32, {kDynamic, width}};
  description.operations.push_back({kind, std::move(operands), {result}, std::move(attributes)});
  return values++;
}

int RegionBuilder::split(int operand, std::vector<int64_t> widths) {
  Operation operation{"split", {operand}, {}, {}};
  for (int64_t width : widths)
    operation.results.push_back({ElementType::F32, {kDynamic, width}});
  description.operations.push_back(operation);
  values += static_cast<int>(widths.size());
  return values - static_cast<int>(widths.size());
}

KernelDescription RegionBuilder::yield(std::vector<int> results) {
  description.results = std::move(results);
  return description;
}

Schedule scheduleOf(const KernelDescription &description, const TargetModel &target) {
  std::string error;
  std::optional<Schedule> schedule = defaultSchedule(description, target, error);
  if (!schedule)
    throw std::runtime_error(error);
  return *schedule;
}

Batch::Batch(std::vector<int32_t> lengths, int32_t rowTile) : lengths(std::move(lengths)) {
  starts.push_back(0);
  for (int32_t length : this->lengths)
    starts.push_back(starts.back() + std::max((length + rowTile - 1) / rowTile * rowTile, rowTile));
}

bool Batch::isReal(int64_t row) const {
  auto next = std::upper_bound(starts.begin(), starts.end(), row);
  size_t sequence = static_cast<size_t>(next - starts.begin()) - 1;
  return row < starts[sequence] + lengths[sequence];
}

std::vector<bool> realRows(const Batch &batch) {
  std::vector<bool> real;
  for (int64_t row = 0; row < batch.rows(); ++row)
    real.push_back(batch.isReal(row));
  return real;
}

Array randomArray(std::vector<int64_t> shape, unsigned seed, float deviation) {
  Array array(std::move(shape));
  std::mt19937 engine(seed);
  std::normal_distribution<float> distribution(0.0f, deviation);
  for (float &value : array.floats())
    value = distribution(engine);
  return array;
}

Array randomRows(const Batch &batch, int64_t width, unsigned seed, float deviation) {
  Array array = randomArray({batch.rows(), width}, seed, deviation);
  for (int64_t row = 0; row < batch.rows(); ++row)
    if (!batch.isReal(row))
      std::fill_n(array.floats().begin() + row * width, width, std::numeric_limits<float>::quiet_NaN());
  return array;
}

Paged::Paged(const Batch &batch, std::vector<int32_t> past, int64_t keyHeads, int64_t size, bool withNew)
    : past(std::move(past)), cache({1, 1}) {
  std::vector<int64_t> keys;
  for (size_t b = 0; b < this->past.size(); ++b) {
    keys.push_back(this->past[b] + (withNew ? batch.lengths[b] : 0));
    slots = std::max<int64_t>(slots, (this->past[b] + batch.lengths[b] + 15) / 16);
  }
  slots = std::max<int64_t>(slots, 1);
  pages = slots * static_cast<int64_t>(keys.size()) + 3;
  // 0, 1, 2, ... in another order; the three pages that are left over belong to nobody.
  for (int64_t slot = 0; slot < pages - 3; ++slot)
    table.push_back(static_cast<int32_t>(slot + 1));
  std::shuffle(table.begin(), table.end(), std::mt19937(7));
  Array values = randomArray({pages, 2 * keyHeads * size * 16}, 11);
  cache = Array(values.shape);
  std::fill(cache.floats().begin(), cache.floats().end(), std::numeric_limits<float>::quiet_NaN());
  for (size_t b = 0; b < keys.size(); ++b)
    for (int64_t key = 0; key < keys[b]; ++key)
      for (int64_t head = 0; head < keyHeads; ++head)
        for (int64_t d = 0; d < size; ++d) {
          int64_t page = table[b * static_cast<size_t>(slots) + static_cast<size_t>(key / 16)];
          int64_t first = (page * keyHeads + head) * 2 * size * 16;
          for (int64_t at : {first + d * 16 + key % 16, first + size * 16 + key % 16 * size + d})
            cache.floats()[static_cast<size_t>(at)] = values.floats()[static_cast<size_t>(at)];
        }
}

Paged Paged::ofKeys(const std::vector<int32_t> &keys, int64_t keyHeads, int64_t size) {
  return Paged(Batch(std::vector<int32_t>(keys.size(), 0)), keys, keyHeads, size);
}

Array inPanels(const Array &plain, int64_t panel) {
  int64_t width = plain.shape[0], depth = plain.shape[1];
  Array packed({(width + panel - 1) / panel, depth, panel});
  for (int64_t n = 0; n < width; ++n)
    for (int64_t k = 0; k < depth; ++k)
      packed.floats()[static_cast<size_t>((n / panel * depth + k) * panel + n % panel)] =
          plain.floats()[static_cast<size_t>(n * depth + k)];
  return packed;
}

} // namespace tenon::kernels::test
