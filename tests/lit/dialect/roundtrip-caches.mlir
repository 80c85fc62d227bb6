// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @layers
func.func @layers(%c: tensor<6x?x128xf32>, %l: index) {
  // CHECK: tenon.cache_layer {{%[a-z0-9#_]+}}[{{%[a-z0-9#_]+}}] : tensor<6x?x128xf32> -> tensor<?x128xf32>
  %0 = tenon.cache_layer %c[%l] : tensor<6x?x128xf32> -> tensor<?x128xf32>
  // CHECK: tenon.cache_update {{%[a-z0-9#_]+}} into {{%[a-z0-9#_]+}}[{{%[a-z0-9#_]+}}] : tensor<?x128xf32> into tensor<6x?x128xf32>
  %1 = tenon.cache_update %0 into %c[%l] : tensor<?x128xf32> into tensor<6x?x128xf32>
  return
}
// CHECK-LABEL: func.func @padded
func.func @padded(%c: tensor<?x128xf32>, %q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // CHECK: tenon.cache_append {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} to {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) {head_size = 4 : i64, key_value_heads = 1 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %0 = tenon.cache_append %k, %k to %c lengths(%n) past(%p) pages(%t) {head_size = 4 : i64, key_value_heads = 1 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  // CHECK: tenon.attention {{%[a-z0-9#_]+}} cache({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) to pages({{%[a-z0-9#_]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  %1 = tenon.attention %q cache(%0) lengths(%n) past(%p) to pages(%t) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}
// CHECK-LABEL: func.func @packed
func.func @packed(%c: tensor<?x128xf32>, %q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // CHECK: tenon.cache_append {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} to {{%[a-z0-9#_]+}} starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) {head_size = 4 : i64, key_value_heads = 1 : i64} : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  %0 = tenon.cache_append %k, %k to %c starts(%s) lengths(%n) past(%p) pages(%t) {head_size = 4 : i64, key_value_heads = 1 : i64} : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  // CHECK: tenon.attention {{%[a-z0-9#_]+}} cache({{%[a-z0-9#_]+}}) starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) to pages({{%[a-z0-9#_]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, mask = "k <= q", scale = 5.000000e-01 : f64, score = "s * 2.0"} : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8xf32>
  %1 = tenon.attention %q cache(%0) starts(%s) lengths(%n) past(%p) to pages(%t) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, mask = "k <= q", scale = 5.000000e-01 : f64, score = "s * 2.0"} : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8xf32>
  return
}
// CHECK-LABEL: func.func @recurrences
func.func @recurrences(%c: tensor<?x64xf32>, %f: tensor<?x?x4xf32>, %r: tensor<?x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // CHECK: tenon.scan {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  %0 = tenon.scan %f, %f lengths(%n) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  // CHECK: tenon.scan {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} from {{%[a-z0-9#_]+}} starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x4xf32>
  %1 = tenon.scan %r, %r from %c starts(%s) lengths(%n) past(%p) pages(%t) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x4xf32>
  // CHECK: tenon.append_rows {{%[a-z0-9#_]+}} to {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) : (tensor<?x64xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  %2 = tenon.append_rows %0 to %c lengths(%n) past(%p) pages(%t) : (tensor<?x64xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  // CHECK: tenon.append_rows {{%[a-z0-9#_]+}} to {{%[a-z0-9#_]+}} starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  %3 = tenon.append_rows %1 to %c starts(%s) lengths(%n) past(%p) pages(%t) : (tensor<?x64xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  return
}
// CHECK-LABEL: func.func @convolutions
func.func @convolutions(%c: tensor<?x64xf32>, %x: tensor<?x?x4xf32>, %r: tensor<?x4xf32>, %w: tensor<3x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // CHECK: tenon.depthwise {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  // CHECK: tenon.depthwise {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} from {{%[a-z0-9#_]+}} starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) pages({{%[a-z0-9#_]+}}) {before = 2 : i64} : (tensor<?x4xf32>, tensor<3x4xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x4xf32>
  %1 = tenon.depthwise %r, %w from %c starts(%s) lengths(%n) past(%p) pages(%t) {before = 2 : i64} : (tensor<?x4xf32>, tensor<3x4xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x4xf32>
  return
}
// CHECK-LABEL: func.func @keys_of_another_sequence
func.func @keys_of_another_sequence(%c: tensor<?x128xf32>, %q: tensor<?x?x8xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>, %k: tensor<?xi32>) {
  // CHECK: tenon.attention {{%[a-z0-9#_]+}} cache({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) past({{%[a-z0-9#_]+}}) to pages({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  %1 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) lengths(%k) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}
