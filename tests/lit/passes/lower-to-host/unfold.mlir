// RUN: tenon-opt %s --tenon-kernel=targets=x86-64-v3 --tenon-lower-to-host | FileCheck %s

// Rows behind a stride are counted from the whole lengths, before anything is allocated; the caller's tensor has a dimension
// that follows from the input's.
// CHECK-LABEL: func.func @halves
// CHECK-SAME: memref<?x?x4xf32> {tenon.dims = ["batch", "length"]}
// CHECK-SAME: memref<?x?x12xf32> {tenon.dims = ["batch", "ceil(length/2)"]}
// CHECK: %[[ROWS:.*]] = scf.for
// CHECK: arith.divui
// CHECK: %[[HALF:.*]] = scf.for {{.*}}
// CHECK: arith.divui
// CHECK: arith.divui
// CHECK: memref.alloc(%[[HALF]]) {{.*}} : memref<?x12xf32>
// CHECK: call @unfold
func.func @halves(%x: tensor<?x?x4xf32>, %n: tensor<?xi32>) -> tensor<?x?x12xf32> {
  %m = tenon.strided_lengths %n stride 2 : tensor<?xi32>
  %0 = tenon.unfold %x lengths(%n) {window = 3 : i64, stride = 2 : i64} : (tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x12xf32>
  return %0 : tensor<?x?x12xf32>
}

// So do the sequences that are pooled behind it: there are as many as before.
// CHECK-LABEL: func.func @pooled
// CHECK-SAME: memref<?x4xf32> {tenon.dims = ["batch"]}
func.func @pooled(%x: tensor<?x?x4xf32>, %n: tensor<?xi32>) -> tensor<?x4xf32> {
  %m = tenon.strided_lengths %n stride 2 : tensor<?xi32>
  %w = tenon.weight ["w"] : tensor<4x12xf32>
  %0 = tenon.unfold %x lengths(%n) {window = 3 : i64, stride = 2 : i64} : (tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x12xf32>
  %1 = tenon.linear %0, %w : (tensor<?x?x12xf32>, tensor<4x12xf32>) -> tensor<?x?x4xf32>
  %2 = tenon.pool last %1 lengths(%m) : (tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}
