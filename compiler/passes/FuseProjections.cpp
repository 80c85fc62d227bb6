//===- FuseProjections.cpp - One product of linears of the same rows ------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_FUSEPROJECTIONS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

namespace {

WeightOp plainWeight(Value value) {
  auto weight = value ? value.getDefiningOp<WeightOp>() : WeightOp();
  return weight && weight.getPanel() == 0 && !weight.getPartRows() && !weight.getRows() ? weight : WeightOp();
}

/// What linears must have in common to become one.
struct Key {
  Block *block;
  Value input;
  Value layer;
  int64_t layers;
  Value biasLayer;
  int64_t biasLayers; ///< -1 where there is no bias.

  bool operator==(const Key &) const = default;
};

std::optional<Key> fusionKey(LinearOp linear) {
  WeightOp weight = plainWeight(linear.getWeight()), bias = plainWeight(linear.getBias());
  if (!weight || (linear.getBias() && !bias))
    return std::nullopt;
  return Key{linear->getBlock(),
             linear.getInput(),
             weight.getLayer(),
             static_cast<int64_t>(weight.getLayers()),
             bias ? bias.getLayer() : Value(),
             bias ? static_cast<int64_t>(bias.getLayers()) : -1};
}

/// The parameters of `weights`, one after another.
Value concatenate(SmallVectorImpl<WeightOp> &weights, OpBuilder &builder) {
  SmallVector<Attribute> names;
  SmallVector<int64_t> partRows, shape(weights[0].getResult().getType().getShape());
  shape[0] = 0;
  for (WeightOp weight : weights) {
    llvm::append_range(names, weight.getParameters());
    partRows.push_back(weight.getResult().getType().getDimSize(0));
    shape[0] += partRows.back();
  }
  return WeightOp::create(builder, weights[0].getLoc(),
                          RankedTensorType::get(shape, weights[0].getResult().getType().getElementType()),
                          builder.getArrayAttr(names), weights[0].getLayer(), weights[0].getLayers(),
                          builder.getDenseI64ArrayAttr(partRows), 0, DenseI64ArrayAttr());
}

/// Linears that become one, in the order in which they stand.
using Group = SmallVector<LinearOp>;

/// The places of parameters among all that products are made with, each where it is first read: groups of several
/// functions that have some in common have them in one order, and side by side where they are so in the first.
class ParameterOrder {
public:
  void add(LinearOp linear) { places.try_emplace(parameter(linear), places.size()); }

  Group sorted(const Group &linears) const {
    Group order(linears);
    llvm::stable_sort(order, [&](LinearOp a, LinearOp b) {
      return places.lookup(parameter(a)) < places.lookup(parameter(b));
    });
    return order;
  }

private:
  static Attribute parameter(LinearOp linear) { return plainWeight(linear.getWeight()).getParametersAttr(); }

  llvm::DenseMap<Attribute, size_t> places;
};

/// One product where the first of `linears` stands, with their parameters in the order of `order`.
void fuse(ArrayRef<LinearOp> linears, Group order) {
  LinearOp first = linears[0];
  OpBuilder builder(first);
  SmallVector<WeightOp> matrices, biases;
  SmallVector<Type> parts;
  for (LinearOp linear : order) {
    matrices.push_back(plainWeight(linear.getWeight()));
    if (linear.getBias())
      biases.push_back(plainWeight(linear.getBias()));
    parts.push_back(linear.getType());
  }
  Value matrix = concatenate(matrices, builder);
  Value bias = biases.empty() ? Value() : concatenate(biases, builder);
  SmallVector<int64_t> shape(first.getResult().getType().getShape());
  shape.back() = cast<RankedTensorType>(matrix.getType()).getDimSize(0);
  auto type = RankedTensorType::get(shape, first.getResult().getType().getElementType());
  Value product = LinearOp::create(builder, first.getLoc(), type, first.getInput(), matrix, bias);
  auto split = SplitOp::create(builder, first.getLoc(), parts, product);
  for (auto [linear, part] : llvm::zip(order, split.getResults())) {
    linear.getResult().replaceAllUsesWith(part);
    linear.erase();
  }
  for (WeightOp weight : llvm::concat<WeightOp>(matrices, biases))
    if (weight.use_empty())
      weight.erase();
}

struct FuseProjections : tenon::impl::FuseProjectionsBase<FuseProjections> {
  void runOnOperation() override {
    SmallVector<std::pair<Key, Group>> groups;
    ParameterOrder order;
    getOperation().walk([&](LinearOp linear) {
      std::optional<Key> key = fusionKey(linear);
      if (!key)
        return;
      order.add(linear);
      auto group = llvm::find_if(groups, [&](const auto &known) { return known.first == *key; });
      if (group == groups.end())
        group = groups.insert(groups.end(), {*key, {}});
      group->second.push_back(linear);
    });
    for (auto &[key, linears] : groups)
      if (linears.size() > 1)
        fuse(linears, order.sorted(linears));
  }
};

} // namespace
