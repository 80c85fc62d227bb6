//===- RandomInputs.cpp - Inputs and parameters out of nothing ------------===//

#include "RandomInputs.h"

#include "support/CachePage.h"
#include "tenon/Dialect.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

namespace {

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
class Generator {
public:
  explicit Generator(StringRef name) : state(llvm::xxh3_64bits(name)) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// A float between -range and range.
  float nextFloat(double range) {
    return static_cast<float>(range * (static_cast<double>(next() >> 11) * 0x1p-52 - 1));
  }

private:
  uint64_t state;
};

template <typename Scalar> std::vector<Scalar> randomFloats(StringRef name, int64_t count, double range) {
  Generator generator(name);
  std::vector<Scalar> values(count);
  for (Scalar &value : values)
    value = generator.nextFloat(range);
  return values;
}

/// A text that says what an argument is, or whose; empty where none does.
StringRef textOf(func::FuncOp function, unsigned argument, StringRef attribute) {
  auto text = function.getArgAttrOfType<StringAttr>(argument, attribute);
  return text ? text.getValue() : StringRef();
}

StringRef roleOf(func::FuncOp function, unsigned argument) { return textOf(function, argument, "tenon.role"); }

/// How many rows of its stack an argument of lengths can be about: those that are given, or that fit into pages.
int64_t rowsOfStack(func::FuncOp function, unsigned argument, const InputShape &shape) {
  StringRef stack = textOf(function, argument, "tenon.stack");
  for (unsigned other = 0; other < function.getNumArguments(); ++other) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(other, "tenon.dims");
    if (textOf(function, other, "tenon.stack") != stack || !dims || dims.size() < 2)
      continue;
    int64_t size = shape.sizes.lookup(cast<StringAttr>(dims[1]).getValue());
    return roleOf(function, other) == "pages" ? kPageTokens * size : size;
  }
  return 0;
}

int32_t idLimit(func::FuncOp function, unsigned argument, const InputShape &shape) {
  auto limits = function->getAttrOfType<DictionaryAttr>("tenon.limits");
  StringRef role = roleOf(function, argument);
  if (role == "source_lengths" || role == "lengths")
    return static_cast<int32_t>(rowsOfStack(function, argument, shape) + 1);
  bool isOwn = textOf(function, argument, "tenon.stack") == textOf(function, 0, "tenon.stack");
  if (!limits || role.empty() || !isOwn)
    return shape.maxId;
  auto limit = limits.getAs<IntegerAttr>(role == "tokens" ? "vocab" : role);
  return limit ? static_cast<int32_t>(limit.getInt()) : shape.maxId;
}

/// The first vector of integers.
int findLengths(func::FuncOp function) {
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      if (tensor.getRank() == 1 && tensor.getElementType().isInteger(32))
        return static_cast<int>(i);
  return -1;
}

FailureOr<std::vector<int32_t>> makeLengths(func::FuncOp function, int64_t batch, const InputShape &shape) {
  if (shape.lengths.empty())
    return std::vector<int32_t>(batch, static_cast<int32_t>(shape.dims.size() > 1 ? shape.dims[1] : 1));
  if (static_cast<int64_t>(shape.lengths.size()) != batch)
    return function.emitError() << "is given " << shape.lengths.size() << " lengths for a batch of " << batch;
  return shape.lengths;
}

/// The size that the command line gives a named dimension, or -1.
int64_t namedSize(func::FuncOp function, unsigned argument, unsigned dynamicDim, const InputShape &given) {
  auto names = function.getArgAttrOfType<ArrayAttr>(argument, "tenon.dims");
  if (!names)
    return -1;
  auto found = given.sizes.find(cast<StringAttr>(names[dynamicDim]).getValue());
  return found == given.sizes.end() ? -1 : found->second;
}

FailureOr<SmallVector<int64_t>> makeShape(func::FuncOp function, unsigned index, const InputShape &given) {
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[index]);
  SmallVector<int64_t> shape;
  unsigned next = 0;
  for (int64_t size : type.getShape()) {
    int64_t named = ShapedType::isDynamic(size) ? namedSize(function, index, next, given) : size;
    if (named < 0 && next >= given.dims.size())
      return function.emitError() << "argument " << index << " is " << type << ", which needs more than the "
                                  << given.dims.size() << " dims given";
    shape.push_back(named < 0 ? given.dims[next] : named);
    next += ShapedType::isDynamic(size);
  }
  return shape;
}

FailureOr<Tensor<double>> makePast(func::FuncOp function, ArrayRef<int64_t> shape, const InputShape &given) {
  std::vector<int32_t> past = given.past;
  past.resize(given.past.empty() ? shape[0] : given.past.size());
  if (static_cast<int64_t>(past.size()) != shape[0])
    return function.emitError() << "is given " << past.size() << " past counts for a batch of " << shape[0];
  return Tensor<double>(shape, std::move(past));
}

