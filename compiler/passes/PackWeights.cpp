//===- PackWeights.cpp - Panels for the weights of linears ----------------===//

#include "passes/Passes.h"
#include "passes/Weights.h"
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
/// reads, or where other matrices that begin at the columns `starts` would have to be stored once more.
static int64_t choosePanel(int64_t columns, ArrayRef<int64_t> starts) {
  constexpr int64_t kPanels[] = {48, 32, 16};
  int64_t best = 0;
  for (bool aligned : {true, false})
    for (int64_t panel : kPanels) {
      bool fits = !aligned || llvm::all_of(starts, [&](int64_t start) { return start % panel == 0; });
      if (fits && (best == 0 || llvm::alignTo(columns, panel) < llvm::alignTo(columns, best)))
        best = panel;
    }
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

static void makePanels(WeightOp weight, int64_t panel) {
  RankedTensorType type = weight.getResult().getType();
  int64_t columns = type.getDimSize(0);
  if (!weight.getPartRows())
    weight.setPartRows(ArrayRef(columns));
  weight.setPanel(panel);
  weight.getResult().setType(RankedTensorType::get(
      {static_cast<int64_t>(llvm::divideCeil(columns, panel)), type.getDimSize(1), panel}, type.getElementType()));
}

namespace {

/// All that read one matrix, or one of several parameters one after another.
struct Matrix {
  SmallVector<WeightOp> weights;
  std::optional<size_t> within; ///< The longest of those that have its parameters among theirs.
  int64_t start = 0;            ///< Where they begin in there.
  int64_t panel = 0;

  int64_t columns() { return weights.front().getResult().getType().getDimSize(0); }
};

/// One copy serves what reads all parameters of a matrix and what reads some of them.
void findWithin(MutableArrayRef<Matrix> matrices) {
  for (Matrix &matrix : matrices)
    for (auto [number, other] : llvm::enumerate(matrices)) {
      std::optional<int64_t> start = rowsWithin(matrix.weights.front(), other.weights.front());
      if (start && other.columns() > (matrix.within ? matrices[*matrix.within].columns() : matrix.columns())) {
        matrix.within = number;
        matrix.start = *start;
      }
    }
}

void choosePanels(MutableArrayRef<Matrix> matrices) {
  for (auto [number, matrix] : llvm::enumerate(matrices)) {
    if (matrix.within)
      continue;
    SmallVector<int64_t> starts;
    for (Matrix &other : matrices)
      if (other.within == number)
        starts.push_back(other.start);
    matrix.panel = choosePanel(matrix.columns(), starts);
  }
  for (Matrix &matrix : matrices) {
    if (!matrix.within)
      continue;
    int64_t panel = matrices[*matrix.within].panel;
    matrix.panel = matrix.start % panel == 0 ? panel : choosePanel(matrix.columns(), {});
  }
}

struct PackWeights : tenon::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    // One function may look up rows of the table that another multiplies with: both read one copy of it.
    llvm::MapVector<Attribute, SmallVector<WeightOp>> byParameter;
    getOperation().walk([&](WeightOp weight) {
      if (weight.getPanel() == 0 && !weight.getRows() && weight.getResult().getType().getRank() == 2)
        byParameter[weight.getParametersAttr()].push_back(weight);
    });
    SmallVector<Matrix> matrices;
    for (auto &[parameter, weights] : byParameter)
      if (mayBePanels(weights))
        matrices.push_back({weights});
    findWithin(matrices);
    choosePanels(matrices);
    for (Matrix &matrix : matrices)
      for (WeightOp weight : matrix.weights)
        makePanels(weight, matrix.panel);
  }
};

} // namespace
