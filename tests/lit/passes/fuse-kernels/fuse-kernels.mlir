// RUN: tenon-opt %s --tenon-fuse-kernels --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-fuse-kernels=fuse=false --split-input-file | FileCheck %s --check-prefix=SINGLE
// RUN: tenon-opt %s --tenon-fuse-kernels --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-fuse-kernels --split-input-file | diff %t.once -

// The norm goes into the product behind it, activation and residual sum into the one before them.
// CHECK-LABEL: func.func @prologue_and_epilogue
// CHECK: tenon.kernel
// CHECK: tenon.norm
// CHECK-NEXT: tenon.linear
// CHECK-NEXT: tenon.activation
// CHECK-NEXT: tenon.add
// CHECK-NEXT: tenon.yield
// CHECK-NOT: tenon.kernel
// CHECK: return
// SINGLE-LABEL: func.func @prologue_and_epilogue
// SINGLE-COUNT-4: tenon.kernel
func.func @prologue_and_epilogue(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.norm rmsnorm %x epsilon 1.0e-5 : tensor<?x8xf32>
  %1 = tenon.linear %0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %2 = tenon.activation gelu %1 : tensor<?x8xf32>
  %3 = tenon.add %x, %2 : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// Post-norm: the norm has two readers, so it is a kernel of its own.
// CHECK-LABEL: func.func @norm_with_two_readers
// CHECK: %[[N:.*]] = tenon.kernel
// CHECK: tenon.norm
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel
// CHECK-SAME: %[[N]]
// CHECK: tenon.linear
// CHECK-NEXT: tenon.add
func.func @norm_with_two_readers(%x: tensor<?x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.norm rmsnorm %x epsilon 1.0e-5 : tensor<?x8xf32>
  %1 = tenon.linear %0, %w : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %2 = tenon.add %0, %1 : tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// The parts of one product go straight into attention; pooling takes the norm after it.
// CHECK-LABEL: func.func @attention_and_pool
// CHECK: tenon.kernel
// CHECK: tenon.split
// CHECK-NEXT: tenon.attention
// CHECK-NEXT: tenon.yield
// CHECK: tenon.kernel
// CHECK: tenon.pool
// CHECK-NEXT: tenon.norm l2
func.func @attention_and_pool(%x: tensor<?x24xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) -> tensor<?x8xf32> {
  %0:3 = tenon.split %x : tensor<?x24xf32> to tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x8xf32>
  %1 = tenon.attention %0#0 starts(%s) lengths(%n) to rows(%0#1, %0#2) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64}
       : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = tenon.pool mean %1 starts(%s) lengths(%n) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %3 = tenon.norm l2 %2 epsilon 1.0e-12 : tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}
