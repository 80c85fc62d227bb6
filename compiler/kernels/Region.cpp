//===- Region.cpp - From a description to functions -----------------------===//

#include "kernels/AsWritten.h"
#include "kernels/Families.h"

using namespace Halide;

namespace tenon::kernels {

namespace {

/// A dense buffer whose sizes are constants but for a dynamic outermost one.
ImageParam makeArgument(const TensorType &type, size_t index) {
  ImageParam argument(type.element == ElementType::F32 ? Float(32) : Int(32), static_cast<int>(type.shape.size()),
                      "argument" + std::to_string(index));
  Expr stride = 1;
  for (size_t i = 0; i < type.shape.size(); ++i) {
    int64_t extent = type.shape[type.shape.size() - 1 - i];
    auto dimension = argument.dim(static_cast<int>(i));
    dimension.set_min(0).set_stride(stride);
    if (extent != kDynamic)
      dimension.set_extent(static_cast<int>(extent));
    stride = stride * (extent == kDynamic ? dimension.extent() : Expr(static_cast<int>(extent)));
  }
  return argument;
}

} // namespace

Region::Region(const KernelDescription &description) : description(description) {
  verifyDescription(description);
  for (const TensorType &type : description.arguments) {
    arguments.push_back(makeArgument(type, arguments.size()));
    values.push_back(arguments.back());
    types.push_back(type);
    producers.push_back(-1);
    extents.push_back(arguments.back().dim(static_cast<int>(type.shape.size()) - 1).extent());
    rowTiles.push_back(static_cast<int>(description.rowTile));
  }
  for (const Operation &operation : description.operations) {
    std::vector<Operand> operands;
    for (int operand : operation.operands)
      operands.push_back({values[operand], types[operand], extents[operand], innerExtent(operand)});
    OperationFuncs funcs;
    funcs.operation = &operation;
    funcs.rowTile = rowTiles[operation.operands[0]];
    rulesOf(familyOf(operation.kind)).algorithms().at(operation.kind)(operands, funcs);
    // Rows stay rows, but a pool yields one for each of its lengths, and an unfold as many as its result has.
    bool pools = operation.kind == "pool";
    Expr rows =
        operation.kind == "unfold" ? funcs.results[0].output_buffer().dim(1).extent() : operands[pools ? 2 : 0].extent;
    for (size_t i = 0; i < operation.results.size(); ++i) {
      extents.push_back(rows);
      rowTiles.push_back(pools ? 1 : funcs.rowTile);
      values.push_back(funcs.results[i]);
      types.push_back(operation.results[i]);
      producers.push_back(static_cast<int>(operations.size()));
    }
    operations.push_back(std::move(funcs));
  }
  computeAsWritten(*this);
}

Expr Region::innerExtent(int value) const {
  int64_t extent = types[value].shape.back();
  return extent == kDynamic ? arguments[value].dim(0).extent() : Expr(static_cast<int>(extent));
}

int64_t integerAttribute(const Operation &operation, const std::string &name, int64_t otherwise) {
  auto found = operation.attributes.find(name);
  return found == operation.attributes.end() ? otherwise : std::get<int64_t>(found->second);
}

double realAttribute(const Operation &operation, const std::string &name) {
  return std::get<double>(operation.attributes.at(name));
}

double realAttribute(const Operation &operation, const std::string &name, double otherwise) {
  return operation.attributes.count(name) ? realAttribute(operation, name) : otherwise;
}

const std::string &textAttribute(const Operation &operation, const std::string &name) {
  return std::get<std::string>(operation.attributes.at(name));
}

} // namespace tenon::kernels