/// A page table without a page twice, or one of another table of its pool, in no order.
FailureOr<Tensor<double>> makePages(func::FuncOp function, unsigned index, ArrayRef<int64_t> shape,
                                    const InputShape &given) {
  StringRef poolName = textOf(function, index, "tenon.pool");
  int64_t pool = given.sizes.lookup(poolName), count = countElements(shape), taken = 0;
  for (unsigned other = 0; other < index; ++other)
    if (roleOf(function, other) == "pages" && textOf(function, other, "tenon.pool") == poolName) {
      FailureOr<SmallVector<int64_t>> before = makeShape(function, other, given);
      taken += failed(before) ? 0 : countElements(*before);
    }
  if (pool < taken + count)
    return function.emitError() << "is given " << pool << " pages for " << taken + count
                                << " places in the page tables of '" << poolName << "'";
  std::vector<int32_t> pages(pool);
  for (int64_t i = 0; i < pool; ++i)
    pages[i] = static_cast<int32_t>(i);
  Generator generator("pages");
  for (int64_t i = pool - 1; i > 0; --i)
    std::swap(pages[i], pages[generator.next() % (i + 1)]);
  std::vector<int32_t> table(pages.begin() + taken, pages.begin() + taken + count);
  return Tensor<double>(shape, std::move(table));
}

FailureOr<Tensor<double>> makeInput(func::FuncOp function, unsigned index, const InputShape &given) {
  Type argument = function.getArgumentTypes()[index];
  if (argument.isIndex())
    return Tensor<double>(ArrayRef<int64_t>(), std::vector<int32_t>{0});
  auto type = dyn_cast<RankedTensorType>(argument);
  if (!type)
    return function.emitError() << "argument " << index << " is " << argument << ", expected a tensor";
  FailureOr<SmallVector<int64_t>> made = makeShape(function, index, given);
  if (failed(made))
    return failure();
  SmallVector<int64_t> shape = *made;
  if (roleOf(function, index) == "past")
    return makePast(function, shape, given);
  if (roleOf(function, index) == "pages")
    return makePages(function, index, shape, given);
  std::string name = "argument " + std::to_string(index);
  if (type.getElementType().isF32())
    return Tensor<double>(shape, randomFloats<double>(name, countElements(shape), 1));
  if (static_cast<int>(index) == findLengths(function)) {
    FailureOr<std::vector<int32_t>> lengths = makeLengths(function, shape[0], given);
    return failed(lengths) ? FailureOr<Tensor<double>>(failure()) : Tensor<double>(shape, *lengths);
  }
  std::vector<int32_t> ids(countElements(shape));
  Generator generator(name);
  for (int32_t &id : ids)
    id = static_cast<int32_t>(generator.next() % std::max(idLimit(function, index, given), 1));
  return Tensor<double>(shape, std::move(ids));
}

} // namespace

LogicalResult RandomParameters::collect(ModuleOp module) {
  auto collectOp = [&](WeightOp op) -> WalkResult {
    for (auto [i, parameter] : llvm::enumerate(op.getParameters().getAsRange<StringAttr>())) {
      SmallVector<int64_t> shape = op.getPlainShape();
      if (std::optional<ArrayRef<int64_t>> parts = op.getPartRows())
        shape[0] = (*parts)[i];
      auto [entry, isNew] = shapes.try_emplace(parameter.getValue(), shape);
      if (!isNew && entry->second != shape)
        return op.emitError() << "parameter " << parameter << " has shape [" << shape << "] here and [" << entry->second
                              << "] elsewhere";
    }
    return WalkResult::advance();
  };
  return failure(module.walk(collectOp).wasInterrupted());
}

FailureOr<FloatTensor> RandomParameters::operator()(StringRef name) const {
  for (const auto &[pattern, shape] : shapes) {
    auto [prefix, suffix] = StringRef(pattern).split('*');
    bool hasLayer = pattern.contains('*');
    bool matches = hasLayer ? name.size() > prefix.size() + suffix.size() && name.starts_with(prefix) &&
                                  name.ends_with(suffix) &&
                                  llvm::all_of(name.drop_front(prefix.size()).drop_back(suffix.size()), llvm::isDigit)
                            : name == pattern;
    if (!matches)
      continue;
    // Sums over a row stay near 1 whatever the width.
    double range = shape.size() < 2 ? 1 : std::sqrt(3.0 / static_cast<double>(std::max<int64_t>(shape.back(), 1)));
    return FloatTensor(shape, randomFloats<float>(name, countElements(shape), range));
  }
  return failure();
}

FailureOr<Tensors<double>> tenon::makeInputs(func::FuncOp function, const InputShape &shape) {
  Tensors<double> inputs;
  for (unsigned index = 0; index < function.getNumArguments(); ++index) {
    FailureOr<Tensor<double>> input = makeInput(function, index, shape);
    if (failed(input))
      return failure();
    inputs.push_back(*input);
  }
  return inputs;
}
