//===- VerifyInputs.cpp - Inputs that kernels are compared on -------------===//

#include "driver/VerifyInputs.h"

#include "support/CachePage.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <array>
#include <numeric>

using namespace llvm;
using namespace tenon;
using DoubleTensor = reference::Tensor<double>;

/// Rows of the longest sequence of another stack.
static constexpr int64_t kSourceLength = 35;

/// A sequence of all rows, of half of them, of one and of none.
static std::vector<int32_t> lengthsUpTo(int64_t most) {
  return {static_cast<int32_t>(most), static_cast<int32_t>((most + 1) / 2), 1, 0};
}

InputMaker::InputMaker(mlir::func::FuncOp function, std::optional<BatchShape> shape) : function(function) {
  if (shape)
    length = shape->length;
  auto first = function.getNumArguments() > 0
                   ? mlir::dyn_cast<mlir::RankedTensorType>(function.getArgument(0).getType())
                   : mlir::RankedTensorType();
  if (first && first.getRank() >= 2 && first.getDimSize(1) == 1)
    length = 1;
  int64_t positions = function.getNumArguments() > 0 ? limitsOf(0).positions : 0;
  // Positions behind another stack's rows count these too.
  if (function->hasAttr("tenon.behind"))
    positions = std::max<int64_t>(positions - kSourceLength, 1);
  if (positions > 0)
    length = std::min(length, positions);
  lengths = lengthsUpTo(length);
  if (shape)
    lengths.assign(divideCeil(shape->length * shape->sequences, length), static_cast<int32_t>(length));
  for (auto [index, count] : enumerate(lengths)) {
    int64_t cached = std::array{0, 5, 16, 17}[index % 4];
    past.push_back(static_cast<int32_t>(positions > 0 ? std::clamp<int64_t>(cached, 0, positions - count) : cached));
  }
  nameSizes();
}

StringRef InputMaker::textOf(unsigned argument, StringRef attribute) {
  auto text = function.getArgAttrOfType<mlir::StringAttr>(argument, attribute);
  return text ? text.getValue() : StringRef();
}

std::optional<EntryRole> InputMaker::roleOf(unsigned argument) {
  return symbolizeEntryRole(textOf(argument, "tenon.role"));
}

bool InputMaker::isOwn(unsigned argument) {
  bool startsFromOthers = roleOf(0) == EntryRole::Rows;
  return textOf(argument, "tenon.stack") == textOf(0, "tenon.stack") && !startsFromOthers;
}

/// The limits of a stack are those of the entry point that encodes it.
static mlir::DictionaryAttr limitsOfStack(mlir::func::FuncOp function, StringRef stack) {
  for (auto other : function->getParentOfType<mlir::ModuleOp>().getOps<mlir::func::FuncOp>())
    for (unsigned result = 0; result < other.getNumResults(); ++result) {
      auto role = other.getResultAttrOfType<mlir::StringAttr>(result, "tenon.role");
      auto name = other.getResultAttrOfType<mlir::StringAttr>(result, "tenon.stack");
      if (role && name && role.getValue() == "hidden" && name.getValue() == stack)
        return other->getAttrOfType<mlir::DictionaryAttr>("tenon.limits");
    }
  return {};
}

InputMaker::Limits InputMaker::limitsOf(unsigned argument) {
  auto limits = function->getAttrOfType<mlir::DictionaryAttr>("tenon.limits");
  if (!limits || !isOwn(argument))
    limits = limitsOfStack(function, textOf(argument, "tenon.stack"));
  if (!limits)
    return {};
  auto limit = [&](StringRef name) { return limits.getAs<mlir::IntegerAttr>(name).getInt(); };
  return {limit("vocab"), limit("types"), limit("positions")};
}

int64_t InputMaker::rowsOf(unsigned argument) {
  if (isOwn(argument))
    return length;
  int64_t positions = limitsOf(argument).positions;
  return positions > 0 ? std::min(kSourceLength, positions) : kSourceLength;
}

std::vector<int32_t> InputMaker::lengthsOf(unsigned argument) {
  if (isOwn(argument))
    return lengths;
  std::vector<int32_t> some = lengthsUpTo(rowsOf(argument)), all;
  for (int64_t sequence = 0; sequence < batch(); ++sequence)
    all.push_back(some[sequence % some.size()]);
  return all;
}

