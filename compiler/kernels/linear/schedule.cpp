//===- schedule.cpp - Register tiles of a matrix product -------------------===//

#include "kernels/Plan.h"

#include <algorithm>

using namespace Halide;

namespace tenon::kernels {

namespace {

const Var c("c"), r("r"), j("j"), p("p");

struct Sizes {
  int64_t width, depth, panel, panels;
};

/// Of the product of a nest.
Sizes sizesOf(const Region &region, const LoopNest &nest) {
  const Operation &linear = *region.operations[nest.root].operation;
  Sizes sizes;
  sizes.width = linear.results[0].shape[1];
  sizes.depth = region.types[linear.operands[0]].shape[1];
  const TensorType &weights = region.types[linear.operands[1]];
  sizes.panel = weights.shape.size() == 3 ? weights.shape[2] : 48;
  sizes.panels = (sizes.width + sizes.panel - 1) / sizes.panel;
  return sizes;
}

int64_t lanesOf(const TargetModel &target) { return target.vectorBytes / static_cast<int64_t>(sizeof(float)); }

/// Whether the rows of a nest's product are computed in the kernel.
bool hasPrologue(const Region &region, const LoopNest &nest) {
  return region.producers[region.operations[nest.root].operation->operands[0]] >= 0;
}

/// Columns that a register tile may have: whole vectors that divide the panel, or all of an odd panel.
std::vector<int64_t> columnChoices(int64_t panel, int64_t lanes) {
  std::vector<int64_t> choices;
  for (int64_t columns = lanes; columns <= panel && columns <= 6 * lanes; columns += lanes)
    if (panel % columns == 0)
      choices.push_back(columns);
  if (choices.empty())
    choices.push_back(panel);
  return choices;
}

/// Three vectors of weights against as many rows as leave registers for them and a row's value: 8 x 3 of 32, 4 x 3
/// of 16.
int64_t chosenColumns(const std::vector<int64_t> &choices, int64_t lanes) {
  int64_t columns = choices.front();
  for (int64_t choice : choices)
    if (choice <= 3 * lanes)
      columns = choice;
  return columns;
}

/// Rows whose accumulators leave registers for the weights of `columns` and a row's value.
int64_t rowsBeside(int64_t columns, const TargetModel &target) {
  int64_t lanes = lanesOf(target), rows = 1;
  int64_t vectors = std::max<int64_t>(1, columns / lanes);
  while (rows < kTileRows && 2 * rows * vectors + vectors + 1 <= target.vectorRegisters)
    rows *= 2;
  return rows;
}

/// How many steps over the depth a loop may take at once.
std::vector<int64_t> unrollChoices(int64_t depth) {
  std::vector<int64_t> choices;
  for (int64_t steps : {1, 2, 4, 8})
    if (depth % steps == 0)
      choices.push_back(steps);
  return choices;
}

/// Half a page: on their way for ten rows of a panel, which a few rows take 50 nanoseconds for.
const ParameterSpace kPrefetchBytes{2048, {0, 512, 1024, 2048, 4096}};

/// Rows that come one by one are few: weights stream through each core once, and all rows use a panel while it is near.
Space rowLinearSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  Sizes sizes = sizesOf(region, nest);
  // Of few rows, whole panels: a stream of half lines takes 1.4 times as long.
  std::vector<int64_t> columns = columnChoices(sizes.panel, lanesOf(target));
  // Four tasks for each core, so that shares are equal; half a megabyte streams for 30 microseconds. A prologue is
  // computed by every task.
  int64_t panelBytes = sizes.panel * sizes.depth * 4, panels = 1;
  int64_t tasks = (hasPrologue(region, nest) ? 2 : 4) * target.cores;
  while (panels < 32 && 2 * panels * tasks <= sizes.panels && panels * panelBytes < 512 * 1024)
    panels *= 2;
  // Two panels have room in the second-level cache beside the rows, and the next one is this task's: another thread may
  // take the next task's, which would then be read twice.
  int64_t panelsAhead = panels > 1 && 2 * panelBytes <= target.level2Bytes;
  // Weights that are loaded serve two rows at the least.
  int64_t rows = std::max<int64_t>(2, rowsBeside(columns.back(), target));
  return {{"rows", {rows, {1, 2, 4, 8, 16}}},
          {"columns", {columns.back(), columns}},
          {"panels", {panels, {1, 2, 4, 8, 16, 32}}},
          {"unroll", {sizes.depth % 4 == 0 ? 4 : 1, unrollChoices(sizes.depth)}},
          {"prefetch_bytes", kPrefetchBytes},
          {"prefetch_panels", {panelsAhead, {0, 1}}}};
}

/// The accumulators live in registers while k runs over all of the depth.
void keepInRegisters(OperationFuncs &funcs, int columns, int lanes, int unrolledDepth) {
  Var vector("vector");
  Func product = funcs.stages["product"];
  RVar depth = funcs.reductions["depth"], step("step");
  product.bound_extent(c, columns).align_storage(c, lanes);
  product.split(c, vector, c, lanes, TailStrategy::GuardWithIf).vectorize(c).unroll(vector).unroll(r);
  Stage update = product.update();
  update.split(c, vector, c, lanes, TailStrategy::GuardWithIf).reorder(c, vector, r, depth);
  update.vectorize(c).unroll(vector).unroll(r);
  if (unrolledDepth > 1)
    update.split(depth, depth, step, unrolledDepth).reorder(c, vector, r, step, depth).unroll(step);
}

/// Packed weights are asked for before they are read: `panelsAhead` panels too.
void prefetchWeights(Region &region, const Operation &linear, int columns, int bytes, int panelsAhead) {
  const TensorType &weights = region.types[linear.operands[1]];
  if (weights.shape.size() != 3)
    return;
  Stream stream{.repeated = {"tile", "row_block"}, .lines = (columns + 15) / 16, .near = bytes};
  stream.panel = panelsAhead * static_cast<int>(weights.shape[1] * weights.shape[2] * sizeof(float));
  region.streams[region.arguments[linear.operands[1]].name()] = stream;
}

/// Blocks of 2, 4, ... rows where there are as many, the last of them moved back over rows that are done already.
void scheduleRowLinear(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Sizes sizes = sizesOf(region, nest);
  auto parameter = [&](const char *name) { return static_cast<int>(parameters.at(name)); };
  int columns = parameter("columns"), lanes = std::min(machine.lanes, columns);
  Func func = nest.func, product = funcs.stages["product"];
  Var panel("panel"), strip("strip"), column("column"), rowBlock("row_block"), row("row"), task("task");
  Var vector("vector");
  computeWhole(nest, machine);
  func.split(c, panel, column, static_cast<int>(sizes.panel), TailStrategy::GuardWithIf)
      .split(column, strip, column, columns, TailStrategy::GuardWithIf)
      .split(column, vector, column, lanes, TailStrategy::GuardWithIf)
      .split(panel, task, panel, parameter("panels"), TailStrategy::GuardWithIf)
      .parallel(task)
      .vectorize(column)
      .unroll(vector);
  for (int rows = parameter("rows"); rows > 1; rows /= 2)
    func.specialize(nest.rows >= rows)
        .split(r, rowBlock, row, rows, TailStrategy::ShiftInwards)
        .reorder(column, vector, row, rowBlock, strip, panel, task);
  func.split(r, rowBlock, row, 1).reorder(column, vector, row, rowBlock, strip, panel, task);
  product.compute_at(func, rowBlock);
  keepInRegisters(funcs, columns, lanes, parameter("unroll"));
  prefetchWeights(region, *funcs.operation, columns, parameter("prefetch_bytes"), parameter("prefetch_panels"));

  LoopLevel loop(func, task);
  stageRows(region, funcs.operation->operands[0], machine, loop);
  stageNorms(region, nest, machine, loop);
  if (funcs.stages.count("panels"))
    funcs.stages["panels"].compute_root().parallel(p).vectorize(j, machine.lanes);
}

Space linearSpace(const Region &region, const LoopNest &nest, const TargetModel &target) {
  Sizes sizes = sizesOf(region, nest);
  std::vector<int64_t> choices = columnChoices(sizes.panel, lanesOf(target));
  int64_t columns = chosenColumns(choices, lanesOf(target));

  // The rows of a task stay in half of the second-level cache beside the panel that streams through it.
  int64_t tileBytes = kTileRows * sizes.depth * 4, tiles = 1;
  while (tiles < 8 && 2 * tiles * tileBytes <= target.level2Bytes / 2)
    tiles *= 2;
  // A task should do a million operations: 10 microseconds of one core.
  int64_t unit = 2 * kTileRows * sizes.panel * sizes.depth, grain = 1;
  while (grain < 16 && grain * unit < 1000000)
    grain *= 2;
  // Every task computes the prologue of its rows: the more panels share it, the better, while threads have tasks.
  int64_t panels = std::max<int64_t>(hasPrologue(region, nest) ? 32 / tiles : 2, (grain + tiles - 1) / tiles);
  // A step of many multiply-adds hides what a loop costs, and requests: the next panel comes to the second-level cache
  // beside the rows and this one.
  int64_t rows = rowsBeside(columns, target), panelBytes = sizes.panel * sizes.depth * 4;
  bool isLongStep = rows * columns >= 24 * lanesOf(target);
  bool asksAhead = isLongStep && tiles * tileBytes + 2 * panelBytes <= target.level2Bytes;
  // Sixteen tasks for each core: whatever the last of them takes, the others have not waited long.
  int64_t tasks = 32;
  while (tasks < 16 * target.cores && tasks < 128)
    tasks *= 2;
  return {{"rows", {rows, {1, 2, 4, 8, 16}}},
          {"columns", {columns, choices}},
          {"tiles", {tiles, {1, 2, 4, 8}}},
          {"panels", {std::min<int64_t>(panels, 16), {1, 2, 4, 8, 16}}},
          {"grain", {grain, {1, 2, 4, 8, 16}}},
          {"least_tasks", {tasks, {8, 16, 32, 64, 128}}},
          {"unroll", {!isLongStep && sizes.depth % 4 == 0 ? 4 : 1, unrollChoices(sizes.depth)}},
          {"prefetch_bytes", kPrefetchBytes},
          {"prefetch_panels", {asksAhead, {0, 1}}}};
}

void scheduleLinear(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters) {
  OperationFuncs &funcs = region.operations[nest.root];
  Sizes sizes = sizesOf(region, nest);
  Func func = nest.func, product = funcs.stages["product"];
  auto parameter = [&](const char *name) { return static_cast<int>(parameters.at(name)); };
  int rows = parameter("rows"), columns = parameter("columns"), tiles = parameter("tiles");
  int lanes = std::min(machine.lanes, columns);

  // Few tiles take more panels to make a task worth starting; many leave enough tasks for all threads with more panels each.
  Expr allTiles = nest.rows / kTileRows, groups = (allTiles + tiles - 1) / tiles;
  Expr panelsOfMany = max(parameter("panels"), groups * static_cast<int>(sizes.panels) / parameter("least_tasks"));
  Expr panelsOfFew = (parameter("grain") + max(allTiles, 1) - 1) / max(allTiles, 1);
  Expr panels = select(allTiles >= std::min(tiles, 4), panelsOfMany, panelsOfFew);

  Var panel("panel"), strip("strip"), column("column"), tile("tile"), rowBlock("row_block"), row("row");
  Var tileGroup("tile_group"), panelGroup("panel_group"), task("task"), vector("vector");
  computeWhole(nest, machine);
  func.split(c, panel, column, static_cast<int>(sizes.panel), TailStrategy::GuardWithIf)
      .split(column, strip, column, columns, TailStrategy::GuardWithIf)
      .split(column, vector, column, lanes, TailStrategy::GuardWithIf)
      .split(r, tile, row, kTileRows, TailStrategy::RoundUp)
      .split(row, rowBlock, row, rows)
      .split(tile, tileGroup, tile, tiles, TailStrategy::GuardWithIf)
      .split(panel, panelGroup, panel, panels, TailStrategy::GuardWithIf)
      .reorder(column, vector, row, rowBlock, tile, strip, panel, panelGroup, tileGroup)
      .fuse(panelGroup, tileGroup, task)
      .parallel(task)
      .vectorize(column)
      .unroll(vector);

  product.compute_at(func, rowBlock);
  keepInRegisters(funcs, columns, lanes, parameter("unroll"));
  prefetchWeights(region, *funcs.operation, columns, parameter("prefetch_bytes"), parameter("prefetch_panels"));

  LoopLevel loop(func, task);
  stageRows(region, funcs.operation->operands[0], machine, loop);
  stageNorms(region, nest, machine, loop);
  if (funcs.stages.count("panels"))
    funcs.stages["panels"].compute_root().parallel(p).vectorize(j, machine.lanes);
}

// What both families decide.
constexpr NestRules::Decision kColumns{
    "columns", "How many columns a register tile has: each value of a row serves all of them."};
constexpr NestRules::Decision kUnroll{"unroll",
                                      "How many steps over the depth of the product one iteration takes."};
constexpr NestRules::Decision kPrefetchedBytes{
    "prefetch_bytes",
    "How far ahead of their use packed weights are brought into the first-level cache; 0 for not at all."};
constexpr NestRules::Decision kPrefetchedPanels{
    "prefetch_panels", "How many panels ahead packed weights are brought into the second-level cache."};

constexpr NestRules::Decision kDecisions[] = {
    {"rows", "How many rows a register tile has: each value of a panel that is loaded serves all of them."},
    kColumns,
    {"tiles", "How many tiles of 16 rows are one task, all of which use a panel while it is near."},
    {"panels", "How many panels of weights are one task at the least, which computes what precedes the product of its rows "
               "once."},
    {"grain", "How many panels of one tile make a task worth starting, where a batch has fewer tiles than a task."},
    {"least_tasks", "How many tasks a large batch has at the least: what is left of it goes to panels of one task."},
    kUnroll,
    kPrefetchedBytes,
    kPrefetchedPanels,
};

constexpr NestRules::Decision kRowDecisions[] = {
    {"rows", "How many rows a register tile has at the most: the largest power of two that there are as many rows of."},
    kColumns,
    {"panels", "How many panels of weights are one task, which computes what precedes the product of all rows once."},
    kUnroll,
    kPrefetchedBytes,
    kPrefetchedPanels,
};

} // namespace

const NestRules linearNests = {"linear",
                               "A product of tiles of 16 rows with a matrix, and what follows it elementwise.",
                               kDecisions, linearSpace, scheduleLinear};

const NestRules rowLinearNests = {"row_linear",
                                  "A product of rows that come one by one with a matrix, which streams past them.",
                                  kRowDecisions, rowLinearSpace, scheduleRowLinear};

} // namespace tenon::kernels
