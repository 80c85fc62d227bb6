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

/// The row at which `some` begins in `all`.
static std::optional<int64_t> rowsWithin(const weights::PackedTensor &some, const weights::PackedTensor &all) {
  if (some.parts.empty() || some.parts.size() >= all.parts.size() || some.layers != all.layers ||
      !some.picked.empty() || !all.picked.empty())
    return std::nullopt;
  int64_t row = 0;
  for (size_t first = 0; first + some.parts.size() <= all.parts.size(); row += all.partRows[first++])
    if (std::equal(some.parts.begin(), some.parts.end(), all.parts.begin() + first) &&
        std::equal(some.partRows.begin(), some.partRows.end(), all.partRows.begin() + first))
      return row;
  return std::nullopt;
}

std::optional<int64_t> tenon::rowsWithin(WeightOp some, WeightOp all) {
  return ::rowsWithin(packedTensor(some), packedTensor(all));
}

/// The byte of a layer of `all` at which `some` lies as it would alone: at a panel's first column, and where its own
/// memory might begin.
static std::optional<uint64_t> bytesWithin(const weights::PackedTensor &some, const weights::PackedTensor &all) {
  std::optional<int64_t> row = some.panel == all.panel ? rowsWithin(some, all) : std::nullopt;
  if (!row || (all.panel > 0 && *row % all.panel != 0))
    return std::nullopt;
  int64_t outer = all.panel > 0 ? *row / all.panel : *row;
  for (int64_t size : ArrayRef(all.shape).drop_front())
    outer *= size;
  uint64_t bytes = static_cast<uint64_t>(outer) * sizeof(float);
  return bytes % weights::kTensorAlignment == 0 ? std::optional(bytes) : std::nullopt;
}

namespace {

/// A tensor with all operations that name it.
struct NamedTensor {
  weights::PackedTensor tensor;
  SmallVector<Operation *> operations;
};

} // namespace

static SmallVector<NamedTensor> namedTensors(Operation *root) {
  llvm::StringMap<size_t> byName;
  SmallVector<NamedTensor> list;
  root->walk([&](Operation *op) {
    if (!isa<WeightOp, PositionTableOp>(op))
      return;
    auto weight = dyn_cast<WeightOp>(op);
    weights::PackedTensor tensor = weight ? packedTensor(weight) : packedTensor(cast<PositionTableOp>(op));
    auto [entry, inserted] = byName.try_emplace(tensor.name, list.size());
    if (inserted)
      list.push_back({std::move(tensor), {}});
    list[entry->second].operations.push_back(op);
  });
  return list;
}

WeightTable::WeightTable(Operation *root) {
  SmallVector<NamedTensor> named = namedTensors(root);
  // Which has the values of each, and from where on; the longest of them is within no other.
  SmallVector<std::pair<size_t, uint64_t>> holders;
  for (auto [number, each] : llvm::enumerate(named)) {
    std::pair<size_t, uint64_t> holder{number, 0};
    for (auto [otherNumber, other] : llvm::enumerate(named))
      if (other.tensor.parts.size() > named[holder.first].tensor.parts.size())
        if (std::optional<uint64_t> byte = bytesWithin(each.tensor, other.tensor))
          holder = {otherNumber, *byte};
    holders.push_back(holder);
  }
  llvm::DenseMap<size_t, size_t> indices;
  for (auto [number, each] : llvm::enumerate(named))
    if (holders[number].first == number) {
      indices[number] = tensors.size();
      tensors.push_back(each.tensor);
      operations.push_back(each.operations.front());
    }
  for (auto [each, holder] : llvm::zip(named, holders))
    for (Operation *op : each.operations)
      places[op] = {indices.lookup(holder.first), holder.second};
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
