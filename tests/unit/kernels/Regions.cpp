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

Batch::Batch(std::vector<int32_t> lengths) : lengths(std::move(lengths)) {
  starts.push_back(0);
  for (int32_t length : this->lengths)
    starts.push_back(starts.back() + std::max((length + 15) / 16 * 16, 16));
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
