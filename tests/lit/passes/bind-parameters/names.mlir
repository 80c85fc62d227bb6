// RUN: tenon-opt %s --tenon-bind-parameters | FileCheck %s
// RUN: tenon-opt %s --tenon-bind-parameters -o %t.once
// RUN: tenon-opt %t.once --tenon-bind-parameters | diff %t.once -

// Names follow the place of an operation; those of layers stand once, with how many there are. Blocks in turn have one parameter for all
// layers, a tied head reads the embedding of tokens, and norms around a sublayer are the sublayer's.
// CHECK-LABEL: tenon.model @named width 8
// CHECK-NOT: share
// CHECK: tenon.parameter @d.input.tokens.weight [100, 8]
// CHECK: tenon.parameter @"d.layers.*.self.query.weight" [8, 8] layers 3
// CHECK: tenon.parameter @"d.layers.*.self.query.bias" [8] layers 3
// CHECK: tenon.parameter @"d.layers.*.self.query_norm.weight" [4] layers 3
// CHECK: tenon.parameter @"d.layers.*.self.key.weight" [4, 8] layers 3
// CHECK-NOT: tenon.parameter @"d.layers.*.self.key.bias"
// CHECK: tenon.parameter @"d.layers.*.self.value.bias" [4] layers 3
// CHECK: tenon.parameter @"d.layers.*.mlp.norm_after.weight" [8] layers 3
// CHECK: tenon.parameter @"d.layers.*.side.norm.weight" [8] layers 3
// CHECK: tenon.parameter @d.norm.weight [8]
// CHECK-NOT: tenon.parameter
// CHECK: tenon.stack @d layers 3 {{.*}}parameters = {norm.weight = @d.norm.weight}
// CHECK: tenon.token_input {{.*}}parameters = {tokens.weight = @d.input.tokens.weight}
// CHECK: tenon.parallel "side" attributes {parameters = {norm.weight = @"d.layers.*.side.norm.weight"}, shared_norm}
// CHECK: tenon.head @d {parameters = {weight = @d.input.tokens.weight}, tied}
tenon.model @named width 8 {
  tenon.stack @d layers 3 norm <function = rmsnorm, place = both, epsilon = 1.0e-6, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.block {
      tenon.parallel "side" attributes {shared_norm} {
        tenon.attention_layer "self" heads 2 key_value_heads 1 head_size 4 scale 0.5
          {mask = "k <= q", bias, no_key_bias, head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.0e-6, bias = false, whole = false>}
        tenon.mlp_layer "mlp" hidden 32 gelu
      }
    }
    tenon.block {
      tenon.parallel "side" attributes {shared_norm} {
        tenon.attention_layer "self" heads 2 key_value_heads 1 head_size 4 scale 0.5
          {mask = "k <= q && q - k < 8", bias, no_key_bias, head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.0e-6, bias = false, whole = false>}
        tenon.mlp_layer "mlp" hidden 32 gelu
      }
    }
  }
  tenon.head @d {tied}
}
