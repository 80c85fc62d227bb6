// RUN: tenon-opt %s --tenon-pack-rows --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-rows --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-pack-rows --split-input-file | diff %t.once -

// Each batch has starts of its own; the rows of one are keys of the other.
// CHECK-LABEL: func.func @two_stacks
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?xi32> {{{.*}}}, %[[N:[a-z0-9]+]]: tensor<?xi32> {{{.*}}}, %{{.*}}: tensor<?x?xi32> {{{.*}}}, %[[Y:[a-z0-9]+]]: tensor<?x?xi32> {{{.*}}}, %[[M:[a-z0-9]+]]: tensor<?xi32>
// CHECK-DAG: %[[S:.*]] = tenon.row_starts %[[N]] tile 16
// CHECK-DAG: %[[T:.*]] = tenon.row_starts %[[M]] tile 16
// CHECK-DAG: %[[PX:.*]] = tenon.pack_rows %[[X]] starts(%[[S]]) lengths(%[[N]])
// CHECK-DAG: %[[PY:.*]] = tenon.pack_rows %[[Y]] starts(%[[T]]) lengths(%[[M]])
// CHECK: %[[SOURCE:.*]] = tenon.embed %[[PY]]
// CHECK: tenon.row_positions %[[T]]
// CHECK: %[[SOURCES:.*]] = tenon.repeat 2 inits(%[[SOURCE]]) : tensor<?x8xf32>
// CHECK: tenon.attention %[[B:.*]] starts(%[[T]]) lengths(%[[M]]) to rows(%[[B]], %[[B]])
// CHECK: tenon.row_positions %[[S]]
// CHECK: tenon.attention %[[Q:.*]] starts(%[[S]]) lengths(%[[N]]) to rows(%[[SOURCES]], %[[SOURCES]]) starts(%[[T]]) lengths(%[[M]]), rows(%[[Q]], %[[Q]])
// CHECK: tenon.unpack_rows %{{.*}} starts(%[[S]]) lengths(%[[N]]) like %[[X]]
// CHECK: tenon.unpack_rows %[[SOURCES]] starts(%[[T]]) lengths(%[[M]]) like %[[Y]]
func.func @two_stacks(%x: tensor<?x?xi32> {tenon.dims = ["batch", "length"]}, %n: tensor<?xi32> {tenon.dims = ["batch"]},
                      %types: tensor<?x?xi32> {tenon.dims = ["batch", "length"]},
                      %y: tensor<?x?xi32> {tenon.dims = ["batch", "source.length"]}, %m: tensor<?xi32> {tenon.dims = ["batch"]},
                      %t: tensor<9x8xf32>) -> (tensor<?x?x8xf32>, tensor<?x?x8xf32>) {
  %0 = tenon.embed %y, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %py = tenon.position_ids %y : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %e = tenon.embed %py, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %1 = tenon.repeat 2 inits(%0) : tensor<?x?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x?x8xf32>):
    %a = tenon.attention %h lengths(%m) to rows(%h, %h) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64}
         : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
    tenon.yield %a : tensor<?x?x8xf32>
  }
  %px = tenon.position_ids %x : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %2 = tenon.embed %x, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %3 = tenon.embed %px, %t : (tensor<?x?xi32>, tensor<9x8xf32>) -> tensor<?x?x8xf32>
  %4 = tenon.add %2, %3 : tensor<?x?x8xf32>
  %5 = tenon.attention %4 lengths(%n) to rows(%1, %1) lengths(%m), rows(%4, %4)
       {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, mask = "segment == 0 || k <= q"}
       : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %5, %1 : tensor<?x?x8xf32>, tensor<?x?x8xf32>
}

// -----

// A table of pages is no batch, though numbers of keys stand behind it.
// CHECK-LABEL: func.func @pages
// CHECK: tenon.row_starts
// CHECK-NOT: tenon.row_starts
// CHECK: tenon.attention {{.*}} to pages(%{{.*}}) lengths(%{{.*}}), pages(
func.func @pages(%x: tensor<?x?x8xf32> {tenon.dims = ["batch", "length"]}, %n: tensor<?xi32> {tenon.dims = ["batch"]},
                 %p: tensor<?xi32> {tenon.dims = ["batch"]}, %t: tensor<?x?xi32> {tenon.dims = ["batch", "slots"]},
                 %kn: tensor<?xi32> {tenon.dims = ["batch"]}, %c: tensor<?x128xf32>) -> tensor<?x?x8xf32> {
  %0 = tenon.attention %x cache(%c) lengths(%n) past(%p) to pages(%t) lengths(%kn), pages(%t)
       {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64}
       : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

// -----

// Neither is one without names.
// CHECK-LABEL: func.func @unnamed
// CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<?x?xi32>, %{{[a-z0-9]+}}: tensor<?x128xf32>)
// CHECK: tenon.attention {{.*}} to pages(%[[T]])
func.func @unnamed(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x128xf32>) -> tensor<?x?x8xf32> {
  %0 = tenon.attention %x cache(%c) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64}
       : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}
