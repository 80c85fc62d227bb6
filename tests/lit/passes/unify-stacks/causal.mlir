// RUN: tenon-opt %s --tenon-bind-parameters --tenon-unify-stacks | FileCheck %s
// RUN: tenon-opt %s --tenon-bind-parameters --tenon-unify-stacks --tenon-unify-stacks | FileCheck %s

// One set of parameters, keys of the same layer, one softmax, positions that go on: a decoder whose source is what it
// has read before.
// CHECK-LABEL: tenon.model @causal
// CHECK-NOT: encoder.norm
// CHECK-NOT: tenon.stack @encoder
// CHECK: tenon.stack @decoder layers 2 {{.*}} prefix = "encoder"
// CHECK-NEXT: tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
// CHECK-NEXT: tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01
// CHECK-SAME: mask = "k <= q"
// CHECK-SAME: key.weight = @"encoder.layers.*.attention.key.weight"
// CHECK-NOT: encoder.key.weight
// CHECK-NOT: joint
// CHECK: tenon.mlp_layer "mlp"
tenon.model @causal width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention", "decoder.norm" = "decoder.norm"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu {gated}
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu {gated}
  }
  tenon.head @decoder {tied}
}

// Rows of the source that see each other both ways: the same with another mask for the prefix.
// CHECK-LABEL: tenon.model @prefix
// CHECK-NOT: tenon.stack @encoder
// CHECK: tenon.attention_layer
// CHECK-SAME: mask = "k <= q"
// CHECK-SAME: prefix_mask = "true"
tenon.model @prefix width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias, output_bias}
  }
  tenon.stack @decoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
      {bias, output_bias, mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
  }
  tenon.head @decoder {tied}
}

// Queries that see keys of both through one window; the source's rows saw all earlier ones.
// CHECK-LABEL: tenon.model @window
// CHECK-NOT: tenon.stack @encoder
// CHECK: tenon.attention_layer
// CHECK-SAME: mask = "k <= q && q - k < 4"
// CHECK-SAME: prefix_mask = "k <= q"
tenon.model @window width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.stack @decoder layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5
      {mask = "k <= q && q - k < 4", sources = [#tenon.source<@encoder, layers = [0]>], joint}
  }
  tenon.head @decoder {tied}
}

// Sublayers beside one another behind one norm, which the source's states pass too. A stack that has the name of a role.
// CHECK-LABEL: tenon.model @one_norm
// CHECK-NOT: tenon.stack @key
// CHECK: tenon.parallel "parallel"
// CHECK: tenon.attention_layer
// CHECK-SAME: mask = "k <= q"
// CHECK-SAME: parameters = {key.weight = @"key.layers.*.attention.key.weight", output.weight = @"key.layers.*.attention.output.weight", query.weight = @"key.layers.*.attention.query.weight", value.weight = @"key.layers.*.attention.value.weight"}
tenon.model @one_norm width 8 attributes {share = {decoder = "key", "decoder.layers.*.attention.key" = "decoder.layers.*.attention.key", "decoder.layers.*.attention.key.weight" = "key.layers.*.attention.key.weight", "decoder.layers.*.attention.key.key" = "key.layers.*.attention.key", "decoder.layers.*.attention.key.value" = "key.layers.*.attention.value", "decoder.layers.*.attention.key.norm" = "key.layers.*.parallel.norm"}} {
  tenon.stack @key layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.parallel "parallel" attributes {shared_norm} {
      tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
      tenon.mlp_layer "mlp" hidden 32 silu
    }
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @key>
    tenon.parallel "parallel" attributes {shared_norm} {
      tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q", sources = [#tenon.source<@key, layers = [0, 1]>], joint}
      tenon.mlp_layer "mlp" hidden 32 silu
    }
  }
  tenon.head @decoder {tied}
}

// Masks and scores that say the same of keys of both, each in its own words: all of the source's stand before the query.
// CHECK-LABEL: tenon.model @other_words
// CHECK-NOT: tenon.stack @encoder
// CHECK: tenon.attention_layer
// CHECK-SAME: mask = "k <= q && q - k < 9"
// CHECK-SAME: score = "s - 0.5 * float(q - k)"
tenon.model @other_words width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q && q - k < 9", score = "s - 0.5 * float(q - k)"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < query_segment && q - k < 9 || segment == 1 && k <= q && q - k < 9", score = "select(segment == 0, s - 0.5 * float(q - k), s - 0.5 * float(q - k))", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}
