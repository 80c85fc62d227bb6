// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file | FileCheck %s

// A layer's kernels write over the state that they carry, since the last of them does not read it; the parameter is a view
// of the weights that moves on with the layer; the kernel itself is kept beside the drivers.
// CHECK-LABEL: func.func private @linear_0(memref<?x8xf32>, memref<1x8x16xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}
// CHECK: module @kernels
// CHECK: tenon.kernel "linear_0"
// CHECK-LABEL: func.func @layers
// CHECK-SAME: %[[BYTES:.*]]: memref<?xi8>, %[[X:.*]]: memref<?x8xf32> {tenon.dims = ["d0_0"]}, %[[OUT:.*]]: memref<?x8xf32> {tenon.dims = ["d0_0"]}
// CHECK-SAME: tenon.entry
// CHECK: %[[STATE:.*]] = memref.alloc(%{{.*}}) {{.*}} : memref<?x8xf32>
// CHECK: %[[MIDDLE:.*]] = memref.alloc(%{{.*}}) {{.*}} : memref<?x8xf32>
// CHECK: memref.copy %[[X]], %[[STATE]]
// CHECK: scf.for %[[L:.*]] =
// CHECK: %[[STEP:.*]] = arith.muli %[[L]]
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[STEP]]
// CHECK: %[[W:.*]] = memref.view %[[BYTES]][%[[AT]]][] : memref<?xi8> to memref<1x8x16xf32>
// CHECK: call @linear_0(%[[STATE]], %[[W]], %[[MIDDLE]])
// CHECK: call @linear_0(%[[MIDDLE]], %[[W]], %[[STATE]])
// CHECK-NOT: memref.copy
// CHECK: }
// CHECK: memref.extract_aligned_pointer_as_index %[[OUT]]
// CHECK: scf.if
// CHECK: memref.copy %[[STATE]], %[[OUT]]
func.func @layers(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.repeat 3 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %w = tenon.weight ["w.*"][%l] of 3 {panel = 16 : i64, part_rows = array<i64: 8>} : tensor<1x8x16xf32>
    %1 = tenon.kernel "linear_0" (%h, %w) : (tensor<?x8xf32>, tensor<1x8x16xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>, %b: tensor<1x8x16xf32>):
      %3 = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<1x8x16xf32>) -> tensor<?x8xf32>
      tenon.yield %3 : tensor<?x8xf32>
    }
    %2 = tenon.kernel "linear_0" (%1, %w) : (tensor<?x8xf32>, tensor<1x8x16xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>, %b: tensor<1x8x16xf32>):
      %3 = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<1x8x16xf32>) -> tensor<?x8xf32>
      tenon.yield %3 : tensor<?x8xf32>
    }
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// The kernel that makes the next state reads the last one: it gets a buffer of its own, and the result is copied.
// CHECK-LABEL: func.func @state_still_read
// CHECK: scf.for
// CHECK: call @add_0(%[[STATE:[a-z_0-9]+]], %[[NEXT:[a-z_0-9]+]])
// CHECK: memref.copy %[[NEXT]], %[[STATE]]
func.func @state_still_read(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.repeat 3 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %1 = tenon.kernel "add_0" (%h) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %3 = tenon.add %a, %a : tensor<?x8xf32>
      tenon.yield %3 : tensor<?x8xf32>
    }
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
