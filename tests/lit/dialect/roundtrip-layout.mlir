// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @layout
func.func @layout(%ids: tensor<?x?xi32>, %x: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // CHECK: tenon.position_ids {{%[a-z0-9#]+}} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %0 = tenon.position_ids %ids : (tensor<?x?xi32>) -> tensor<?x?xi32>
  // CHECK: tenon.row_starts {{%[a-z0-9#]+}} tile 16 : tensor<?xi32> -> tensor<?xi32>
  %1 = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
  // CHECK: tenon.pack_rows {{%[a-z0-9#]+}} starts({{%[a-z0-9#]+}}) lengths({{%[a-z0-9#]+}}) : (tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %2 = tenon.pack_rows %ids starts(%1) lengths(%n) : (tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  // CHECK: tenon.pack_rows {{%[a-z0-9#]+}} starts({{%[a-z0-9#]+}}) lengths({{%[a-z0-9#]+}}) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %3 = tenon.pack_rows %x starts(%1) lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  // CHECK: tenon.unpack_rows {{%[a-z0-9#]+}} starts({{%[a-z0-9#]+}}) lengths({{%[a-z0-9#]+}}) like {{%[a-z0-9#]+}} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  %4 = tenon.unpack_rows %3 starts(%1) lengths(%n) like %ids : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  // CHECK: tenon.row_positions {{%[a-z0-9#]+}} : (tensor<?xi32>) -> tensor<?xi32>
  %5 = tenon.row_positions %1 : (tensor<?xi32>) -> tensor<?xi32>
  // CHECK: tenon.position_ids {{%[a-z0-9#]+}} {pad = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %9 = tenon.position_ids %ids {pad = 1 : i64} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  // CHECK: tenon.row_positions {{%[a-z0-9#]+}} tokens({{%[a-z0-9#]+}}) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %10 = tenon.row_positions %1 tokens(%2) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  // CHECK: tenon.strided_lengths {{%[a-z0-9#]+}} stride 2 : tensor<?xi32>
  %6 = tenon.strided_lengths %n stride 2 : tensor<?xi32>
  // CHECK: tenon.zero_lengths {{%[a-z0-9#]+}} : tensor<?xi32>
  %7 = tenon.zero_lengths %n : tensor<?xi32>
  // CHECK: tenon.add_lengths {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?xi32>
  %11 = tenon.add_lengths %n, %7 : tensor<?xi32>
  // CHECK: tenon.unpack_rows {{.*}} {stride = 2 : i64} :
  %8 = tenon.unpack_rows %3 starts(%1) lengths(%6) like %ids {stride = 2 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}
// CHECK-LABEL: func.func @position_ids_after_others
func.func @position_ids_after_others(%ids: tensor<?x?xi32>, %p: tensor<?xi32>) {
  // CHECK: tenon.position_ids {{%[a-z0-9#_]+}} past({{%[a-z0-9#_]+}}) : (tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?xi32>
  %0 = tenon.position_ids %ids past(%p) : (tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?xi32>
  // CHECK: tenon.row_positions {{%[a-z0-9#_]+}} past({{%[a-z0-9#_]+}}) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  %1 = tenon.row_positions %p past(%p) : (tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}
