// RUN: tenon-opt %s --tenon-lower-to-host | FileCheck %s

// Keys of other sequences have sizes of their own; numbers of each sequence have one.
// CHECK: func.func @joint(%{{[a-z0-9]+}}: memref<?xi8>, %{{[a-z0-9]+}}: memref<?x8xf32> {tenon.dims = ["d0_0"]}, %{{[a-z0-9]+}}: memref<?xi32> {tenon.dims = ["d1_0"]}, %{{[a-z0-9]+}}: memref<?xi32> {tenon.dims = ["d2_0"]},
// CHECK-SAME: %{{[a-z0-9]+}}: memref<?x8xf32> {tenon.dims = ["d3_0"]}, %{{[a-z0-9]+}}: memref<?x8xf32> {tenon.dims = ["d3_0"]}, %{{[a-z0-9]+}}: memref<?xi32> {tenon.dims = ["d5_0"]}, %{{[a-z0-9]+}}: memref<?xi32> {tenon.dims = ["d2_0"]},
// CHECK-SAME: %{{[a-z0-9]+}}: memref<?x8xf32> {tenon.dims = ["d0_0"]}, %{{[a-z0-9]+}}: memref<?xi32> {tenon.dims = ["d2_0"]}, %{{[a-z0-9]+}}: memref<?x8xf32> {tenon.dims = ["d0_0"]})
func.func @joint(%q: tensor<?x8xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %k: tensor<?x8xf32>, %v: tensor<?x8xf32>, %ks: tensor<?xi32>, %kn: tensor<?xi32>, %w: tensor<?x8xf32>, %o: tensor<?xi32>) -> tensor<?x8xf32> {
  %1 = tenon.kernel "attention_0" (%q, %s, %n, %k, %v, %ks, %kn, %w, %o) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<?xi32>, %c: tensor<?xi32>, %d: tensor<?x8xf32>, %e: tensor<?x8xf32>, %f: tensor<?xi32>, %g: tensor<?xi32>, %h: tensor<?x8xf32>, %i: tensor<?xi32>):
    %2 = tenon.attention %a starts(%b) lengths(%c) to rows(%d, %e) starts(%f) lengths(%g) offset(%i), rows(%h, %h) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
    tenon.yield %2 : tensor<?x8xf32>
  }
  return %1 : tensor<?x8xf32>
}
