// RUN: tenon-opt %s --tenon-fuse-projections --split-input-file | FileCheck %s

// Of one layer: the concatenated parameters are that layer's, and biases go along.
// CHECK-LABEL: func.func @same_layer
// CHECK: ^bb0(%[[L:.*]]: index, %[[H:.*]]: tensor<?x8xf32>):
// CHECK: %[[W:.*]] = tenon.weight ["gate.*", "up.*"][%[[L]]] of 2 {part_rows = array<i64: 4, 4>} : tensor<8x8xf32>
// CHECK: %[[B:.*]] = tenon.weight ["gate.bias.*", "up.bias.*"][%[[L]]] of 2 {part_rows = array<i64: 4, 4>} : tensor<8xf32>
// CHECK: tenon.linear %[[H]], %[[W]], %[[B]]
func.func @same_layer(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %w = tenon.weight ["gate.*"][%l] of 2 : tensor<4x8xf32>
    %b = tenon.weight ["gate.bias.*"][%l] of 2 : tensor<4xf32>
    %gate = tenon.linear %h, %w, %b : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %v = tenon.weight ["up.*"][%l] of 2 : tensor<4x8xf32>
    %c = tenon.weight ["up.bias.*"][%l] of 2 : tensor<4xf32>
    %up = tenon.linear %h, %v, %c : (tensor<?x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = tenon.multiply %gate, %up : tensor<?x4xf32>
    %d = tenon.weight ["down.*"][%l] of 2 : tensor<8x4xf32>
    %down = tenon.linear %s, %d : (tensor<?x4xf32>, tensor<8x4xf32>) -> tensor<?x8xf32>
    tenon.yield %down : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// One parameter is the layer's and the other every layer's: no tensor of the file holds both.
// CHECK-LABEL: func.func @shared_by_layers
// CHECK-NOT: tenon.split
// CHECK-COUNT-2: tenon.linear
// CHECK-NOT: tenon.split
func.func @shared_by_layers(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %w = tenon.weight ["own.*"][%l] of 2 : tensor<8x8xf32>
    %a = tenon.linear %h, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    %v = tenon.weight ["shared"] : tensor<8x8xf32>
    %b = tenon.linear %h, %v : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
    %s = tenon.add %a, %b : tensor<?x8xf32>
    tenon.yield %s : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// -----

// The same of biases, and of a bias that is no parameter.
// CHECK-LABEL: func.func @biases_differ
// CHECK-NOT: tenon.split
func.func @biases_differ(%x: tensor<?x8xf32>, %given: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %w = tenon.weight ["a.*"][%l] of 2 : tensor<8x8xf32>
    %wb = tenon.weight ["a.bias.*"][%l] of 2 : tensor<8xf32>
    %a = tenon.linear %h, %w, %wb : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %v = tenon.weight ["b.*"][%l] of 2 : tensor<8x8xf32>
    %vb = tenon.weight ["bias"] : tensor<8xf32>
    %b = tenon.linear %h, %v, %vb : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %u = tenon.weight ["c.*"][%l] of 2 : tensor<8x8xf32>
    %c = tenon.linear %h, %u, %given : (tensor<?x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %s = tenon.add %a, %b : tensor<?x8xf32>
    %t = tenon.add %s, %c : tensor<?x8xf32>
    tenon.yield %t : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
