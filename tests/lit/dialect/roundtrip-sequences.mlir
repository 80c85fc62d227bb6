// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @padded
func.func @padded(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // CHECK: tenon.attention {{%[a-z0-9#]+}} lengths({{%[a-z0-9#]+}}) to rows({{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  %0 = tenon.attention %q lengths(%n) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  // CHECK: tenon.pool mean {{%[a-z0-9#]+}} lengths({{%[a-z0-9#]+}}) : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %1 = tenon.pool mean %q lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // CHECK: tenon.pool weighted_mean {{%[a-z0-9#]+}} lengths({{%[a-z0-9#]+}}) skips({{%[a-z0-9#]+}}) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %2 = tenon.pool weighted_mean %q lengths(%n) skips(%n) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  // CHECK: tenon.concat {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x16xf32>
  %3 = tenon.concat %1, %2 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x16xf32>
  return
}
// CHECK-LABEL: func.func @packed
func.func @packed(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // CHECK: tenon.attention {{%[a-z0-9#]+}} starts({{%[a-z0-9#]+}}) lengths({{%[a-z0-9#]+}}) to rows({{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %0 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  // CHECK: tenon.pool cls {{%[a-z0-9#]+}} starts({{%[a-z0-9#]+}}) lengths({{%[a-z0-9#]+}}) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  %1 = tenon.pool cls %q starts(%s) lengths(%n) : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}
// CHECK-LABEL: func.func @masks_and_scores
func.func @masks_and_scores(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // CHECK: tenon.attention {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) to rows({{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}}) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 2 : i64, mask = "k <= q && q - k < 4", scale = 5.000000e-01 : f64, score = "50.0 * tanh(s / 50.0)"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %0 = tenon.attention %q lengths(%n) to rows(%q, %q) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 2 : i64, mask = "k <= q && q - k < 4", scale = 5.000000e-01 : f64, score = "50.0 * tanh(s / 50.0)"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  // CHECK: tenon.pool last {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %1 = tenon.pool last %q lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: func.func @relative_bias
func.func @relative_bias(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>, %t: tensor<2x9xf32>) -> tensor<?x?x8xf32> {
  // CHECK: tenon.attention %{{.*}} lengths(%{{.*}}) to rows(%{{.*}}) tables(%{{.*}}) {{{.*}}score = "s + table0(h, q - k + 4)"{{.*}}}
  %0 = tenon.attention %q lengths(%n) to rows(%q, %q) tables(%t) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, score = "s + table0(h, q - k + 4)"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<2x9xf32>) -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}
// CHECK-LABEL: func.func @unfold
func.func @unfold(%x: tensor<?x?x8xf32>, %r: tensor<?x8xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // CHECK: tenon.unfold {{%[a-z0-9#_]+}} lengths({{%[a-z0-9#_]+}}) {window = 3 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x?x24xf32>
  %0 = tenon.unfold %x lengths(%n) {window = 3 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x?x24xf32>
  // CHECK: tenon.unfold {{%[a-z0-9#_]+}} starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) to starts({{%[a-z0-9#_]+}}) lengths({{%[a-z0-9#_]+}}) {stride = 2 : i64, window = 5 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x40xf32>
  %1 = tenon.unfold %r starts(%s) lengths(%n) to starts(%s) lengths(%n) {stride = 2 : i64, window = 5 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x40xf32>
  return
}

// CHECK-LABEL: func.func @segments
func.func @segments(%q: tensor<?x8xf32>, %c: tensor<?x128xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %k: tensor<?x4xf32>, %ks: tensor<?xi32>, %kn: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // CHECK: tenon.attention %arg0 cache(%arg1) starts(%arg2) lengths(%arg3) past(%arg4) offset(%arg5) to rows(%arg6, %arg6) starts(%arg7) lengths(%arg8) offset(%arg5), pages(%arg9) lengths(%arg8), pages(%arg9) offset(%arg5) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, mask = "segment == query_segment", query_segment = 1 : i64, scale = 5.000000e-01 : f64} :
  %0 = tenon.attention %q cache(%c) starts(%s) lengths(%n) past(%p) offset(%o) to rows(%k, %k) starts(%ks) lengths(%kn) offset(%o), pages(%t) lengths(%kn), pages(%t) offset(%o) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, mask = "segment == query_segment", query_segment = 1 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  // CHECK: tenon.attention %arg0 starts(%arg2) lengths(%arg3) to rows(%arg6, %arg6) starts(%arg7) lengths(%arg8), rows(%arg6, %arg6) {
  %1 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %k) starts(%ks) lengths(%kn), rows(%k, %k) {head_size = 4 : i64, heads = 2 : i64, key_value_heads = 1 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return
}