void InputMaker::nameSizes() {
  for (unsigned argument = 0; argument < function.getNumArguments(); ++argument) {
    auto dims = function.getArgAttrOfType<mlir::ArrayAttr>(argument, "tenon.dims");
    if (!dims || dims.size() < 2 || textOf(argument, "tenon.role").empty())
      continue;
    StringRef name = mlir::cast<mlir::StringAttr>(dims[1]).getValue();
    if (roleOf(argument) != EntryRole::Pages) {
      sizes[name] = rowsOf(argument);
      continue;
    }
    int64_t most = isOwn(argument) ? *std::max_element(past.begin(), past.end()) + length : kSourceLength;
    sizes[name] = divideCeil(most, kPageTokens);
    sizes[textOf(argument, "tenon.pool")] += batch() * sizes[name];
  }
  sizes["batch"] = batch();
  for (auto &pool : sizes) {
    std::vector<int32_t> &pages = pools[pool.getKey()];
    pages.resize(pool.getValue());
    std::iota(pages.begin(), pages.end(), 0);
    std::shuffle(pages.begin(), pages.end(), random);
  }
}

SmallVector<DoubleTensor> InputMaker::inputs() {
  SmallVector<DoubleTensor> made;
  for (unsigned argument = 0; argument < function.getNumArguments(); ++argument)
    made.push_back(input(argument));
  return made;
}

std::vector<bool> InputMaker::packedRows(RowStartsOp starts) {
  std::vector<bool> used;
  int64_t stride = 1;
  mlir::Value source = starts.getLengths();
  while (auto strided = source.getDefiningOp<StridedLengthsOp>()) {
    stride *= static_cast<int64_t>(strided.getStride());
    source = strided.getLengths();
  }
  auto argument = mlir::dyn_cast<mlir::BlockArgument>(source);
  for (int32_t whole : argument ? lengthsOf(argument.getArgNumber()) : lengths) {
    int64_t count = divideCeil(whole, stride);
    for (int64_t row = 0; row < static_cast<int64_t>(alignTo(count, starts.getTile())); ++row)
      used.push_back(row < count);
  }
  return used;
}

std::vector<int32_t> InputMaker::randomIds(int64_t count, int64_t limit) {
  std::uniform_int_distribution<int32_t> ids(0, static_cast<int32_t>(std::max<int64_t>(limit, 1) - 1));
  std::vector<int32_t> values(count);
  for (int32_t &value : values)
    value = ids(random);
  return values;
}

std::vector<int32_t> InputMaker::takePages(StringRef pool, int64_t count) {
  std::vector<int32_t> &left = pools[pool], taken(left.end() - count, left.end());
  left.resize(left.size() - count);
  return taken;
}

DoubleTensor InputMaker::input(unsigned argument) {
  auto type = mlir::cast<mlir::RankedTensorType>(function.getArgumentTypes()[argument]);
  SmallVector<int64_t> shape(type.getShape());
  auto dims = function.getArgAttrOfType<mlir::ArrayAttr>(argument, "tenon.dims");
  size_t dynamic = 0;
  for (int64_t &size : shape)
    if (mlir::ShapedType::isDynamic(size)) {
      auto known = dims ? sizes.find(mlir::cast<mlir::StringAttr>(dims[dynamic]).getValue()) : sizes.end();
      size = known == sizes.end() ? length : known->second;
      ++dynamic;
    }
  int64_t count = reference::countElements(shape);
  if (type.getElementType().isF32()) {
    std::normal_distribution<float> numbers;
    std::vector<double> values(count);
    for (double &value : values)
      value = numbers(random);
    return DoubleTensor(shape, std::move(values));
  }
  std::optional<EntryRole> role = roleOf(argument);
  if (role == EntryRole::Past)
    return DoubleTensor(shape, past);
  if (role == EntryRole::PromptLengths) { // Of one row the prompt is a part, of another all.
    std::vector<int32_t> some = {static_cast<int32_t>(length / 3), 0, 1, 0}, all;
    for (int64_t sequence = 0; sequence < batch(); ++sequence)
      all.push_back(some[sequence % some.size()]);
    return DoubleTensor(shape, all);
  }
  if (role == EntryRole::Pages)
    return DoubleTensor(shape, takePages(textOf(argument, "tenon.pool"), count));
  if (dims && dims.size() == 1 && shape == ArrayRef(batch()))
    return DoubleTensor(shape, lengthsOf(argument));
  Limits limits = limitsOf(argument);
  return DoubleTensor(shape, randomIds(count, role == EntryRole::Types ? limits.types : limits.vocab));
}
