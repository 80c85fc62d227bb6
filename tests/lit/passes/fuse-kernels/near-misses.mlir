// RUN: tenon-opt %s --tenon-fuse-kernels --split-input-file | FileCheck %s

// A product does not take in another product.
// CHECK-LABEL: func.func @two_products
// CHECK: %[[K:.*]] = tenon.kernel
// CHECK: tenon.linear
// CHECK-NEXT: tenon.activation
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel ""(%[[K]],
// CHECK: tenon.linear
// CHECK-NEXT: tenon.yield
func.func @two_products(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.activation relu %0 : tensor<?x8xf32>
  %2 = tenon.linear %1, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// A norm needs the whole row, which no tile of a product's columns has.
// CHECK-LABEL: func.func @norm_after_a_product
// CHECK: %[[K:.*]] = tenon.kernel
// CHECK: tenon.linear
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel ""(%[[K]])
// CHECK: tenon.norm
func.func @norm_after_a_product(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.norm rmsnorm %0 epsilon 1.0e-5 : tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// What the function returns besides is made where it is needed: the activation is a kernel of its own.
// CHECK-LABEL: func.func @product_is_returned_too
// CHECK: %[[K:.*]] = tenon.kernel
// CHECK: tenon.linear
// CHECK-NEXT: tenon.yield
// CHECK: %[[A:.*]] = tenon.kernel ""(%[[K]])
// CHECK: tenon.activation
// CHECK: return %[[K]], %[[A]]
func.func @product_is_returned_too(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %0 = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.activation relu %0 : tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// A loop's body and what stands around it do not mix.
// CHECK-LABEL: func.func @loop
// CHECK: %[[N:.*]] = tenon.kernel
// CHECK: tenon.norm
// CHECK: tenon.repeat 2 inits(%[[N]])
// CHECK: tenon.kernel
// CHECK-NEXT: ^bb0
// CHECK-NEXT: tenon.activation
// CHECK-NEXT: tenon.yield
func.func @loop(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.norm rmsnorm %x epsilon 1.0e-5 : tensor<?x8xf32>
  %1 = tenon.repeat 2 inits(%0) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %2 = tenon.activation relu %h : tensor<?x8xf32>
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}
