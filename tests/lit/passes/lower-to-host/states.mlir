// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-lower-to-host --split-input-file | diff %t.once -

// A state is one argument, which is updated where the caller has it: each layer's kernel writes into its part of it, and
// nothing is copied.
// CHECK-LABEL: func.func @state
// CHECK-SAME: %[[CACHE:[a-z0-9]+]]: memref<2x?x64xf32> {tenon.dims = ["pages"], tenon.state}) attributes
// CHECK-SAME: tenon.inputs = 5 : i64
// CHECK-NOT: memref.copy
// CHECK: %[[PAGES:.*]] = memref.dim %[[CACHE]], %{{.*}}
// CHECK: scf.for %[[L:.*]] =
// CHECK: %[[SLICE:.*]] = memref.subview %[[CACHE]][%[[L]], 0, 0] [1, %[[PAGES]], 64] [1, 1, 1]
// CHECK: call @append_0(%[[SLICE]], %{{.*}}, %[[SLICE]])
// CHECK-NOT: memref.copy
// CHECK: return
func.func @state(%k: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<2x?x64xf32> {tenon.state, tenon.dims = ["pages"]}) -> (tensor<2x?x64xf32> {tenon.state}) {
  %0 = tenon.repeat 2 inits(%c) : tensor<2x?x64xf32> {
  ^bb0(%layer: index, %h: tensor<2x?x64xf32>):
    %slice = tenon.cache_layer %h[%layer] : tensor<2x?x64xf32> -> tensor<?x64xf32>
    %new = tenon.kernel "append_0"(%slice, %k, %s, %n, %t) : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32> row_tile 1 {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x2xf32>, %d: tensor<?xi32>, %e: tensor<?xi32>, %f: tensor<?x?xi32>):
      %1 = tenon.cache_append %b, %b to %a starts(%d) lengths(%e) past(%e) pages(%f) {key_value_heads = 1 : i64, head_size = 2 : i64}
           : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      tenon.yield %1 : tensor<?x64xf32>
    }
    %next = tenon.cache_update %new into %h[%layer] : tensor<?x64xf32> into tensor<2x?x64xf32>
    tenon.yield %next : tensor<2x?x64xf32>
  }
  return %0 : tensor<2x?x64xf32>
}

// -----

// Layers of blocks in turn: the slice is that of the layer which the turn is at.
// CHECK-LABEL: func.func @turns
// CHECK: scf.for %[[TURN:.*]] =
// CHECK: %[[LAYER:.*]] = affine.apply #{{.*}}(%[[TURN]])
// CHECK: memref.subview %{{.*}}[%[[LAYER]], 0, 0]
// CHECK: call @append_0
func.func @turns(%k: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<2x?x64xf32> {tenon.state, tenon.dims = ["pages"]}) -> (tensor<2x?x64xf32> {tenon.state}) {
  %0 = tenon.repeat 1 inits(%c) : tensor<2x?x64xf32> {
  ^bb0(%layer: index, %h: tensor<2x?x64xf32>):
    %at = affine.apply affine_map<(d0) -> (d0 * 2 + 1)>(%layer)
    %slice = tenon.cache_layer %h[%at] : tensor<2x?x64xf32> -> tensor<?x64xf32>
    %new = tenon.kernel "append_0"(%slice, %k, %s, %n, %t) : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32> row_tile 1 {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x2xf32>, %d: tensor<?xi32>, %e: tensor<?xi32>, %f: tensor<?x?xi32>):
      %1 = tenon.cache_append %b, %b to %a starts(%d) lengths(%e) past(%e) pages(%f) {key_value_heads = 1 : i64, head_size = 2 : i64}
           : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      tenon.yield %1 : tensor<?x64xf32>
    }
    %next = tenon.cache_update %new into %h[%at] : tensor<?x64xf32> into tensor<2x?x64xf32>
    tenon.yield %next : tensor<2x?x64xf32>
  }
  return %0 : tensor<2x?x64xf32>
}

// -----

// A kernel that only one output needs runs where the caller wants that output; what both need runs always.
// CHECK-LABEL: func.func @wanted
// CHECK-SAME: %[[FIRST:[a-z0-9]+]]: memref<?x8xf32> {tenon.dims = ["d0_0"]}, %[[SECOND:[a-z0-9]+]]: memref<?x8xf32> {tenon.dims = ["d0_0"]})
// CHECK-NOT: scf.if
// CHECK: call @add_0
// CHECK: %[[AT:.*]] = memref.extract_aligned_pointer_as_index %[[FIRST]]
// CHECK-NEXT: %[[NONE:.*]] = arith.constant 0
// CHECK-NEXT: %[[GIVEN:.*]] = arith.cmpi ne, %[[AT]], %[[NONE]]
// CHECK-NEXT: scf.if %[[GIVEN]] {
// CHECK-NEXT: call @add_1
// CHECK-NEXT: }
// CHECK: memref.extract_aligned_pointer_as_index %[[FIRST]]
// CHECK: scf.if
// CHECK: memref.copy
// CHECK: memref.extract_aligned_pointer_as_index %[[SECOND]]
// CHECK: scf.if
// CHECK: memref.copy
func.func @wanted(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %0 = tenon.kernel "add_0"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %2 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %2 : tensor<?x8xf32>
  }
  %1 = tenon.kernel "add_1"(%0, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>):
    %2 = tenon.add %a, %b : tensor<?x8xf32>
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %1, %0 : tensor<?x8xf32>, tensor<?x8xf32>
}
