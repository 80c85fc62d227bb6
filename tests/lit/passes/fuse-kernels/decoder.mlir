// RUN: tenon-opt %s --tenon-fuse-kernels --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-fuse-kernels --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-fuse-kernels --split-input-file | diff %t.once -

// Appending and attending each take the part of the product that they read, with its norm and rotary positions: the split,
// which is no work, stands in both.
// CHECK-LABEL: func.func @append_and_attend
// CHECK: %[[NEW:.*]] = tenon.kernel
// CHECK: %[[A:.*]]:3 = tenon.split
// CHECK-NEXT: %[[KN:.*]] = tenon.norm rmsnorm %[[A]]#1
// CHECK-NEXT: %[[K:.*]] = tenon.rotary %[[KN]]
// CHECK-NEXT: tenon.cache_append %[[K]], %[[A]]#2 to
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel {{.*}}%[[NEW]],
// CHECK: %[[B:.*]]:3 = tenon.split
// CHECK-NEXT: %[[QN:.*]] = tenon.norm rmsnorm %[[B]]#0
// CHECK-NEXT: %[[Q:.*]] = tenon.rotary %[[QN]]
// CHECK-NEXT: tenon.attention %[[Q]] cache(
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
// CHECK: return
func.func @append_and_attend(%x: tensor<?x16xf32>, %c: tensor<?x128xf32>, %i: tensor<?xi32>, %cos: tensor<9x1xf32>, %w: tensor<2xf32>,
                             %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> (tensor<?x8xf32>, tensor<?x128xf32>) {
  %0:3 = tenon.split %x : tensor<?x16xf32> to tensor<?x8xf32>, tensor<?x4xf32>, tensor<?x4xf32>
  %1 = tenon.norm rmsnorm %0#0 scale %w : tensor<2xf32> epsilon 1.0e-6 {groups = 4 : i64} : tensor<?x8xf32>
  %2 = tenon.rotary %1, %i, %cos, %cos {head_size = 2 : i64, dims = 2 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x8xf32>
  %3 = tenon.norm rmsnorm %0#1 scale %w : tensor<2xf32> epsilon 1.0e-6 {groups = 2 : i64} : tensor<?x4xf32>
  %4 = tenon.rotary %3, %i, %cos, %cos {head_size = 2 : i64, dims = 2 : i64} : (tensor<?x4xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x4xf32>
  %5 = tenon.cache_append %4, %0#2 to %c starts(%s) lengths(%n) past(%p) pages(%t) {key_value_heads = 2 : i64, head_size = 2 : i64}
       : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %6 = tenon.attention %2 cache(%5) starts(%s) lengths(%n) past(%p) to pages(%t) {heads = 4 : i64, key_value_heads = 2 : i64, head_size = 2 : i64, scale = 0.5 : f64}
       : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8xf32>
  return %6, %5 : tensor<?x8xf32>, tensor<?x128xf32>
}

// -----

// A rotary embedding that others read too is a kernel of its own: it is not computed twice.
// CHECK-LABEL: func.func @keys_with_two_readers
// CHECK: %[[K:.*]] = tenon.kernel
// CHECK: tenon.rotary
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel ""({{.*}}%[[K]]
// CHECK: tenon.cache_append
// CHECK: return %[[K]]
func.func @keys_with_two_readers(%x: tensor<?x4xf32>, %c: tensor<?x128xf32>, %i: tensor<?xi32>, %cos: tensor<9x1xf32>,
                                 %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) -> (tensor<?x4xf32>, tensor<?x128xf32>) {
  %0 = tenon.rotary %x, %i, %cos, %cos {head_size = 2 : i64, dims = 2 : i64} : (tensor<?x4xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x4xf32>
  %1 = tenon.cache_append %0, %x to %c starts(%s) lengths(%n) past(%p) pages(%t) {key_value_heads = 2 : i64, head_size = 2 : i64}
       : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return %0, %1 : tensor<?x4xf32>, tensor<?x128xf32>
}

// -----

// A kernel's rows come in the tiles of the packed rows that it reads, in loops too; rows of a pool, one for each sequence,
// and rows of which nothing is known come one by one.
// CHECK-LABEL: func.func @row_tiles
// CHECK: tenon.kernel {{.*}} row_tile 4 {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.embed
// CHECK: tenon.kernel {{.*}} row_tile 4 {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.linear
// CHECK: tenon.kernel {{.*}} row_tile 4 {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.pool
// CHECK: tenon.kernel {{.*}} row_tile 1 {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.linear
// CHECK: tenon.kernel {{.*}} row_tile 1 {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.activation
func.func @row_tiles(%ids: tensor<?x?xi32>, %n: tensor<?xi32>, %table: tensor<9x8xf32>, %w: tensor<8x8xf32>, %y: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %s = tenon.row_starts %n tile 4 : tensor<?xi32> -> tensor<?xi32>
  %i = tenon.pack_rows %ids starts(%s) lengths(%n) : (tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %0 = tenon.embed %i, %table : (tensor<?xi32>, tensor<9x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.repeat 2 inits(%0) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %a = tenon.linear %h, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    tenon.yield %a : tensor<?x8xf32>
  }
  %2 = tenon.pool last %1 starts(%s) lengths(%n) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %3 = tenon.linear %2, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %4 = tenon.activation relu %y : tensor<?x8xf32>
  return %3, %4 : tensor<?x8xf32>, tensor<?x8xf32>
}
