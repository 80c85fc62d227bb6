// RUN: tenon-opt %s --tenon-pack-rows=tile=8 | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-rows=tile=8 -o %t.once
// RUN: tenon-opt %t.once --tenon-pack-rows=tile=8 | diff %t.once -

// A window of stride 1 leaves the rows where they are; behind a stride sequences have starts and lengths of their own, and a
// padded row of the result stands for two of the input.
// CHECK-LABEL: func.func @convolutions
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x4xf32> {tenon.dims = ["batch", "length"]}, %[[N:[a-z0-9]+]]: tensor<?xi32> {tenon.dims = ["batch"]}
// CHECK: %[[S:.*]] = tenon.row_starts %[[N]] tile 8
// CHECK: %[[R:.*]] = tenon.pack_rows %[[X]] starts(%[[S]]) lengths(%[[N]])
// CHECK: %[[U:.*]] = tenon.unfold %[[R]] starts(%[[S]]) lengths(%[[N]]) to starts(%[[S]]) lengths(%[[N]]) {window = 3 : i64} {{.*}} -> tensor<?x12xf32>
// CHECK: %[[M:.*]] = tenon.strided_lengths %[[N]] stride 2
// CHECK: %[[T:.*]] = tenon.row_starts %[[M]] tile 8
// CHECK: %[[V:.*]] = tenon.unfold %[[U]] starts(%[[S]]) lengths(%[[N]]) to starts(%[[T]]) lengths(%[[M]]) {stride = 2 : i64, window = 1 : i64}
// CHECK: tenon.row_positions %[[T]]
// CHECK: %[[A:.*]] = tenon.attention %[[V]] starts(%[[T]]) lengths(%[[M]]) to rows(%[[V]], %[[V]])
// CHECK: tenon.unpack_rows %[[A]] starts(%[[T]]) lengths(%[[M]]) like %[[X]] {stride = 2 : i64}
func.func @convolutions(%x: tensor<?x?x4xf32>, %n: tensor<?xi32>, %t: tensor<9x12xf32>) -> (tensor<?x?x12xf32>, tensor<?x?x12xf32>) {
  %0 = tenon.unfold %x lengths(%n) {window = 3 : i64} : (tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x12xf32>
  %m = tenon.strided_lengths %n stride 2 : tensor<?xi32>
  %1 = tenon.unfold %0 lengths(%n) {window = 1 : i64, stride = 2 : i64} : (tensor<?x?x12xf32>, tensor<?xi32>) -> tensor<?x?x12xf32>
  %p = tenon.position_ids %1 : (tensor<?x?x12xf32>) -> tensor<?x?xi32>
  %2 = tenon.embed %p, %t : (tensor<?x?xi32>, tensor<9x12xf32>) -> tensor<?x?x12xf32>
  %3 = tenon.attention %1 lengths(%m) to rows(%1, %1) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 6 : i64, scale = 0.5 : f64}
       : (tensor<?x?x12xf32>, tensor<?xi32>, tensor<?x?x12xf32>, tensor<?x?x12xf32>) -> tensor<?x?x12xf32>
  return %2, %3 : tensor<?x?x12xf32>, tensor<?x?x12xf32>
}
