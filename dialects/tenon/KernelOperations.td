//===- KernelOperations.td - The kinds of operation of kernels -*- tablegen -*-===//
//
// A table for the kernel generator, which has nothing of MLIR: every operation that a kernel may contain, as ODS has it.
//
//===----------------------------------------------------------------------===//

include "Ops.td"
include "llvm/TableGen/SearchableTable.td"

def OperationKinds : GenericTable {
  let FilterClass = "Tenon_KernelOperation";
  let CppTypeName = "OperationKind";
  let Fields = ["kernelKind", "kernelLocality", "kernelOperands"];
  string TypeOf_kernelLocality = "code";
}
