//===- CostModel.cpp - What a schedule may take on this machine -----------===//

#include "tune/CostModel.h"

#include <algorithm>
#include <cmath>
#include <iterator>

using namespace tenon;
using namespace tenon::tune;
using kernels::Operation;

namespace {

using Shape = CostModel::Shape;
using Core = CostModel::Core;
using Parameters = std::map<std::string, int64_t>;

constexpr double kFloat = 4;
/// Of a tile, as descriptions have them by themselves.
const int64_t kTileRows = kernels::KernelDescription().rowTile;

/// Nanoseconds that starting a task takes, and starting threads together and waiting for the last of them.
constexpr double kTask = 300, kRegion = 1500;

/// A multiply-add's result is there after as many others as fill two units for four cycles.
constexpr double kChains = 8;

double up(double count, double unit) { return std::ceil(count / std::max(1.0, unit)); }

/// What goes on at once takes as long as the longer, and some of the other.
double overlapped(double one, double other, double part = 0.15) {
  return std::max(one, other) + part * std::min(one, other);
}

/// The same where nothing is asked for ahead, and hardware sees only some of it coming.
double halfOverlapped(double one, double other) { return overlapped(one, other, 0.5); }

/// All of `tasks`, equal ones, on the cores there are.
double together(const Core &core, double tasks, double each) {
  return kRegion + up(tasks, core.threads) * (each + kTask);
}

/// Bytes in a nanosecond from where so many are kept.
double bandwidth(const Core &core, double bytes) {
  // What else is read stays there too, and others share the last cache.
  return bytes <= 0.75 * core.secondBytes ? core.second : bytes <= core.lastBytes / 2 ? core.last : core.memory;
}

/// One step of a loop whose sums stay in registers: `rows` values against `vectors` vectors.
double step(const Core &core, double rows, double vectors, double unrolled) {
  double busy = std::max({rows * vectors * core.multiplyAdd, (rows + vectors) * core.load, kChains * core.multiplyAdd});
  // What no register is left for is written and read again.
  double spilled = std::max(0.0, rows * vectors + vectors + 1 - static_cast<double>(core.registers));
  return busy + 2 * spilled * core.load + 0.5 * core.multiplyAdd / unrolled;
}

/// A product of `rows` rows in tasks: each has `taskRows` of them, and `taskPanels` panels of weights.
struct Product {
  double tileRows, columns, taskRows, taskPanels, unroll;
  bool prefetchesLines, prefetchesPanels;
};

/// A strip of weights, as wide as a register tile, goes by all rows of the task. The first pass reads it from where it
/// comes with so many bytes in a nanosecond.
double panelTime(const Core &core, const Shape &shape, const Product &product, double far) {
  auto depth = static_cast<double>(shape.depth);
  double vectors = up(product.columns, static_cast<double>(core.lanes));
  double sums = product.tileRows * vectors;
  double tile =
      depth * step(core, product.tileRows, vectors, product.unroll) + 3 * sums * core.load + 20 * core.multiplyAdd;
  double strip = depth * product.columns * kFloat, passes = up(product.taskRows, product.tileRows);
  double rows = product.tileRows * depth * kFloat, allRows = product.taskRows * depth * kFloat;
  // What the first cache does not hold from pass to pass comes from the second, or from behind it.
  double read = (strip + rows > core.firstBytes ? strip : 0) + (strip + allRows > core.firstBytes ? rows : 0);
  double again = overlapped(tile, read / bandwidth(core, strip + allRows));
  double away = strip / far;
  double first = product.prefetchesPanels  ? again
                 : product.prefetchesLines ? overlapped(again, away)
                                           : halfOverlapped(again, away);
  double strips = up(static_cast<double>(std::min(shape.panel, shape.width)), product.columns);
  double whole = strips * (first + (passes - 1) * again);
  return product.prefetchesPanels ? overlapped(whole, strips * away) : whole;
}

double productTime(const Core &core, const Shape &shape, const Product &product, const CostedCall &call) {
  double panels = up(static_cast<double>(shape.width), static_cast<double>(shape.panel));
  double taskPanels = std::min(product.taskPanels, panels);
  double tasks = up(static_cast<double>(call.rows), product.taskRows) * up(panels, taskPanels);
  // The first rows find the weights where the calls before left them, further ones what their core has read since.
  double own = static_cast<double>(shape.width * shape.depth) * kFloat,
         groups = up(static_cast<double>(call.rows), product.taskRows);
  double first = panelTime(core, shape, product, bandwidth(core, own * call.weights));
  double later = panelTime(core, shape, product, bandwidth(core, own / core.threads));
  double each = taskPanels * (first + (groups - 1) * later) / groups;
  // A norm or a gate of what the product reads: some operations of each value.
  if (shape.hasPrologue)
    each +=
        product.taskRows * static_cast<double>(shape.depth) / static_cast<double>(core.lanes) * 6 * core.multiplyAdd;
  // Groups that are not whole have less to do.
  double whole = panels / (up(panels, taskPanels) * taskPanels);
  return together(core, tasks, each * whole);
}

double linear(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto at = [&](const char *name) { return static_cast<double>(parameters.at(name)); };
  double tiles = std::max(1.0, up(static_cast<double>(call.rows), kTileRows));
  double panels = up(static_cast<double>(shape.width), static_cast<double>(shape.panel));
  double shared = std::floor(up(tiles, at("tiles")) * panels / at("least_tasks"));
  double taskPanels = tiles >= std::min(at("tiles"), 4.0) ? std::max(at("panels"), shared) : up(at("grain"), tiles);
  return productTime(core, shape,
                     {at("rows"), at("columns"), kTileRows * std::min(tiles, at("tiles")), taskPanels, at("unroll"),
                      parameters.at("prefetch_bytes") > 0, parameters.at("prefetch_panels") > 0},
                     call);
}

double rowLinear(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto at = [&](const char *name) { return static_cast<double>(parameters.at(name)); };
  auto rows = static_cast<double>(std::max<int64_t>(1, call.rows));
  double tileRows = at("rows");
  while (tileRows > rows)
    tileRows /= 2;
  return productTime(core, shape,
                     {tileRows, at("columns"), rows, at("panels"), at("unroll"), parameters.at("prefetch_bytes") > 0,
                      parameters.at("prefetch_panels") > 0},
                     call);
}

double attention(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto at = [&](const char *name) { return static_cast<double>(parameters.at(name)); };
  auto size = static_cast<double>(shape.headSize), heads = static_cast<double>(shape.heads);
  auto lanes = static_cast<double>(core.lanes);
  double registers = at("vectors"), vectors = up(size, lanes), keyVectors = up(2 * kTileRows, lanes);
  double queries = std::clamp(std::floor(registers / keyVectors), 1.0, double(kTileRows));
  double columns = std::min({vectors, at("columns"), registers}),
         rows = std::clamp(std::floor(registers / columns), 1.0, double(kTileRows));
  // Of one tile and head, for each key.
  double score = size * up(kTileRows, queries) * step(core, queries, keyVectors, 1) / (2 * kTileRows);
  double sum = up(kTileRows, rows) * up(vectors, columns) * step(core, rows, columns, 1);
  double perKey = score + sum + 20 * up(kTileRows, lanes) * core.multiplyAdd;
  double keyBytes = call.keys * size * kFloat;
  double read = 2 * keyBytes > core.firstBytes ? 2 * keyBytes / bandwidth(core, 2 * keyBytes) : 0;
  double each =
      at("prefetch_bytes") > 0 ? overlapped(call.keys * perKey, read) : halfOverlapped(call.keys * perKey, read);
  auto sequences = static_cast<double>(std::max<int64_t>(1, call.sequences));
  double length = std::max(1.0, static_cast<double>(call.rows) / sequences), tiles = up(length, kTileRows);
  double taskTiles = std::clamp(std::floor(length / kTileRows), 1.0, at("tiles"));
  double taskHeads = std::clamp(std::floor(at("grain") / (taskTiles * length)), 1.0, up(heads, 2));
  double tasks = sequences * up(tiles, taskTiles) * up(heads, taskHeads);
  return together(core, tasks, sequences * tiles * heads / tasks * each);
}

/// Keys that one split of a row's has.
constexpr double kSplitKeys = 512;

double rowAttention(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto at = [&](const char *name) { return static_cast<double>(parameters.at(name)); };
  auto keyHeads = static_cast<double>(std::max<int64_t>(1, shape.keyHeads));
  double group = static_cast<double>(shape.heads) / keyHeads;
  double vectors = up(static_cast<double>(shape.headSize), static_cast<double>(core.lanes)) * group;
  double sums = std::min(at("vectors"), vectors);
  // Scores and the weighted sum have as many products.
  double compute = call.keys * (up(vectors, sums) * step(core, 1, sums, 1) + vectors * 2 * core.multiplyAdd);
  double bytes = 2 * call.keys * static_cast<double>(shape.headSize) * kFloat;
  double read = bytes / bandwidth(core, bytes * keyHeads * static_cast<double>(call.rows));
  bool prefetches = parameters.at("prefetch_bytes") > 0 || parameters.at("prefetch_halves") > 0;
  double head = prefetches ? overlapped(compute, read) : halfOverlapped(compute, read);
  double splits = static_cast<double>(call.rows) * std::max(1.0, up(call.keys, kSplitKeys));
  double parts = splits < at("least_tasks") && keyHeads > 1 ? 2 : 1;
  return together(core, splits * parts, static_cast<double>(call.rows) * keyHeads * head / (splits * parts));
}

/// A row goes through the first cache, with some operations of each value.
double rowTime(const Core &core, const Shape &shape) {
  auto width = static_cast<double>(shape.width);
  return 3 * width * kFloat / core.second + width / static_cast<double>(core.lanes) * 6 * core.multiplyAdd;
}

/// Tasks of so many rows.
double byRows(const Core &core, const Shape &shape, double taskRows, const CostedCall &call) {
  double rows = static_cast<double>(std::max<int64_t>(1, call.rows)), tasks = up(rows, taskRows);
  return together(core, tasks, rows / tasks * rowTime(core, shape));
}

double rowwise(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  return byRows(core, shape, static_cast<double>(parameters.at("tiles") * kTileRows), call);
}

/// Families with one parameter, which counts rows or sequences.
template <bool kSequences>
double counted(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto count = static_cast<double>(parameters.begin()->second);
  double rows = static_cast<double>(call.rows) / static_cast<double>(std::max<int64_t>(1, call.sequences));
  return byRows(core, shape, kSequences ? count * rows : count, call);
}

double pooling(const Core &core, const Shape &shape, const Parameters &parameters, const CostedCall &call) {
  auto sequences = static_cast<double>(std::max<int64_t>(1, call.sequences));
  double rows = static_cast<double>(call.rows) / sequences;
  auto vectors = static_cast<double>(parameters.at("vectors"));
  double blocks = up(static_cast<double>(shape.width), vectors * static_cast<double>(core.lanes));
  double each = std::max({vectors * core.multiplyAdd, vectors * core.load, kChains * core.multiplyAdd});
  return together(core, sequences, blocks * rows * each);
}

struct Family {
  const char *name;
  const char *operation; ///< That a nest is made for; null for what is left.
  double (*time)(const Core &, const Shape &, const Parameters &, const CostedCall &);
};

constexpr Family kFamilies[] = {
    {"linear", "linear", linear},
    {"row_linear", "linear", rowLinear},
    {"attention", "attention", attention},
    {"row_attention", "attention", rowAttention},
    {"rowwise", nullptr, rowwise},
    {"pooling", nullptr, pooling},
    {"unfold", nullptr, counted<false>},
    {"depthwise", nullptr, counted<false>},
    {"cache_append", nullptr, counted<false>},
    {"scan", nullptr, counted<true>},
};

const Family *find(const std::string &name) {
  const auto *found =
      std::find_if(std::begin(kFamilies), std::end(kFamilies), [&](const Family &each) { return name == each.name; });
  return found == std::end(kFamilies) ? nullptr : found;
}

int64_t integer(const Operation &operation, const char *name) {
  auto found = operation.attributes.find(name);
  const int64_t *value = found == operation.attributes.end() ? nullptr : std::get_if<int64_t>(&found->second);
  return value ? *value : 0;
}

/// Of all values of a kernel.
std::vector<kernels::TensorType> typesOf(const kernels::KernelDescription &kernel) {
  std::vector<kernels::TensorType> types = kernel.arguments;
  for (const Operation &operation : kernel.operations)
    types.insert(types.end(), operation.results.begin(), operation.results.end());
  return types;
}

} // namespace

