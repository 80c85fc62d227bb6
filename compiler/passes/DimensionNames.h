//===- DimensionNames.h - Which sizes of arguments are one ------*- C++ -*-===//

#ifndef TENON_PASSES_DIMENSIONNAMES_H
#define TENON_PASSES_DIMENSIONNAMES_H

#include "tenon/Dialect.h"

namespace tenon {

/// Names for the dimensions of the arguments that have none (`tenon.dims`): one name where the kernels need one size,
/// which no kernel checks but the runtime does.
void nameDimensions(mlir::func::FuncOp function);

/// The name of the argument's dimension that `source` equals, or null. Needs named dimensions.
mlir::Attribute dimensionName(mlir::func::FuncOp function, DimensionSource source);

} // namespace tenon

#endif // TENON_PASSES_DIMENSIONNAMES_H
