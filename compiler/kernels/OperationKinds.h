//===- OperationKinds.h - The kinds of operation of kernels -----*- C++ -*-===//

#ifndef TENON_KERNELS_OPERATIONKINDS_H
#define TENON_KERNELS_OPERATIONKINDS_H

#include <span>
#include <string_view>

namespace tenon::kernels {

/// How an operation's results depend on its operands: what fusion may put into one kernel, and a nest into one loop.
enum class Locality {
  View,        ///< An element is one of the operand's; nothing is computed.
  Elementwise, ///< An element on the elements at the same place.
  Row,         ///< A row on the same row.
  Gather,      ///< A row on a row of a table.
  Product,     ///< A row on the same row, by way of a matrix product: the work that a kernel is scheduled around.
  Sequence,    ///< A row on rows of the same sequence.
  Update,      ///< Rows become part of a tensor that is updated in place.
};

struct OperationKind {
  std::string_view name;
  Locality locality;
  unsigned operands; ///< All that the operation may have.
};

/// What ODS declares: dialects/tenon/KernelOperations.td.
std::span<const OperationKind> operationKinds();

/// Null for a name that is none.
const OperationKind *findOperationKind(std::string_view name);

} // namespace tenon::kernels

#endif // TENON_KERNELS_OPERATIONKINDS_H
