//===- Plan.cpp - How a region is divided into loop nests -----------------===//

#include "kernels/Plan.h"
#include "kernels/attention/Operands.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

bool isElementwise(const std::string &kind) { return findOperationKind(kind)->locality == Locality::Elementwise; }

constexpr const char *kRows = "rows", *kSequences = "sequences";

/// The operand whose rows an operation goes over; a cache stands before those that it gets.
int rowOperand(const Operation &operation) {
  return operation.operands[familyOf(operation.kind) == Family::CacheAppend ? 1 : 0];
}

/// What one nest computes: an output or several of one shape, or a value that must be whole.
using Seed = std::vector<int>;

class Planner {
public:
  explicit Planner(Region &region) : region(region), description(region.description) {
    for (int value : description.results)
      outputs.insert(value);
  }

  Plan plan() {
    keepDemandingOperationsWhole();
    keepSharedValuesWhole();
    Plan plan;
    // The seeds of outputs are in the order of the results.
    for (const Seed &seed : seeds()) {
      plan.nests.push_back(makeNest(seed));
      LoopNest &nest = plan.nests.back();
      if (!nest.isOutput)
        continue;
      constrainOutput(nest);
      plan.outputs.push_back(nest.func);
    }
    plan.sizes = sizes(plan);
    return plan;
  }

private:
  int producer(int value) const { return region.producers[value]; }
  const Operation &operation(int index) const { return description.operations[index]; }

  int resultOf(int index) const {
    for (size_t value = 0; value < region.values.size(); ++value)
      if (producer(static_cast<int>(value)) == index)
        return static_cast<int>(value);
    return -1;
  }

  std::vector<int> users(int value) const {
    std::vector<int> found;
    for (size_t i = 0; i < description.operations.size(); ++i)
      if (std::count(operation(i).operands.begin(), operation(i).operands.end(), value))
        found.push_back(static_cast<int>(i));
    return found;
  }

  void keepWhole(int value) {
    if (!isInPlace(region, value))
      region.whole.insert(value);
  }

  /// The output that consists of elementwise operations on a linear's result alone, or -1.
  int fusedOutput(int value) const {
    while (true) {
      std::vector<int> consumers = users(value);
      if (outputs.count(value))
        return consumers.empty() ? value : -1;
      if (consumers.size() != 1 || !isElementwise(operation(consumers[0]).kind))
        return -1;
      value = resultOf(consumers[0]);
    }
  }

  void keepDemandingOperationsWhole() {
    for (size_t i = 0; i < description.operations.size(); ++i) {
      const Operation &each = operation(i);
      int result = resultOf(static_cast<int>(i));
      switch (familyOf(each.kind)) {
      case Family::Rowwise:
        break;
      case Family::Linear:
        // One product for each nest: a second one that ends in the same output is computed before it.
        if (int output = fusedOutput(result); output < 0 || !claimed.insert(output).second)
          region.whole.insert(result);
        break;
      case Family::Attention:
        keepWhole(each.operands[0]);
        for (const SegmentOperands &segment : AttentionOperands(each).segments)
          for (int operand : {segment.key, segment.value})
            if (operand != kAbsent)
              keepWhole(each.operands[operand]);
        region.whole.insert(result);
        break;
      case Family::CacheAppend:
        // The keys' rows are computed as they are written; values that aren't in memory yet may share their parts.
        if (each.kind == "cache_append")
          keepWhole(each.operands[2]);
        region.whole.insert(result);
        break;
      case Family::Scan:
        keepWhole(each.operands[1]);
        [[fallthrough]];
      case Family::Depthwise:
      case Family::Unfold:
        keepWhole(each.operands[0]);
        region.whole.insert(result);
        break;
      case Family::Pooling:
        keepWhole(each.operands[0]);
        region.whole.insert(result);
        break;
      }
    }
  }

  /// Outputs that nothing else is a part of share a nest where they have one shape; the others have their own.
  std::vector<Seed> seeds() const {
    std::vector<Seed> found;
    for (int value : region.whole)
      if (!outputs.count(value))
        found.push_back({value});
    for (int value : description.results) {
      bool alone = region.whole.count(value) || claimed.count(value);
      if (!alone && !found.empty() && outputs.count(found.back()[0]) && sharesNest(found.back()[0], value))
        found.back().push_back(value);
      else
        found.push_back({value});
    }
    return found;
  }

