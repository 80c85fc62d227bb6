// RUN: tenon-opt %s --tenon-fuse-projections --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-fuse-projections --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-fuse-projections --split-input-file | diff %t.once -

// CHECK-LABEL: func.func @query_and_key
// CHECK: %[[W:.*]] = tenon.weight ["q", "k"] {part_rows = array<i64: 8, 4>} : tensor<12x8xf32>
// CHECK: %[[P:.*]] = tenon.linear %{{.*}}, %[[W]] : (tensor<?x8xf32>, tensor<12x8xf32>) -> tensor<?x12xf32>
// CHECK: %[[S:.*]]:2 = tenon.split %[[P]] : tensor<?x12xf32> to tensor<?x8xf32>, tensor<?x4xf32>
// CHECK: return %[[S]]#0, %[[S]]#1
func.func @query_and_key(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x4xf32>) {
  %wq = tenon.weight ["q"] : tensor<8x8xf32>
  %q = tenon.linear %x, %wq : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %wk = tenon.weight ["k"] : tensor<4x8xf32>
  %k = tenon.linear %x, %wk : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %q, %k : tensor<?x8xf32>, tensor<?x4xf32>
}

// -----

// One has a bias and the other none: they stay apart.
// CHECK-LABEL: func.func @one_bias
// CHECK-COUNT-2: tenon.linear
// CHECK-NOT: tenon.split
func.func @one_bias(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %wq = tenon.weight ["q"] : tensor<8x8xf32>
  %b = tenon.weight ["b"] : tensor<8xf32>
  %q = tenon.linear %x, %wq, %b : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %wk = tenon.weight ["k"] : tensor<8x8xf32>
  %k = tenon.linear %x, %wk : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %q, %k : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// Different rows.
// CHECK-LABEL: func.func @different_inputs
// CHECK-COUNT-2: tenon.linear
// CHECK-NOT: tenon.split
func.func @different_inputs(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %wq = tenon.weight ["q"] : tensor<8x8xf32>
  %q = tenon.linear %x, %wq : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %wk = tenon.weight ["k"] : tensor<8x8xf32>
  %k = tenon.linear %y, %wk : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %q, %k : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// What another function reads in another order stands in that of the first, so that a part of it is side by side there too.
// CHECK-LABEL: func.func @one_order
// CHECK: tenon.weight ["q", "k", "v"] {part_rows = array<i64: 8, 4, 4>} : tensor<16x8xf32>
func.func @one_order(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %q = tenon.weight ["q"] : tensor<8x8xf32>
  %k = tenon.weight ["k"] : tensor<4x8xf32>
  %v = tenon.weight ["v"] : tensor<4x8xf32>
  %0 = tenon.linear %x, %q : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.linear %x, %k : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %2 = tenon.linear %x, %v : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  return %0, %1, %2 : tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}
// CHECK-LABEL: func.func @read_in_another
// CHECK: tenon.weight ["q", "k", "v"] {part_rows = array<i64: 8, 4, 4>} : tensor<16x8xf32>
// CHECK: %[[PARTS:.*]]:3 = tenon.split
// CHECK: return %[[PARTS]]#1, %[[PARTS]]#2, %[[PARTS]]#0
func.func @read_in_another(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x8xf32>) {
  %k = tenon.weight ["k"] : tensor<4x8xf32>
  %0 = tenon.linear %x, %k : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %v = tenon.weight ["v"] : tensor<4x8xf32>
  %1 = tenon.linear %x, %v : (tensor<?x8xf32>, tensor<4x8xf32>) -> tensor<?x4xf32>
  %q = tenon.weight ["q"] : tensor<8x8xf32>
  %2 = tenon.linear %x, %q : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %0, %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x8xf32>
}
