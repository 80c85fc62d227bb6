// RUN: tenon-opt %s --tenon-bind-parameters --split-input-file | FileCheck %s

// What is shared is one symbol, and the rule is gone. A layer's own parameters can be those of another place.
// CHECK-LABEL: tenon.model @translator width 8 {
// CHECK-NOT: tenon.parameter @d.input
// CHECK-NOT: tenon.parameter @"d.layers.*.cross.query
// CHECK: tenon.stack @d
// CHECK: tenon.token_input {{.*}}parameters = {tokens.weight = @e.input.tokens.weight}
// CHECK: tenon.attention_layer "cross" {{.*}}key.weight = @"d.layers.*.cross.key.weight"{{.*}}query.weight = @"d.layers.*.self.query.weight"
// CHECK: tenon.head @d {parameters = {weight = @e.input.tokens.weight}, tied}
tenon.model @translator width 8 attributes {share = {d.input = "e.input", "d.layers.*.cross.query" = "d.layers.*.self.query"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "self" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
  tenon.head @d {tied}
}

// -----

// All layers may be one: its parameters have the number of a layer in their names, and no layers.
// CHECK-LABEL: tenon.model @universal
// CHECK: tenon.parameter @e.layers.0.m.up.weight [4, 8]
// CHECK-NOT: layers.*
// CHECK: tenon.mlp_layer "m" {{.*}}up.weight = @e.layers.0.m.up.weight
tenon.model @universal width 8 attributes {share = {"e.layers.*" = "e.layers.0"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

// What is bound already stays as it is, wherever the operation stands.
// CHECK-LABEL: tenon.model @moved
// CHECK: tenon.parameter @old.tokens [9, 8]
// CHECK-NOT: tenon.parameter @e.input
// CHECK: tenon.token_input {{.*}}parameters = {tokens.weight = @old.tokens}
tenon.model @moved width 8 {
  tenon.parameter @old.tokens [9, 8]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @old.tokens}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}