CostModel::CostModel(const kernels::KernelDescription &kernel, const kernels::TargetModel &target,
                     const machine::Limits &limits)
    : kernel(kernel) {
  const machine::Arithmetic &arithmetic = limits.arithmetic(target.vectorBytes);
  auto threads = static_cast<double>(limits.threads);
  auto perCore = [&](double figure) { return figure > 0 ? figure / threads : limits.read.memory / threads; };
  core.threads = limits.threads;
  core.lanes = target.vectorBytes / 4;
  core.registers = target.vectorRegisters;
  core.multiplyAdd = 2 * static_cast<double>(core.lanes) / (arithmetic.registers / threads);
  // A load takes as long whatever its width; what is read from the first cache was read with the widest.
  core.load = (limits.avx512 ? 64 : 32) / perCore(limits.read.firstCache);
  core.second = perCore(limits.read.secondCache);
  core.last = perCore(limits.read.lastCache);
  core.memory = perCore(limits.read.memory);
  core.firstBytes = static_cast<double>(limits.caches.first);
  core.secondBytes = static_cast<double>(limits.caches.second);
  core.lastBytes = static_cast<double>(limits.caches.last);
}

/// The nests of one kind stand in the order of their operations.
Shape CostModel::shapeOf(const std::string &family, size_t number) const {
  const char *kind = find(family)->operation;
  std::vector<kernels::TensorType> types = typesOf(kernel);
  Shape shape;
  for (const Operation &operation : kernel.operations) {
    int64_t width = operation.results[0].shape.empty() ? 1 : operation.results[0].shape.back();
    if (!kind || operation.kind != kind) {
      // Others go by the widest row.
      shape.width = kind ? shape.width : std::max(shape.width, width);
      continue;
    }
    if (number-- > 0)
      continue;
    shape.width = width;
    shape.heads = integer(operation, "heads");
    shape.keyHeads = integer(operation, "key_value_heads");
    shape.headSize = integer(operation, "head_size");
    if (operation.kind == "linear") {
      auto rows = static_cast<size_t>(operation.operands[0]);
      const kernels::TensorType &weights = types[static_cast<size_t>(operation.operands[1])];
      shape.depth = types[rows].shape.back();
      shape.panel = weights.shape.size() == 3 ? weights.shape[2] : std::min<int64_t>(width, 48);
      shape.hasPrologue = rows >= kernel.arguments.size();
    }
    break;
  }
  return shape;
}

double CostModel::seconds(const std::vector<kernels::NestSchedule> &nests, const CostedCall &call) const {
  double nanoseconds = 0;
  std::map<std::string, size_t> numbers;
  for (const kernels::NestSchedule &nest : nests)
    if (const Family *family = find(nest.family))
      nanoseconds += family->time(core, shapeOf(nest.family, numbers[nest.family]++), nest.parameters, call);
  return 1e-9 * nanoseconds;
}

std::vector<std::string> CostModel::families() {
  std::vector<std::string> names;
  for (const Family &family : kFamilies)
    names.push_back(family.name);
  return names;
}
