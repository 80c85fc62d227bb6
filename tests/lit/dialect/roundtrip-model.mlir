// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: tenon.model @everything width 8 {
tenon.model @everything width 8 {
  // CHECK: tenon.stack @post layers 2 norm <function = layernorm, place = after, epsilon = 9.9999999999999998E-13 : f64, bias = true, final = false> {
  tenon.stack @post layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-12, bias = true, final = false> {
    // CHECK: tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 2, base = 1.000000e+04 : f64, dims = 0, interleaved = false> {norm, scale = 2.000000e+00 : f64, types = 2 : i64}
    tenon.token_input vocab 100 positions <kind = learned, length = 16, offset = 2, base = 1.0e4, dims = 0, interleaved = false> {types = 2 : i64, norm, scale = 2.0 : f64}
    // CHECK: tenon.attention_layer "attention" heads 4 key_value_heads 2 head_size 2 scale 5.000000e-01 {bias, output_bias}
    tenon.attention_layer "attention" heads 4 key_value_heads 2 head_size 2 scale 0.5 {bias, output_bias}
    // CHECK: tenon.mlp_layer "mlp" hidden 32 gelu {bias, gated}
    tenon.mlp_layer "mlp" hidden 32 gelu {bias, gated}
  }
  // CHECK: tenon.stack @pre layers 1 norm <function = rmsnorm, place = before, epsilon = 9.9999999999999995E-7 : f64, bias = false, final = true> {
  tenon.stack @pre layers 1 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> {
    // CHECK: tenon.token_input vocab 7 positions <kind = rotary, length = 16, offset = 0, base = 1.000000e+04 : f64, dims = 2, interleaved = true>
    tenon.token_input vocab 7 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 2, interleaved = true>
    // CHECK: tenon.attention_layer "a" heads 1 key_value_heads 1 head_size 4 scale 2.500000e-01
    tenon.attention_layer "a" heads 1 key_value_heads 1 head_size 4 scale 0.25
    // CHECK: tenon.mlp_layer "m" hidden 3 silu
    tenon.mlp_layer "m" hidden 3 silu
  }
  // CHECK: tenon.pooling @post mean {layers = [#tenon.vector_norm<function = l2, epsilon = {{[0-9.E-]+}} : f64>]}
  tenon.pooling @post mean {layers = [#tenon.vector_norm<function = l2, epsilon = 1.0e-12>]}
}
// CHECK-LABEL: tenon.model @other_words width 2 {
tenon.model @other_words width 2 {
  // CHECK: tenon.stack @s layers 1 norm <function = layernorm, place = before, epsilon = 1.000000e+00 : f64, bias = false, final = false> {
  tenon.stack @s layers 1 norm <function = layernorm, place = before, epsilon = 1.0, bias = false, final = false> {
    // CHECK: tenon.token_input vocab 7 positions <kind = sinusoidal, length = 16, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 7 positions <kind = sinusoidal, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // CHECK: tenon.mlp_layer "tanh" hidden 3 tanh
    tenon.mlp_layer "tanh" hidden 3 tanh
    // CHECK: tenon.mlp_layer "relu" hidden 3 relu
    tenon.mlp_layer "relu" hidden 3 relu
    // CHECK: tenon.mlp_layer "gelu_tanh" hidden 3 gelu_tanh
    tenon.mlp_layer "gelu_tanh" hidden 3 gelu_tanh
  }
  // CHECK: tenon.stack @t layers 1 norm <function = layernorm, place = before, epsilon = 1.000000e+00 : f64, bias = false, final = false> {
  tenon.stack @t layers 1 norm <function = layernorm, place = before, epsilon = 1.0, bias = false, final = false> {
    // CHECK: tenon.token_input vocab 7 positions <kind = none, length = 0, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 7 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // CHECK: tenon.mlp_layer "m" hidden 3 tanh
    tenon.mlp_layer "m" hidden 3 tanh
  }
  // CHECK: tenon.pooling @s [max, cls] {layers = [#tenon.dense<size = 6, function =  tanh, bias = true, residual = false>, #tenon.vector_norm<function = layernorm, epsilon = 1.000000e-05 : f64>], size = 4 : i64, skips_prompt, token_layers = [#tenon.dense<size = 2, bias = false, residual = true>]}
  tenon.pooling @s [max, cls] {layers = [#tenon.dense<size = 6, function = tanh, bias = true, residual = false>, #tenon.vector_norm<function = layernorm, epsilon = 1.0e-5>], size = 4 : i64, skips_prompt, token_layers = [#tenon.dense<size = 2, bias = false, residual = true>]}
}
// CHECK-LABEL: tenon.model @decoders width 8 {
tenon.model @decoders width 8 {
  // CHECK: tenon.stack @in_turn layers 5 norm <function = rmsnorm, place = both, epsilon = 1.000000e+00 : f64, bias = false, final = true, weight_offset = 1.000000e+00 : f64> attributes {cached} {
  tenon.stack @in_turn layers 5 norm <function = rmsnorm, place = both, epsilon = 1.0, bias = false, final = true, weight_offset = 1.0> attributes {cached} {
    // CHECK: tenon.token_input vocab 7 positions <kind = none, length = 16, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 7 positions <kind = none, length = 16, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    // CHECK: tenon.block {
    tenon.block {
      // CHECK: tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01 {bias, head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.000000e+00 : f64, bias = false, whole = false, weight_offset = 1.000000e+00 : f64>, mask = "k <= q && q - k < 4", no_key_bias, rotary = #tenon.rotary<length = 16, dims = 4, base = 1.000000e+04 : f64, interleaved = false>, score = "50.0 * tanh(s / 50.0)"}
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01 {bias, head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.000000e+00 : f64, bias = false, whole = false, weight_offset = 1.000000e+00 : f64>, mask = "k <= q && q - k < 4", no_key_bias, rotary = #tenon.rotary<length = 16, dims = 4, base = 1.000000e+04 : f64, interleaved = false>, score = "50.0 * tanh(s / 50.0)"}
    }
    // CHECK: tenon.block {
    tenon.block {
      // CHECK: tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01 {head_norm = #tenon.head_norm<function = layernorm, epsilon = 1.000000e+00 : f64, bias = true, whole = true>, mask = "k <= q", rotary = #tenon.rotary<length = 16, dims = 4, base = 1.000000e+06 : f64, interleaved = true, frequencies = [1.000000e+00, 2.500000e-01], magnitude = 1.500000e+00 : f64>}
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01 {head_norm = #tenon.head_norm<function = layernorm, epsilon = 1.000000e+00 : f64, bias = true, whole = true>, mask = "k <= q", rotary = #tenon.rotary<length = 16, dims = 4, base = 1.000000e+06 : f64, interleaved = true, frequencies = [1.000000e+00, 2.500000e-01], magnitude = 1.500000e+00 : f64>}
      // CHECK: tenon.mlp_layer "m" hidden 3 relu_squared
      tenon.mlp_layer "m" hidden 3 relu_squared
    }
  }
  // CHECK: tenon.stack @side_by_side layers 1 norm <function = layernorm, place = before, epsilon = 1.000000e+00 : f64, bias = true, final = true> {
  tenon.stack @side_by_side layers 1 norm <function = layernorm, place = before, epsilon = 1.0, bias = true, final = true> {
    // CHECK: tenon.token_input vocab 7 positions <kind = none, length = 0, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 7 positions <kind = none, length = 0, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    // CHECK: tenon.parallel "shared" attributes {shared_norm} {
    tenon.parallel "shared" attributes {shared_norm} {
      // CHECK: tenon.mlp_layer "m" hidden 3 quick_gelu
      tenon.mlp_layer "m" hidden 3 quick_gelu
    }
    // CHECK: tenon.parallel "own" {
    tenon.parallel "own" {
      // CHECK: tenon.mlp_layer "n" hidden 3 gelu
      tenon.mlp_layer "n" hidden 3 gelu
    }
  }
  // CHECK: tenon.pooling @side_by_side last
  tenon.pooling @side_by_side last
  // CHECK: tenon.head @in_turn {bias, scale = 6.250000e-02 : f64, softcap = 3.000000e+01 : f64, tied}
  tenon.head @in_turn {bias, scale = 6.250000e-02 : f64, softcap = 3.000000e+01 : f64, tied}
}
// CHECK-LABEL: tenon.model @listener width 8 {
tenon.model @listener width 8 {
  // CHECK: tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    // CHECK: tenon.feature_input features 4 positions <kind = learned, length = 32, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false> {convolutions = [#tenon.convolution<channels = 6, kernel = 3, stride = 1, function =  gelu, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 2, bias = true>]}
    tenon.feature_input features 4 positions <kind = learned, length = 32, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {convolutions = [#tenon.convolution<channels = 6, kernel = 3, stride = 1, function = gelu, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 2, bias = true>]}
    // CHECK: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {bias}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias}
  }
  // CHECK: tenon.stack @decoder layers 2 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> attributes {cached, width = 6 : i64} {
  tenon.stack @decoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached, width = 6} {
    // CHECK: tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // CHECK: tenon.attention_layer "self" heads 3 key_value_heads 3 head_size 2 scale 5.000000e-01 {bias, mask = "k <= q", output_bias}
    tenon.attention_layer "self" heads 3 key_value_heads 3 head_size 2 scale 0.5 {bias, output_bias, mask = "k <= q"}
    // CHECK: tenon.attention_layer "cross" heads 3 key_value_heads 3 head_size 2 scale 5.000000e-01 {bias, output_bias, sources = [#tenon.source<@encoder>]}
    tenon.attention_layer "cross" heads 3 key_value_heads 3 head_size 2 scale 0.5 {bias, output_bias, sources = [#tenon.source<@encoder>]}
    // CHECK: tenon.mlp_layer "mlp" hidden 16  gelu {bias}
    tenon.mlp_layer "mlp" hidden 16 gelu {bias}
  }
  // CHECK: tenon.head @decoder {tied}
  tenon.head @decoder {tied}
}
// CHECK-LABEL: tenon.model @translator width 12 attributes {share = {decoder.input = "encoder.input"}} {
tenon.model @translator width 12 attributes {share = {decoder.input = "encoder.input"}} {
  // CHECK: tenon.stack @encoder layers 2 norm <function = layernorm, place = after, epsilon = 1.000000e-05 : f64, bias = true, final = false> {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // CHECK: tenon.token_input vocab 50 positions <kind = sinusoidal, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false, even_spacing = true>
    tenon.token_input vocab 50 positions <kind = sinusoidal, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false, even_spacing = true>
    // CHECK: tenon.attention_layer "attention" heads 3 key_value_heads 3 head_size 4 scale 5.000000e-01 {bias, output_bias, relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = true>}
    tenon.attention_layer "attention" heads 3 key_value_heads 3 head_size 4 scale 0.5 {bias, output_bias, relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = true>}
    // CHECK: tenon.mlp_layer "mlp" hidden 16  relu {bias}
    tenon.mlp_layer "mlp" hidden 16 relu {bias}
  }
  // CHECK: tenon.stack @decoder layers 3 norm <function = layernorm, place = after, epsilon = 1.000000e-05 : f64, bias = true, final = false> attributes {cached} {
  tenon.stack @decoder layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    // CHECK: tenon.token_input vocab 50 positions <kind = sinusoidal, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false> {zero_first}
    tenon.token_input vocab 50 positions <kind = sinusoidal, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {zero_first}
    // CHECK: tenon.ssru_layer "ssru"  relu {bias}
    tenon.ssru_layer "ssru" relu {bias}
    // CHECK: tenon.convolution_layer "convolution" kernel 4 hidden 16  sigmoid {bias, causal}
    tenon.convolution_layer "convolution" kernel 4 hidden 16 sigmoid {causal, bias}
    // CHECK: tenon.attention_layer "self" heads 3 key_value_heads 1 head_size 4 scale 5.000000e-01 {bias, mask = "k <= q", output_bias, relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = false>}
    tenon.attention_layer "self" heads 3 key_value_heads 1 head_size 4 scale 0.5 {bias, output_bias, mask = "k <= q", relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = false>}
    // CHECK: tenon.attention_layer "cross" heads 3 key_value_heads 3 head_size 4 scale 5.000000e-01 {bias, output_bias, sources = [#tenon.source<@encoder>]}
    tenon.attention_layer "cross" heads 3 key_value_heads 3 head_size 4 scale 0.5 {bias, output_bias, sources = [#tenon.source<@encoder>]}
    // CHECK: tenon.mlp_layer "mlp" hidden 16  relu {bias}
    tenon.mlp_layer "mlp" hidden 16 relu {bias}
  }
  // CHECK: tenon.head @decoder {bias, tied}
  tenon.head @decoder {tied, bias}
}
// CHECK-LABEL: tenon.model @between width 8 {
tenon.model @between width 8 {
  // CHECK: tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> {
  tenon.stack @encoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    // CHECK: tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // CHECK: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {mask = "k <= q"}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  // CHECK: tenon.stack @memory layers 3 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> {
  tenon.stack @memory layers 3 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    // CHECK: tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false>
    tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // CHECK: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {sources = [#tenon.source<@encoder>]}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@encoder>]}
  }
  // CHECK: tenon.stack @decoder layers 2 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> attributes {cached} {
  tenon.stack @decoder layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    // CHECK: tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false, behind = @encoder>
    tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    // CHECK: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {joint, mask = "k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>, #tenon.source<@memory, layers = [2, 2]>]}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {joint, mask = "k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>, #tenon.source<@memory, layers = [2, 2]>]}
    // CHECK: tenon.attention_layer "cross" heads 2 key_value_heads 1 head_size 4 scale 5.000000e-01 {sources = [#tenon.source<@memory>, #tenon.source<@encoder>]}
    tenon.attention_layer "cross" heads 2 key_value_heads 1 head_size 4 scale 0.5 {sources = [#tenon.source<@memory>, #tenon.source<@encoder>]}
  }
  // CHECK: tenon.stack @whole layers 1 norm <function = layernorm, place = before, epsilon = 1.000000e-05 : f64, bias = true, final = true> attributes {cached} {
  tenon.stack @whole layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    // CHECK: tenon.concat_input [@encoder, @memory, @decoder] positions <kind = rotary, length = 192, offset = 0, base = 1.000000e+04 : f64, dims = 0, interleaved = false> {norm, scale = 2.000000e+00 : f64}
    tenon.concat_input [@encoder, @memory, @decoder] positions <kind = rotary, length = 192, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {norm, scale = 2.0 : f64}
    // CHECK: tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {mask = "k <= q"}
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  // CHECK: tenon.head @whole {tied}
  tenon.head @whole {tied}
}

// CHECK-LABEL: tenon.model @bound width 8 {
tenon.model @bound width 8 {
  // CHECK: tenon.parameter @d.input.tokens.weight [100, 8]
  tenon.parameter @d.input.tokens.weight [100, 8]
  // CHECK: tenon.parameter @"d.layers.*.mlp.up.weight" [32, 8] layers 2
  tenon.parameter @"d.layers.*.mlp.up.weight" [32, 8] layers 2
  tenon.parameter @down [8, 32]
  // CHECK: tenon.stack @d layers 2 {{.*}} attributes {cached, parameters = {}} {
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> attributes {cached, parameters = {}} {
    // CHECK: tenon.token_input {{.*}} {parameters = {tokens.weight = @d.input.tokens.weight}}
    tenon.token_input vocab 100 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @d.input.tokens.weight}}
    // CHECK: tenon.mlp_layer "mlp" hidden 32 relu {parameters = {down.weight = @down, norm.weight = @norm, up.weight = @"d.layers.*.mlp.up.weight"}}
    tenon.mlp_layer "mlp" hidden 32 relu {parameters = {up.weight = @"d.layers.*.mlp.up.weight", down.weight = @down, norm.weight = @norm}}
  }
  tenon.parameter @norm [8]
  tenon.head @d {tied, parameters = {weight = @d.input.tokens.weight}}
}

// CHECK-LABEL: tenon.model @with_a_prefix width 8 {
tenon.model @with_a_prefix width 8 {
  // CHECK: tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.000000e+00 : f64, bias = true, final = false> attributes {cached, prefix = "e"} {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0, bias = true, final = false> attributes {cached, prefix = "e"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // CHECK: tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 5.000000e-01 {mask = "k <= q", prefix_mask = "true"}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", prefix_mask = "true"}
  }
}
