// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor --split-input-file | FileCheck %s

// Blocks in turn: whole turns are a loop that counts layers by two, the layer left over is another. The first attention
// turns pairs by frequencies of its own and keeps within its window, the second has no positions.
// CHECK-DAG: #[[$FIRST:.*]] = affine_map<(d0) -> (d0 * 2)>
// CHECK-DAG: #[[$SECOND:.*]] = affine_map<(d0) -> (d0 * 2 + 1)>
// CHECK-DAG: #[[$FIFTH:.*]] = affine_map<(d0) -> (d0 + 4)>
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: tenon.name = "cache.a", tenon.state
// CHECK: %[[TURNS:.*]]:2 = tenon.repeat 2
// CHECK: ^bb0(%[[TURN:.*]]: index,
// CHECK: %[[FIRST:.*]] = affine.apply #[[$FIRST]](%[[TURN]])
// CHECK: tenon.weight ["d.layers.*.a.query.weight"][%[[FIRST]]] of 5
// CHECK: tenon.position_table rotary_cosine base 1.000000e+04 {frequencies = array<f64: 1.000000e+00, 2.500000e-01>, magnitude = 1.500000e+00 : f64} : tensor<16x2xf32>
// CHECK: tenon.rotary
// CHECK: tenon.rotary
// CHECK: tenon.cache_layer %{{.*}}[%[[FIRST]]]
// CHECK: tenon.attention {{.*}} to pages({{.*}}mask = "k <= q && q - k < 8"
// CHECK: %[[SECOND:.*]] = affine.apply #[[$SECOND]](%[[TURN]])
// CHECK: tenon.weight ["d.layers.*.a.query.weight"][%[[SECOND]]] of 5
// CHECK-NOT: tenon.rotary
// CHECK: tenon.cache_layer %{{.*}}[%[[SECOND]]]
// CHECK: tenon.yield
// CHECK: tenon.repeat 1 inits(%[[TURNS]]#0, %[[TURNS]]#1)
// CHECK: ^bb0(%[[REST:.*]]: index,
// CHECK: %[[FIFTH:.*]] = affine.apply #[[$FIFTH]](%[[REST]])
// CHECK: tenon.weight ["d.layers.*.a.query.weight"][%[[FIFTH]]] of 5
// CHECK: tenon.attention {{.*}} to pages({{.*}}mask = "k <= q && q - k < 8"
// CHECK-NOT: tenon.attention
// CHECK: return
tenon.model @in_turn width 8 {
  tenon.stack @d layers 5 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = none, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q && q - k < 8", rotary = #tenon.rotary<length = 16, dims = 4, base = 1.0e4, interleaved = false, frequencies = [1.0, 0.25], magnitude = 1.5>}
    }
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    }
  }
}

// -----

// Norms before and after a sublayer: the second is of the result, and the sum takes that.
// CHECK-LABEL: func.func @encode(
// CHECK: ^bb0(%{{.*}}: index, %[[H:.*]]: tensor<?x?x8xf32>):
// CHECK: %[[BEFORE:.*]] = tenon.weight ["d.layers.*.m.norm.weight"]
// CHECK: tenon.norm rmsnorm %[[H]] scale %[[BEFORE]] : tensor<8xf32> epsilon {{.*}} {weight_offset = 1.000000e+00 : f64}
// CHECK: %[[DOWN:.*]] = tenon.linear {{.*}} -> tensor<?x?x8xf32>
// CHECK: %[[AFTER:.*]] = tenon.weight ["d.layers.*.m.norm_after.weight"]
// CHECK: %[[RESULT:.*]] = tenon.norm rmsnorm %[[DOWN]] scale %[[AFTER]] : tensor<8xf32> epsilon {{.*}} {weight_offset = 1.000000e+00 : f64}
// CHECK: %[[SUM:.*]] = tenon.add %[[H]], %[[RESULT]]
// CHECK: tenon.yield %[[SUM]]
tenon.model @both width 8 {
  tenon.stack @d layers 2 norm <function = rmsnorm, place = both, epsilon = 1.0e-6, bias = false, final = false, weight_offset = 1.0> {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 32 gelu
  }
}

// -----

