// RUN: tenon-opt %s --tenon-bind-parameters | FileCheck %s

// The keys and values of each source have parameters of their own where there are several segments; a state that enters a layer is
// normalised as the reader does it, with the source's width. One segment alone has no stack in its names.
// CHECK-LABEL: tenon.model @several
// CHECK: tenon.parameter @"d.layers.*.merged.query.weight" [8, 8] layers 2
// CHECK: tenon.parameter @"d.layers.*.merged.wide.norm.weight" [12] layers 2
// CHECK: tenon.parameter @"d.layers.*.merged.wide.norm.bias" [12] layers 2
// CHECK: tenon.parameter @"d.layers.*.merged.wide.key.weight" [8, 12] layers 2
// CHECK: tenon.parameter @"d.layers.*.merged.wide.value.weight" [8, 12] layers 2
// CHECK-NOT: merged.same.norm
// CHECK: tenon.parameter @"d.layers.*.merged.same.key.weight" [8, 8] layers 2
// CHECK: tenon.parameter @"d.layers.*.merged.key.weight" [8, 8] layers 2
// CHECK: tenon.parameter @"d.layers.*.cross.wide.norm.weight" [12] layers 2
// CHECK: tenon.parameter @"d.layers.*.cross.key.weight" [8, 12] layers 2
// CHECK-NOT: cross.wide.key
// CHECK: tenon.attention_layer "merged" {{.*}}wide.key.weight = @"d.layers.*.merged.wide.key.weight"
tenon.model @several width 8 {
  tenon.stack @wide layers 3 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {width = 12} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @same layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "merged" heads 2 key_value_heads 2 head_size 4 scale 0.5
      {sources = [#tenon.source<@wide, layers = [0, 2]>, #tenon.source<@same>], joint, mask = "segment < 2 || k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@wide, layers = [0, 1]>]}
  }
  tenon.head @d {tied}
}
