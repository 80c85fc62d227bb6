// RUN: tenon-opt %s --tenon-lower-drivers | FileCheck %s

// A function that is no driver stays as it is, and what host IR carries along goes.
// CHECK-NOT: module @kernels
// CHECK-NOT: module @parameters
// CHECK: func.func @helper(%[[X:.*]]: memref<?x8xf32>) -> index {
// CHECK-NEXT: %[[C:.*]] = arith.constant 0 : index
// CHECK-NEXT: %[[N:.*]] = memref.dim %[[X]], %[[C]]
// CHECK-NEXT: return %[[N]]
module {
  module @parameters {
    func.func @parameters(%layer: index) -> tensor<8xf32> {
      %0 = tenon.weight ["b"] : tensor<8xf32>
      return %0 : tensor<8xf32>
    }
  }
  module @kernels {
  }
  func.func @helper(%x: memref<?x8xf32>) -> index {
    %c0 = arith.constant 0 : index
    %n = memref.dim %x, %c0 : memref<?x8xf32>
    return %n : index
  }
}
