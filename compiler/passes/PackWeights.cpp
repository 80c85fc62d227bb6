//===- PackWeights.cpp - Panels for the weights of linears ----------------===//

#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

/// 48 columns are three registers of 16 lanes or six of 8: with 8 or 4 rows they fill the register file and leave room
/// for the panel's columns and one broadcast. Narrower panels only where 48 would compute more columns that nobody
/// reads.
static int64_t choosePanel(int64_t columns) {
  int64_t best = 48;
  for (int64_t panel : {32, 16})
    if (llvm::alignTo(columns, panel) < llvm::alignTo(columns, best))
      best = panel;
  return best;
}

static bool isMatrixOfLinear(OpOperand &use) {
  auto linear = dyn_cast<LinearOp>(use.getOwner());
  return linear && use.get() == linear.getWeight() && use.get() != linear.getInput();
}

static bool isTableOfEmbed(OpOperand &use) {
  auto embed = dyn_cast<EmbedOp>(use.getOwner());
  return embed && use.get() == embed.getTable();
}

/// Read by a linear, and otherwise by embeddings at most, which can pick rows out of panels.
static bool mayBePanels(ArrayRef<WeightOp> sameParameter) {
  bool isMultiplied = false;
  for (WeightOp weight : sameParameter)
    for (OpOperand &use : weight->getUses()) {
      if (!isMatrixOfLinear(use) && !isTableOfEmbed(use))
        return false;
      isMultiplied |= isMatrixOfLinear(use);
    }
  return isMultiplied;
}

static void makePanels(WeightOp weight) {
  RankedTensorType type = weight.getResult().getType();
  int64_t columns = type.getDimSize(0), panel = choosePanel(columns);
  if (!weight.getPartRows())
    weight.setPartRows(ArrayRef(columns));
  weight.setPanel(panel);
  weight.getResult().setType(RankedTensorType::get(
      {static_cast<int64_t>(llvm::divideCeil(columns, panel)), type.getDimSize(1), panel}, type.getElementType()));
}

namespace {

struct PackWeights : tenon::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    // One function may look up rows of the table that another multiplies with: both read one copy of it.
    llvm::MapVector<Attribute, SmallVector<WeightOp>> byParameter;
    getOperation().walk([&](WeightOp weight) {
      if (weight.getPanel() == 0 && !weight.getRows() && weight.getResult().getType().getRank() == 2)
        byParameter[weight.getParametersAttr()].push_back(weight);
    });
    for (auto &[parameter, weights] : byParameter)
      if (mayBePanels(weights))
        llvm::for_each(weights, makePanels);
  }
};

} // namespace
