//===- PackedShape.cpp ----------------------------------------------------===//

#include "weights/PackedShape.h"
#include "runtime/support/Printable.h"
#include "runtime/support/CheckedSize.h"
#include "weights/Safetensors.h"
#include <cmath>
#include <cstring>

using namespace tenon;
using namespace tenon::weights;

static llvm::Error inconsistent(const PackedTensor &tensor, const llvm::Twine &message) {
  return llvm::createStringError("packed tensor '" + printable(tensor.name) + "': " + message);
}

llvm::Expected<PackedShape> tenon::weights::packedShape(const PackedTensor &tensor) {
  CheckedSize elements = 1;
  for (int64_t extent : tensor.shape)
    elements *= extent;
  CheckedSize rows = 0;
  for (int64_t part : tensor.partRows)
    rows += part;
  if (tensor.generator != Generator::None && tensor.shape.size() == 2)
    rows = tensor.shape[0];
  if (!elements.isValid() || !rows.isValid() || !CheckedSize(tensor.layers).isValid() ||
      !(elements * storedLayers(tensor) * sizeof(float)).isValid())
    return inconsistent(tensor, "shape " + shapeText(tensor.shape) + " is negative or too large");
  bool generated = tensor.generator != Generator::None;
  if (tensor.parts.size() != tensor.partRows.size() || tensor.parts.empty() != generated)
    return inconsistent(tensor, "it has " + llvm::Twine(tensor.parts.size()) + " parts and rows of " +
                                    llvm::Twine(tensor.partRows.size()));
  PackedShape shape;
  shape.elements = elements.get();
  shape.rows = static_cast<int64_t>(rows.get());
  if (tensor.panel > 0) {
    if (generated || tensor.shape.size() != 3 || tensor.shape[2] != tensor.panel ||
        !(CheckedSize(tensor.shape[0]) * tensor.panel == rows.alignedTo(tensor.panel)))
      return inconsistent(tensor, "shape " + shapeText(tensor.shape) + " does not hold " + llvm::Twine(shape.rows) +
                                      " rows in panels of " + llvm::Twine(tensor.panel));
    shape.columns = tensor.shape[1];
    return shape;
  }
  if (!tensor.picked.empty()) {
    bool inside = llvm::all_of(tensor.picked, [&](int64_t row) { return row >= 0 && row < shape.rows; });
    if (tensor.parts.size() != 1 || !inside)
      return inconsistent(tensor, "it picks rows that its one part does not have");
    shape.rows = static_cast<int64_t>(tensor.picked.size());
  }
  if (tensor.shape.empty() || tensor.shape[0] != shape.rows || (generated && tensor.shape.size() != 2))
    return inconsistent(tensor,
                        "shape " + shapeText(tensor.shape) + " does not hold " + llvm::Twine(shape.rows) + " rows");
  // Where a tensor has no rows, its columns may still be too many to count.
  CheckedSize columns = 1;
  for (int64_t extent : llvm::ArrayRef(tensor.shape).drop_front())
    columns *= extent;
  if (!(columns * sizeof(double)).isValid())
    return inconsistent(tensor, "shape " + shapeText(tensor.shape) + " is negative or too large");
  shape.columns = static_cast<int64_t>(columns.get());
  return shape;
}

llvm::SmallVector<int64_t, 4> tenon::weights::partShape(const PackedTensor &tensor, size_t index) {
  llvm::SmallVector<int64_t, 4> shape = {tensor.partRows[index]};
  if (tensor.panel > 0)
    shape.push_back(tensor.shape[1]);
  else
    shape.append(tensor.shape.begin() + 1, tensor.shape.end());
  return shape;
}

/// The value of a generated tensor. The angle is computed in double, since positions times frequencies are large.
static double generatedValue(const PackedTensor &tensor, int64_t columns, int64_t position, int64_t column) {
  double half = static_cast<double>(columns) / 2;
  switch (tensor.generator) {
  case Generator::Sinusoidal: {
    int64_t pair = column < columns / 2 ? column : column - columns / 2;
    double exponent = half > 1 ? static_cast<double>(pair) / (half - 1) : 0;
    double angle = position * std::pow(tensor.base, -exponent);
    return column < columns / 2 ? std::sin(angle) : std::cos(angle);
  }
  case Generator::SinusoidalEven: {
    int64_t pair = column < columns / 2 ? column : column - columns / 2;
    double angle = position * std::pow(tensor.base, -static_cast<double>(pair) / half);
    return column < columns / 2 ? std::sin(angle) : std::cos(angle);
  }
  case Generator::SinusoidalInterleaved: {
    int64_t pair = column / 2;
    double angle = position * std::pow(tensor.base, -static_cast<double>(pair) / half);
    return column % 2 == 0 ? std::sin(angle) : std::cos(angle);
  }
  case Generator::RotaryCosine:
  case Generator::RotarySine: {
    double frequency = tensor.frequencies.empty() ? std::pow(tensor.base, -static_cast<double>(column) / columns)
                                                  : tensor.frequencies[column];
    double angle = position * frequency;
    return tensor.magnitude * (tensor.generator == Generator::RotaryCosine ? std::cos(angle) : std::sin(angle));
  }
  case Generator::None:
    break;
  }
  llvm_unreachable("nothing generates this tensor");
}

void tenon::weights::generateRows(const PackedTensor &tensor, int64_t columns, int64_t firstRow,
                                  llvm::MutableArrayRef<float> values) {
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(generatedValue(tensor, columns, firstRow + i / columns, i % columns));
}