// Side by side: sublayers read one state, after one norm or each its own, and are added to it together.
// CHECK-LABEL: func.func @encode(
// CHECK: ^bb0(%{{.*}}: index, %[[H:.*]]: tensor<?x?x8xf32>):
// CHECK: tenon.weight ["d.layers.*.shared.norm.weight"]
// CHECK: %[[N:.*]] = tenon.norm layernorm %[[H]]
// CHECK: tenon.linear %[[N]]
// CHECK: %[[A:.*]] = tenon.linear {{.*}} -> tensor<?x?x8xf32>
// CHECK: %[[ONE:.*]] = tenon.add %[[H]], %[[A]]
// CHECK-NOT: tenon.norm
// CHECK: tenon.linear %[[N]]
// CHECK: %[[B:.*]] = tenon.linear {{.*}} -> tensor<?x?x8xf32>
// CHECK: %[[TWO:.*]] = tenon.add %[[ONE]], %[[B]]
// CHECK: tenon.weight ["d.layers.*.c.norm.weight"]
// CHECK: %[[OWN:.*]] = tenon.norm layernorm %[[TWO]]
// CHECK: tenon.linear %[[OWN]]
// CHECK: tenon.weight ["d.layers.*.e.norm.weight"]
// CHECK: %[[OTHER:.*]] = tenon.norm layernorm %[[TWO]]
// CHECK: tenon.linear %[[OTHER]]
tenon.model @side_by_side width 8 {
  tenon.stack @d layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.parallel "shared" attributes {shared_norm} {
      tenon.mlp_layer "a" hidden 32 gelu
      tenon.mlp_layer "b" hidden 32 relu
    }
    tenon.parallel "own" {
      tenon.mlp_layer "c" hidden 32 gelu
      tenon.mlp_layer "e" hidden 32 relu
    }
  }
}

// -----

// Norms of queries and keys: of each head by itself, with a scale of one head's size, or of all heads together.
// CHECK-LABEL: func.func @encode(
// CHECK: tenon.weight ["d.layers.*.each.query_norm.weight"]{{.*}} : tensor<4xf32>
// CHECK: tenon.norm rmsnorm {{.*}} {groups = 2 : i64} : tensor<?x?x8xf32>
// CHECK: tenon.weight ["d.layers.*.each.key_norm.weight"]{{.*}} : tensor<4xf32>
// CHECK: %[[K:.*]] = tenon.norm rmsnorm {{.*}} : tensor<?x?x4xf32>
// CHECK: tenon.attention %{{.*}} to rows(%[[K]],
// CHECK: tenon.weight ["d.layers.*.whole.query_norm.weight"]{{.*}} : tensor<8xf32>
// CHECK: tenon.weight ["d.layers.*.whole.query_norm.bias"]{{.*}} : tensor<8xf32>
// CHECK: tenon.norm layernorm
// CHECK-NOT: groups
// CHECK: tenon.attention
tenon.model @head_norms width 8 {
  tenon.stack @d layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "each" heads 2 key_value_heads 1 head_size 4 scale 0.5 {head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.0e-6, bias = false, whole = false>}
    tenon.attention_layer "whole" heads 2 key_value_heads 2 head_size 4 scale 0.5 {head_norm = #tenon.head_norm<function = layernorm, epsilon = 1.0e-6, bias = true, whole = true>}
  }
}

// -----

// A cache whose queries all look back a limited way says how far, so that pages before that may go; tables that an expression
// reads are parameters of the layer.
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: tenon.name = "cache.near", tenon.state, tenon.window = 8 : i64}
// CHECK-SAME: tenon.name = "cache.far", tenon.state}
// CHECK: tenon.attention {{.*}} to pages({{.*}}mask = "k <= q && q - k < 8"
// CHECK: %[[TABLE:.*]] = tenon.weight ["d.layers.*.far.table0.weight"]{{.*}} : tensor<2x16xf32>
// CHECK: tenon.attention {{.*}} to pages({{.*}} tables(%[[TABLE]]) {{.*}}score = "s + table0(h, q - k)"
tenon.model @near_and_far width 8 {
  tenon.stack @d layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "near" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q && q - k < 8"}
    tenon.attention_layer "far" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", score = "s + table0(h, q - k)", table_sizes = array<i64: 2, 16>}
  }
}
