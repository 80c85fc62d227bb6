//===- PackedWeights.cpp - Placement and checks ---------------------------===//

#include "weights/PackedWeights.h"
#include "runtime/support/Printable.h"
#include "runtime/support/CheckedSize.h"
#include "weights/Convert.h"
#include "weights/PackedShape.h"
#include "weights/Safetensors.h"
#include "weights/SafetensorsSource.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::weights;

/// Lines of an error; a model with another width would otherwise list every tensor.
static constexpr size_t maximumLines = 60;

llvm::Expected<PackedLayout> tenon::weights::placeTensors(llvm::ArrayRef<PackedTensor> tensors) {
  PackedLayout layout;
  layout.placements.resize(tensors.size());
  std::vector<uint64_t> bytes;
  for (auto [tensor, placement] : llvm::zip_equal(tensors, layout.placements)) {
    llvm::Expected<PackedShape> shape = packedShape(tensor);
    if (!shape)
      return shape.takeError();
    uint64_t layerBytes = shape->elements * sizeof(float);
    placement.layerStride = layerBytes;
    bytes.push_back(layerBytes * storedLayers(tensor));
  }
  CheckedSize offset = 0;
  // Whatever breaks the alignment of those behind it comes last.
  for (bool aligned : {true, false})
    for (auto [size, placement] : llvm::zip_equal(bytes, layout.placements)) {
      if ((size % kTensorAlignment == 0) != aligned)
        continue;
      if (!(offset + size).isValid())
        return llvm::createStringError("the packed weights take more than 2^63 bytes");
      placement.offset = offset.get();
      offset += size;
    }
  layout.dataBytes = offset.get();
  return layout;
}

namespace {

/// What is found while the parameters are compared with a source.
class WeightCheck {
public:
  WeightCheck(const WeightSource &source, std::vector<std::string> &notes) : source(source), notes(notes) {}
  void checkPart(const std::string &parameter, llvm::ArrayRef<int64_t> shape);
  llvm::Error finish();

private:
  void countValues(const std::string &tensor, const TensorView &view);

  const WeightSource &source;
  std::vector<std::string> &notes;
  std::vector<std::string> errors;
  llvm::StringSet<> used;
  std::vector<float> buffer;
};

} // namespace

void WeightCheck::checkPart(const std::string &parameter, llvm::ArrayRef<int64_t> shape) {
  std::string tensor = source.tensorName(parameter);
  std::optional<TensorView> view = source.find(parameter);
  bool first = used.insert(tensor).second;
  std::string subject = "'" + printable(tensor) + "'" + (tensor == parameter ? "" : ", for parameter '" + printable(parameter) + "',");
  if (!view)
    errors.push_back("tensor " + subject + " is missing; expected shape " + shapeText(shape));
  else if (view->shape != shape)
    errors.push_back("tensor " + subject + " has shape " + shapeText(view->shape) + "; expected " + shapeText(shape));
  else if (!isFloat(view->type))
    errors.push_back("tensor " + subject + " has type " + storageName(view->type).str() +
                     "; expected F32, F16, BF16 or F64");
  else if (first || view->selection)
    countValues(tensor, *view);
}

void WeightCheck::countValues(const std::string &tensor, const TensorView &view) {
  constexpr size_t chunk = 1 << 16;
  buffer.resize(chunk);
  size_t count = view.elements();
  NonFinite total;
  for (size_t begin = 0; begin < count; begin += chunk) {
    size_t length = std::min(chunk, count - begin);
    llvm::ArrayRef<uint8_t> bytes = readFloats(view, begin, length, buffer.data());
    NonFinite found = countNonFinite(llvm::ArrayRef(buffer).take_front(length));
    total.nans += found.nans;
    total.infinities += found.infinities;
    source.release(bytes);
  }
  if (total.nans + total.infinities > 0)
    notes.push_back("tensor '" + printable(tensor) + "': of " + std::to_string(count) + " values, NaN: " +
                    std::to_string(total.nans) + ", infinite as float32: " + std::to_string(total.infinities));
}

llvm::Error WeightCheck::finish() {
  if (errors.empty())
    return llvm::Error::success();
  for (const std::string &name : source.tensorNames())
    if (!used.contains(name))
      errors.push_back("tensor '" + printable(name) + "' is not used by the model");
  std::string text = "the weights in '" + source.path() + "' do not fit the model:";
  for (const std::string &line : llvm::ArrayRef(errors).take_front(maximumLines))
    text += "\n  " + line;
  if (errors.size() > maximumLines)
    text += "\n  and " + std::to_string(errors.size() - maximumLines) + " more";
  return llvm::createStringError(text);
}

llvm::Error tenon::weights::checkWeights(llvm::ArrayRef<PackedTensor> tensors, const WeightSource &source,
                                         std::vector<std::string> &notes) {
  WeightCheck check(source, notes);
  for (const PackedTensor &tensor : tensors) {
    if (llvm::Expected<PackedShape> shape = packedShape(tensor); !shape)
      return shape.takeError();
    for (int64_t layer = 0; layer < storedLayers(tensor); ++layer)
      for (auto [index, part] : llvm::enumerate(tensor.parts))
        check.checkPart(layerName(part, layer), partShape(tensor, index));
  }
  return check.finish();
}
