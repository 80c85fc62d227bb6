//===- Weights.cpp - The packed weights that IR names ---------------------===//

#include "passes/Weights.h"
#include "tenon/Dialect.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace tenon;

template <typename Number> static uint64_t contentHash(ArrayRef<Number> numbers) {
  return llvm::xxh3_64bits(
      ArrayRef(reinterpret_cast<const uint8_t *>(numbers.data()), numbers.size() * sizeof(Number)));
}

static weights::PackedTensor packedTensor(WeightOp op) {
  weights::PackedTensor tensor;
  for (Attribute parameter : op.getParameters())
    tensor.parts.push_back(cast<StringAttr>(parameter).str());
  tensor.name = llvm::join(tensor.parts, "+");
  tensor.layers = op.getLayers();
  tensor.shape = op.getResult().getType().getShape().vec();
  tensor.panel = op.getPanel();
  if (std::optional<ArrayRef<int64_t>> rows = op.getPartRows())
    tensor.partRows = rows->vec();
  else if (!tensor.shape.empty())
    tensor.partRows = {tensor.shape[0]};
  if (tensor.panel > 0)
    tensor.name += "/panels" + std::to_string(tensor.panel);
  if (std::optional<ArrayRef<int64_t>> picked = op.getRows()) {
    tensor.picked = picked->vec();
    tensor.name += "/rows" + llvm::utohexstr(contentHash<int64_t>(tensor.picked));
  }
  return tensor;
}

static weights::PackedTensor packedTensor(PositionTableOp op) {
  weights::PackedTensor tensor;
  tensor.base = op.getBase().convertToDouble();
  tensor.magnitude = op.getMagnitude().convertToDouble();
  if (std::optional<ArrayRef<double>> frequencies = op.getFrequencies())
    tensor.frequencies = frequencies->vec();
  tensor.shape = op.getResult().getType().getShape().vec();
  switch (op.getFunction()) {
  case TableFunction::Sinusoidal:
    tensor.generator = weights::Generator::Sinusoidal;
    break;
  case TableFunction::SinusoidalEven:
    tensor.generator = weights::Generator::SinusoidalEven;
    break;
  case TableFunction::SinusoidalInterleaved:
    tensor.generator = weights::Generator::SinusoidalInterleaved;
    break;
  case TableFunction::RotaryCosine:
    tensor.generator = weights::Generator::RotaryCosine;
    break;
  case TableFunction::RotarySine:
    tensor.generator = weights::Generator::RotarySine;
    break;
  }
  llvm::raw_string_ostream(tensor.name) << stringifyTableFunction(op.getFunction()) << "/" << tensor.shape[0] << "x"
                                        << tensor.shape[1] << "/base" << tensor.base;
  if (!tensor.frequencies.empty() || tensor.magnitude != 1) {
    tensor.name += "/magnitude" + std::to_string(tensor.magnitude) + "/" +
                   llvm::utohexstr(contentHash<double>(tensor.frequencies));
  }
  return tensor;
}

WeightTable::WeightTable(Operation *root) {
  llvm::StringMap<size_t> byName;
  root->walk([&](Operation *op) {
    if (!isa<WeightOp, PositionTableOp>(op))
      return;
    auto weight = dyn_cast<WeightOp>(op);
    weights::PackedTensor tensor = weight ? packedTensor(weight) : packedTensor(cast<PositionTableOp>(op));
    auto [entry, inserted] = byName.try_emplace(tensor.name, tensors.size());
    if (inserted)
      tensors.push_back(std::move(tensor));
    indices[op] = entry->second;
  });
}

/// Whether a kernel that takes `use` does more with it than pick rows.
static bool readsAll(OpOperand &use) {
  auto kernel = dyn_cast<KernelOp>(use.getOwner());
  if (!kernel)
    return true;
  BlockArgument argument = kernel.getBody().front().getArgument(use.getOperandNumber());
  return llvm::any_of(argument.getUses(), [](OpOperand &inner) {
    auto embed = dyn_cast<EmbedOp>(inner.getOwner());
    return !embed || inner.get() != embed.getTable();
  });
}

int64_t tenon::weightBytesRead(func::FuncOp function) {
  int64_t bytes = 0;
  llvm::StringSet<> counted;
  function.walk([&](WeightOp weight) {
    // A call that wants the last logits does not want all of them: one product of the head is computed.
    bool again = !weight.getLayer() && !counted.insert(packedTensor(weight).name).second;
    if (again || !llvm::any_of(weight->getUses(), readsAll))
      return;
    RankedTensorType type = weight.getResult().getType();
    auto repeat = weight->getParentOfType<RepeatOp>();
    bytes += type.getNumElements() * type.getElementTypeBitWidth() / 8 * (repeat ? repeat.getCount() : 1);
  });
  return bytes;
}
