//===- PackedParameters.cpp - Parameters out of a packed file -------------===//

#include "driver/PackedParameters.h"

#include "weights/SafetensorsSource.h"
#include <cstring>

using namespace llvm;
using namespace tenon;

PackedParameters::PackedParameters(const WeightTable &table, const weights::PackedLayout &layout,
                                   ArrayRef<uint8_t> data)
    : table(table), layout(layout), data(data) {
  for (const auto &[index, tensor] : enumerate(table.tensors)) {
    int64_t row = 0;
    for (const auto &[part, rows] : zip(tensor.parts, tensor.partRows)) {
      for (int64_t layer = 0; layer < std::max<int64_t>(1, tensor.layers); ++layer)
        places[tensor.layers > 0 ? weights::layerName(part, layer) : part] = {index, row, rows, layer};
      row += rows;
    }
  }
}

/// A parameter out of the rows that were picked of it; those that nobody reads are zeros.
static reference::FloatTensor unpick(const weights::PackedTensor &tensor, function_ref<float(uint64_t)> element) {
  SmallVector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  shape[0] = tensor.partRows[0];
  int64_t columns = reference::countElements(ArrayRef(shape).drop_front());
  std::vector<float> values(shape[0] * columns);
  for (auto [index, row] : enumerate(tensor.picked))
    for (int64_t column = 0; column < columns; ++column)
      values[row * columns + column] = element(index * columns + column);
  return reference::FloatTensor(shape, std::move(values));
}

std::optional<reference::FloatTensor> PackedParameters::find(StringRef parameter) const {
  auto found = places.find(parameter);
  if (found == places.end())
    return std::nullopt;
  const Place &place = found->second;
  const weights::PackedTensor &tensor = table.tensors[place.tensor];
  const weights::PackedPlacement &placement = layout.placements[place.tensor];
  uint64_t begin = placement.offset + place.layer * placement.layerStride;
  auto element = [&](uint64_t index) {
    float value;
    std::memcpy(&value, data.data() + begin + index * sizeof(float), sizeof(float));
    return value;
  };
  if (!tensor.picked.empty())
    return unpick(tensor, element);
  SmallVector<int64_t> shape(tensor.shape.begin(), tensor.shape.end());
  int64_t columns = tensor.panel > 0 ? shape[1] : reference::countElements(ArrayRef(shape).drop_front());
  std::vector<float> values(place.rows * columns);
  for (int64_t row = 0; row < place.rows; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      int64_t n = place.firstRow + row, panel = tensor.panel;
      uint64_t index = panel > 0 ? (n / panel * columns + column) * panel + n % panel : n * columns + column;
      values[row * columns + column] = element(index);
    }
  if (tensor.panel > 0)
    shape = {place.rows, columns};
  else
    shape[0] = place.rows;
  return reference::FloatTensor(shape, std::move(values));
}
