// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-lower-to-host --split-input-file | diff %t.once -

// Two carried values that change places: both are set aside before either is written over.
// CHECK-LABEL: func.func @swap
// CHECK: memref.copy %{{.*}}, %[[A:.*]] : memref
// CHECK: memref.copy %{{.*}}, %[[B:.*]] : memref
// CHECK: scf.for
// CHECK-NEXT: memref.copy %[[B]], %[[B_ASIDE:.*]] : memref
// CHECK-NEXT: memref.copy %[[A]], %[[A_ASIDE:.*]] : memref
// CHECK-NEXT: memref.copy %[[B_ASIDE]], %[[A]] : memref
// CHECK-NEXT: memref.copy %[[A_ASIDE]], %[[B]] : memref
// CHECK-NEXT: }
func.func @swap(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %0:2 = tenon.repeat 3 inits(%x, %y) : tensor<?x8xf32>, tensor<?x8xf32> {
  ^bb0(%layer: index, %a: tensor<?x8xf32>, %b: tensor<?x8xf32>):
    tenon.yield %b, %a : tensor<?x8xf32>, tensor<?x8xf32>
  }
  return %0#0, %0#1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// The inner loop starts anew from a value of outside each time: it works on a copy.
// CHECK-LABEL: func.func @loop_in_a_loop
// CHECK: call @add_0(%{{[^,]*}}, %[[START:[a-z0-9_]+]])
// CHECK: scf.for
// CHECK: memref.copy %[[START]], %[[INNER:[a-z0-9_]+]] : memref
// CHECK: scf.for
// CHECK-NOT: %[[START]]{{[, ]}}
// CHECK: call @add_1(%{{[^,]*}}, %[[INNER]],
func.func @loop_in_a_loop(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %start = tenon.kernel "add_0"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  %0 = tenon.repeat 3 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %1 = tenon.repeat 2 inits(%start) : tensor<?x8xf32> {
    ^bb0(%m: index, %g: tensor<?x8xf32>):
      %2 = tenon.kernel "add_0"(%g) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
      ^bb0(%a: tensor<?x8xf32>):
        %3 = tenon.add %a, %a : tensor<?x8xf32>
        tenon.yield %3 : tensor<?x8xf32>
      }
      tenon.yield %2 : tensor<?x8xf32>
    }
    %2 = tenon.kernel "add_1"(%h, %1) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>):
      %3 = tenon.add %a, %b : tensor<?x8xf32>
      tenon.yield %3 : tensor<?x8xf32>
    }
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// Host IR says which parameters its views are of, in the order of their file, each once.
// CHECK: module @parameters
// CHECK-NEXT: func.func @parameters(%[[L:.*]]: index) -> (tensor<8x8xf32>, tensor<16x8xf32>)
// CHECK-NEXT: %[[A:.*]] = tenon.weight ["a"] : tensor<8x8xf32>
// CHECK-NEXT: %[[B:.*]] = tenon.weight ["b.*"][%[[L]]] of 2 : tensor<16x8xf32>
// CHECK-NEXT: return %[[A]], %[[B]]
// CHECK-LABEL: func.func @parameters_once
func.func @parameters_once(%x: tensor<16x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>, tensor<16x8xf32>) {
  %a = tenon.weight ["a"] : tensor<8x8xf32>
  %again = tenon.weight ["a"] : tensor<8x8xf32>
  %0 = tenon.repeat 2 inits(%x) : tensor<16x8xf32> {
  ^bb0(%l: index, %h: tensor<16x8xf32>):
    %b = tenon.weight ["b.*"][%l] of 2 : tensor<16x8xf32>
    tenon.yield %b : tensor<16x8xf32>
  }
  return %a, %again, %0 : tensor<8x8xf32>, tensor<8x8xf32>, tensor<16x8xf32>
}
