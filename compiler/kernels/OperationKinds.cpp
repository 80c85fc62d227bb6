//===- OperationKinds.cpp - The kinds of operation of kernels -------------===//

#include "kernels/OperationKinds.h"

#include <algorithm>

namespace tenon::kernels {

#define GET_OperationKinds_IMPL
#include "tenon/KernelOperations.inc"

std::span<const OperationKind> operationKinds() { return OperationKinds; }

const OperationKind *findOperationKind(std::string_view name) {
  const auto *found = std::find_if(std::begin(OperationKinds), std::end(OperationKinds),
                                   [&](const OperationKind &kind) { return kind.name == name; });
  return found == std::end(OperationKinds) ? nullptr : found;
}

} // namespace tenon::kernels
