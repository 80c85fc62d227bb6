// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor | FileCheck %s
// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor -o %t.once
// RUN: tenon-opt %t.once --tenon-bind-parameters --tenon-lower-model-to-tensor | diff %t.once -

// A post-norm layer: the residual sum comes before the norm, and one body stands for all layers.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: %[[TOKENS:.*]]: tensor<?x?xi32> {tenon.dims = ["batch", "length"], tenon.name = "tokens", tenon.role = "tokens"}, %[[LENGTHS:.*]]: tensor<?xi32> {tenon.dims = ["batch"], tenon.name = "lengths", tenon.role = "lengths"}, %{{.*}}: tensor<?x?xi32> {tenon.dims = ["batch", "length"], tenon.name = "types", tenon.role = "types"}
// CHECK-SAME: -> (tensor<?x?x8xf32> {tenon.name = "hidden", tenon.role = "hidden"}, tensor<?x8xf32> {tenon.name = "embedding", tenon.role = "embedding"})
// CHECK-SAME: tenon.limits = {positions = 16 : i64, types = 2 : i64, vocab = 100 : i64}
// CHECK: tenon.weight ["e.input.tokens.weight"] : tensor<100x8xf32>
// CHECK: tenon.weight ["e.input.positions.weight"] : tensor<18x8xf32>
// CHECK: %[[P:.*]] = tenon.position_ids %[[TOKENS]] {pad = 1 : i64}
// CHECK: tenon.embed %[[P]], {{.*}} {offset = 2 : i64}
// CHECK: %[[LAST:.*]] = tenon.repeat 6
// CHECK: ^bb0(%[[LAYER:.*]]: index, %[[H:.*]]: tensor<?x?x8xf32>):
// CHECK: tenon.weight ["e.layers.*.attention.query.weight"][%[[LAYER]]] of 6 : tensor<8x8xf32>
// CHECK: %[[A:.*]] = tenon.attention {{.*}} lengths(%[[LENGTHS]])
// CHECK: %[[O:.*]] = tenon.linear %[[A]]
// CHECK: %[[SUM:.*]] = tenon.add %[[H]], %[[O]]
// CHECK: tenon.norm layernorm %[[SUM]]
// CHECK: tenon.activation gelu
// CHECK: tenon.yield
// CHECK: %[[POOLED:.*]] = tenon.pool mean %[[LAST]] lengths(%[[LENGTHS]])
// CHECK: %[[UNIT:.*]] = tenon.norm l2 %[[POOLED]]
// CHECK: return %[[LAST]], %[[UNIT]]
// CHECK-NOT: tenon.model
tenon.model @bert width 8 {
  tenon.stack @e layers 6 norm <function = layernorm, place = after, epsilon = 1.0e-12, bias = true, final = false> {
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 2, base = 1.0e4, dims = 0, interleaved = false, pad = 1 : i64> {types = 2 : i64, norm}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias, output_bias}
    tenon.mlp_layer "mlp" hidden 32 gelu {bias}
  }
  tenon.pooling @e mean {layers = [#tenon.vector_norm<function = l2, epsilon = 1.0e-12>]}
}
