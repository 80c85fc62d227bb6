//===- schedule.cpp - Tiles of queries against the keys of their sequence --===//

#include "kernels/Plan.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), q("q"), i("i"), n("n"), d("d"), h("h"), t("t");

} // namespace

Space attentionSpace(const KernelDescription &kernel, const TargetModel &target) {
  // Accumulators: a tile's queries are one vector or two, and half of the registers keep the multiply-adds busy.
  int64_t vectors = std::max<int64_t>(1, kTileRows * 4 / target.vectorBytes), keys = 16;
  while (keys * vectors > target.vectorRegisters / 2)
    keys /= 2;
  return {{"keys", {keys, {1, 2, 4, 8, 16}}}, {"components", {keys, {1, 2, 4, 8, 16}}}};
}

void scheduleAttention(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  int size = static_cast<int>(integerAttribute(*funcs.operation, "head_size"));
  int keys = static_cast<int>(parameters.at("keys"));
  int components = std::min(static_cast<int>(parameters.at("components")), size);
  int lanes = std::min(machine.lanes, kTileRows);
  auto stage = [&](const char *name) { return funcs.stages.at(name); };

  Var task("task"), vector("vector"), block("block");
  Func func = nest.func;
  computeWhole(nest, machine);
  func.split(c, h, d, size)
      .split(r, t, q, kTileRows, TailStrategy::RoundUp)
      .reorder(d, q, h, t)
      .fuse(h, t, task)
      .parallel(task)
      .vectorize(d, machine.lanes, TailStrategy::GuardWithIf);

  Func sequence = stage("sequence");
  sequence.compute_root().vectorize(t, machine.lanes, TailStrategy::GuardWithIf);
  sequence.update().reorder(t, funcs.reductions["sequence"]).vectorize(t, machine.lanes, TailStrategy::GuardWithIf);
  stage("start").compute_at(func, task);
  stage("length").compute_at(func, task);
  stage("queries").compute_at(func, task).vectorize(q, lanes);

  RVar over = funcs.reductions["block"], key = funcs.reductions["key"], component = funcs.reductions["component"];
  stage("scores").compute_at(func, task);
  stage("scores").update().split(q, vector, q, lanes).reorder(q, vector, i, over).vectorize(q).unroll(vector);
  stage("scores").update().split(i, block, i, keys).unroll(i);
  Func dot = stage("dot");
  dot.compute_at(stage("scores"), block);
  dot.split(q, vector, q, lanes).vectorize(q).unroll(vector).unroll(i);
  dot.update()
      .split(q, vector, q, lanes)
      .reorder(q, vector, i, n, h, t, component)
      .vectorize(q)
      .unroll(vector)
      .unroll(i);

  stage("row_max").compute_at(func, task).vectorize(q, lanes).update().vectorize(q, lanes);
  stage("weights").compute_at(func, task);
  stage("weights").update().split(q, vector, q, lanes).reorder(q, vector, i, over).vectorize(q).unroll(vector);
  stage("weight_sum").compute_at(func, task).vectorize(q, lanes).update().vectorize(q, lanes);

  Func sum = stage("weighted_sum");
  sum.compute_at(func, task).vectorize(q, lanes);
  sum.update()
      .split(q, vector, q, lanes)
      .split(d, block, d, components, TailStrategy::GuardWithIf)
      .reorder(q, vector, d, key, block)
      .vectorize(q)
      .unroll(vector)
      .unroll(d);
}

} // namespace tenon::kernels
