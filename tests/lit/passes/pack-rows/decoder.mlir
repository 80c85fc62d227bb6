// RUN: tenon-opt %s --tenon-pack-rows=tile=8 --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-rows=tile=8 --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-pack-rows=tile=8 --split-input-file | diff %t.once -

// A page table is no batch of rows, though it has a batch's shape: its dimensions have other names. The cache has no rows.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: %[[IDS:.*]]: tensor<?x?xi32> {{.*}}, %[[N:.*]]: tensor<?xi32> {{.*}}, %[[P:.*]]: tensor<?xi32> {{.*}}, %[[T:.*]]: tensor<?x?xi32> {{.*}}, %[[C:.*]]: tensor<?x64xf32>
// CHECK: %[[S:.*]] = tenon.row_starts %[[N]] tile 8
// CHECK: tenon.pack_rows %[[IDS]]
// CHECK-NOT: tenon.pack_rows %[[T]]
// CHECK: %[[A:.*]] = tenon.cache_append %[[R:.*]], %[[R]] to %[[C]] starts(%[[S]]) lengths(%[[N]]) past(%[[P]]) pages(%[[T]]) {{.*}} : (tensor<?x64xf32>, tensor<?x2xf32>
// CHECK: tenon.attention %[[R]] cache(%[[A]]) starts(%[[S]]) lengths(%[[N]]) past(%[[P]]) to pages(%[[T]])
// CHECK: return %{{.*}}, %[[A]] : tensor<?x?x2xf32>, tensor<?x64xf32>
func.func @prefill(%ids: tensor<?x?xi32> {tenon.dims = ["batch", "length"]}, %n: tensor<?xi32> {tenon.dims = ["batch"]},
                   %p: tensor<?xi32> {tenon.dims = ["batch"]}, %t: tensor<?x?xi32> {tenon.dims = ["batch", "slots"]},
                   %c: tensor<?x64xf32> {tenon.dims = ["pages"]}, %table: tensor<9x2xf32>) -> (tensor<?x?x2xf32>, tensor<?x64xf32>) {
  %0 = tenon.embed %ids, %table : (tensor<?x?xi32>, tensor<9x2xf32>) -> tensor<?x?x2xf32>
  %1 = tenon.cache_append %0, %0 to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 2 : i64}
       : (tensor<?x64xf32>, tensor<?x?x2xf32>, tensor<?x?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  %2 = tenon.attention %0 cache(%1) lengths(%n) past(%p) to pages(%t) {heads = 1 : i64, key_value_heads = 1 : i64, head_size = 2 : i64, scale = 0.5 : f64}
       : (tensor<?x?x2xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x2xf32>
  return %2, %1 : tensor<?x?x2xf32>, tensor<?x64xf32>
}

// -----

// Sequences of one row stand one after another: nothing is padded, whatever the tile. Positions go on from what is cached.
// CHECK-LABEL: func.func @decode
// CHECK-SAME: %[[IDS:.*]]: tensor<?x1xi32> {tenon.dims = ["batch"]}, %[[N:.*]]: tensor<?xi32> {tenon.dims = ["batch"]}
// CHECK: %[[S:.*]] = tenon.row_starts %[[N]] tile 1
// CHECK: tenon.pack_rows %[[IDS]]
// CHECK: %[[POS:.*]] = tenon.row_positions %[[S]] past(%{{.*}}) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
// CHECK-NOT: tenon.position_ids
// CHECK: tenon.embed %[[POS]]
// CHECK: tenon.pool last %{{.*}} starts(%[[S]]) lengths(%[[N]])
// CHECK: tenon.unpack_rows {{.*}} -> tensor<?x1x2xf32>
func.func @decode(%ids: tensor<?x1xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %table: tensor<9x2xf32>) -> (tensor<?x2xf32>, tensor<?x1x2xf32>) {
  %0 = tenon.embed %ids, %table : (tensor<?x1xi32>, tensor<9x2xf32>) -> tensor<?x1x2xf32>
  %1 = tenon.position_ids %ids past(%p) : (tensor<?x1xi32>, tensor<?xi32>) -> tensor<?x1xi32>
  %2 = tenon.embed %1, %table : (tensor<?x1xi32>, tensor<9x2xf32>) -> tensor<?x1x2xf32>
  %3 = tenon.add %0, %2 : tensor<?x1x2xf32>
  %4 = tenon.pool last %3 lengths(%n) : (tensor<?x1x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
  return %4, %3 : tensor<?x2xf32>, tensor<?x1x2xf32>
}

// -----

// Rows of one column, and sequences of two rows each, are no batches of either kind.
// CHECK-LABEL: func.func @columns
// CHECK-NEXT: return
func.func @columns(%x: tensor<?x1xf32>, %n: tensor<?xi32>) -> tensor<?x1xf32> {
  return %x : tensor<?x1xf32>
}
// CHECK-LABEL: func.func @pairs
// CHECK-NEXT: return
func.func @pairs(%x: tensor<?x2xi32>, %n: tensor<?xi32>) -> tensor<?x2xi32> {
  return %x : tensor<?x2xi32>
}