  bool sharesNest(int first, int second) const {
    return !region.whole.count(first) && !claimed.count(first) && region.types[first] == region.types[second] &&
           region.extents[first].same_as(region.extents[second]);
  }

  void collect(int value, const Seed &seed, std::set<int> &operations) const {
    bool own = std::count(seed.begin(), seed.end(), value) > 0;
    if (producer(value) < 0 || (region.whole.count(value) && !own))
      return;
    operations.insert(producer(value));
    for (int operand : operation(producer(value)).operands)
      collect(operand, seed, operations);
  }

  std::set<int> operationsOf(const Seed &seed) const {
    std::set<int> operations;
    for (int value : seed)
      collect(value, seed, operations);
    return operations;
  }

  /// What two nests need is computed once. Earlier operations first: a range of a whole value is read in place.
  void keepSharedValuesWhole() {
    bool changed = true;
    while (changed) {
      changed = false;
      std::map<int, int> nests;
      for (const Seed &seed : seeds())
        for (int each : operationsOf(seed))
          ++nests[each];
      for (auto [index, count] : nests) {
        int result = resultOf(index);
        if (count < 2 || isInPlace(region, result) || region.whole.count(result))
          continue;
        region.whole.insert(result);
        changed = true;
        break;
      }
    }
  }

  LoopNest makeNest(const Seed &seed) {
    LoopNest nest;
    nest.width = region.types[seed[0]].shape[1];
    nest.rows = region.extents[seed[0]];
    nest.rowTile = region.rowTiles[seed[0]];
    nest.isOutput = outputs.count(seed[0]);
    std::set<int> operations = operationsOf(seed);
    nest.operations.assign(operations.begin(), operations.end());
    for (int each : nest.operations)
      if (familyOf(operation(each).kind) > nest.family) {
        nest.family = familyOf(operation(each).kind);
        nest.root = each;
      }
    nest.func = region.values[seed[0]];
    if (seed.size() > 1) {
      Var c("c"), r("r");
      std::vector<Expr> values;
      for (int value : seed)
        values.push_back(region.values[value](c, r));
      nest.func = Func("results");
      nest.func(c, r) = Tuple(values);
    }
    return nest;
  }

  /// Those of the most demanding operation, the first of them.
  std::map<std::string, Expr> sizes(const Plan &plan) const {
    const LoopNest *main = &plan.nests.front();
    for (const LoopNest &nest : plan.nests)
      if (nest.family > main->family)
        main = &nest;
    if (main->root < 0)
      return {{kRows, main->rows}};
    std::map<std::string, Expr> sizes = {{kRows, region.extents[rowOperand(operation(main->root))]}};
    if (Expr sequences = region.operations[main->root].sequences; sequences.defined())
      sizes[kSequences] = sequences;
    return sizes;
  }

  /// Halide gives the buffers of one nest the same sizes by itself.
  static void constrainOutput(LoopNest &nest) {
    int width = static_cast<int>(nest.width);
    std::vector<OutputImageParam> buffers = nest.func.output_buffers();
    buffers.front().dim(0).set_bounds(0, width);
    buffers.front().dim(1).set_min(0);
    for (OutputImageParam &buffer : buffers) {
      buffer.dim(0).set_stride(1);
      // A scan reads its own rows, and where Halide knows a stride of whole vectors it takes them to be aligned.
      if (nest.family != Family::Scan)
        buffer.dim(1).set_stride(width);
    }
  }

  Region &region;
  const KernelDescription &description;
  std::set<int> outputs;
  std::set<int> claimed; ///< Outputs that a linear is computed within.
};

} // namespace

bool isInPlace(const Region &region, int value) {
  int index = region.producers[value];
  if (index < 0 || region.whole.count(value))
    return true;
  const Operation &operation = region.description.operations[index];
  return operation.kind == "split" && isInPlace(region, operation.operands[0]);
}

std::vector<FamilyDefinition::Decision> sizeDefinitions() {
  return {{kRows, "The rows that the kernel's most demanding operation reads: of the batch, or of its queries."},
          {kSequences, "The sequences of the batch, where that operation tells them apart."}};
}

Plan planRegion(Region &region) { return Planner(region).plan(); }

} // namespace tenon::kernels
