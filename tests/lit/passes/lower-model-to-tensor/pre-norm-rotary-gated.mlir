// RUN: tenon-opt %s --tenon-bind-parameters --tenon-lower-model-to-tensor | FileCheck %s

// Norms stand before the projections, the stack ends with one, query and key turn, and nothing has a bias.
// CHECK-LABEL: func.func @encode(
// CHECK-SAME: -> (tensor<?x?x8xf32> {tenon.name = "hidden", tenon.role = "hidden"})
// CHECK-NOT: bias
// CHECK: ^bb0(%{{.*}}: index, %[[H:.*]]: tensor<?x?x8xf32>):
// CHECK: %[[N:.*]] = tenon.norm rmsnorm %[[H]]
// CHECK: tenon.linear %[[N]]
// CHECK: tenon.position_table rotary_cosine base 5.000000e+02 : tensor<16x1xf32>
// CHECK: tenon.rotary {{.*}} {dims = 2 : i64, head_size = 4 : i64, interleaved}
// CHECK: tenon.add %[[H]]
// CHECK: %[[GATE:.*]] = tenon.activation silu
// CHECK: tenon.multiply %[[GATE]]
// CHECK: tenon.weight ["e.norm.weight"]
// CHECK: %[[LAST:.*]] = tenon.norm rmsnorm
// CHECK: return %[[LAST]]
tenon.model @llama width 8 {
  tenon.stack @e layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 5.0e2, dims = 2, interleaved = true>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
    tenon.mlp_layer "mlp" hidden 32 silu {gated}
  }
}
