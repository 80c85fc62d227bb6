// RUN: tenon-opt %s --tenon-inline-kernels | FileCheck %s
// RUN: tenon-opt %s --tenon-fuse-kernels --tenon-inline-kernels | FileCheck %s

// CHECK-LABEL: func.func @norm_linear
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[W:.*]]: tensor<8x8xf32>
// CHECK-NEXT: %[[N:.*]] = tenon.norm rmsnorm %[[X]]
// CHECK-NEXT: %[[L:.*]] = tenon.linear %[[N]], %[[W]]
// CHECK-NEXT: return %[[L]]
func.func @norm_linear(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.kernel "k" (%x, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<8x8xf32>):
    %1 = tenon.norm rmsnorm %a epsilon 1.0e-5 : tensor<?x8xf32>
    %2 = tenon.linear %1, %b : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
