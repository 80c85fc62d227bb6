// RUN: tenon-opt %s --tenon-pack-rows=tile=8 --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-rows --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-pack-rows --split-input-file | diff %t.once -

// CHECK-LABEL: func.func @padded_batch
// CHECK-SAME: %[[IDS:.*]]: tensor<?x?xi32> {tenon.dims = ["batch", "length"]}, %[[N:.*]]: tensor<?xi32> {tenon.dims = ["batch"]}
// CHECK: %[[S:.*]] = tenon.row_starts %[[N]] tile 8
// CHECK: %[[P:.*]] = tenon.pack_rows %[[IDS]] starts(%[[S]]) lengths(%[[N]])
// CHECK: %[[E:.*]] = tenon.embed %[[P]], %{{.*}} -> tensor<?x8xf32>
// CHECK: %[[POS:.*]] = tenon.row_positions %[[S]] : (tensor<?xi32>) -> tensor<?xi32>
// CHECK: tenon.embed %[[POS]]
// CHECK: tenon.repeat 2 inits(%{{.*}}) : tensor<?x8xf32>
// CHECK: ^bb0(%{{.*}}: index, %[[H:.*]]: tensor<?x8xf32>):
// CHECK: tenon.attention %[[H]] starts(%[[S]]) lengths(%[[N]]) to rows(%[[H]], %[[H]])
// CHECK: tenon.pool cls %{{.*}} starts(%[[S]]) lengths(%[[N]])
// CHECK: %[[U:.*]] = tenon.unpack_rows %{{.*}} starts(%[[S]]) lengths(%[[N]]) like %[[IDS]]
// CHECK: return %[[U]]
func.func @padded_batch(%ids: tensor<?x?xi32>, %n: tensor<?xi32>, %t: tensor<9x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x8xf32>) {
  %0 = tenon.embed %ids, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %p = tenon.position_ids %ids : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %1 = tenon.embed %p, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %2 = tenon.add %0, %1 : tensor<?x?x8xf32>
  %3 = tenon.repeat 2 inits(%2) : tensor<?x?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x?x8xf32>):
    %a = tenon.attention %h lengths(%n) to rows(%h, %h) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64}
         : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
    tenon.yield %a : tensor<?x?x8xf32>
  }
  %4 = tenon.pool cls %3 lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %3, %4 : tensor<?x?x8xf32>, tensor<?x8xf32>
}

// -----

// Rows that are no batch of sequences.
// CHECK-LABEL: func.func @rows
// CHECK-NEXT: tenon.add
// CHECK-NEXT: return
func.func @rows(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.add %x, %y : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// Positions that skip pad tokens look at the packed ones.
// CHECK-LABEL: func.func @pad_tokens
// CHECK: %[[S:.*]] = tenon.row_starts
// CHECK: %[[P:.*]] = tenon.pack_rows
// CHECK: tenon.row_positions %[[S]] tokens(%[[P]]) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
func.func @pad_tokens(%ids: tensor<?x?xi32>, %n: tensor<?xi32>, %t: tensor<9x8xf32>) -> tensor<?x?x8xf32> {
  %p = tenon.position_ids %ids {pad = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %1 = tenon.embed %p, %t {offset = 1 : i64} : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  return %1 : tensor<?x?x8xf32>
}
