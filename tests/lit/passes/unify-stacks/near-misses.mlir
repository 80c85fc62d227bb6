// RUN: tenon-opt %s --tenon-bind-parameters --tenon-unify-stacks | FileCheck %s

// One knob off: two stacks stay two.

// A source with key projections of its own.
// CHECK-LABEL: tenon.model @keys_of_their_own
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @keys_of_their_own width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "decoder.layers.*.attention.encoder"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// One MLP of its own.
// CHECK-LABEL: tenon.model @an_mlp_of_its_own
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @an_mlp_of_its_own width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention", "decoder.layers.*.mlp" = "decoder.layers.*.mlp"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// The last states instead of those of the same layer.
// CHECK-LABEL: tenon.model @last_states
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @last_states width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// States of other layers.
// CHECK-LABEL: tenon.model @other_layers
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @other_layers width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 0]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// Positions that start anew.
// CHECK-LABEL: tenon.model @positions_anew
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @positions_anew width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// Another activation.
// CHECK-LABEL: tenon.model @another_activation
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @another_activation width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 gelu
  }
  tenon.head @decoder {tied}
}

// Another scale of scores.
// CHECK-LABEL: tenon.model @another_scale
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @another_scale width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.25
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// Own keys that are seen through a window, the source's all.
// CHECK-LABEL: tenon.model @a_window
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @a_window width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q && q - k < 4", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// Another norm.
// CHECK-LABEL: tenon.model @another_epsilon
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @another_epsilon width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// A cross-attention beside that to itself.
// CHECK-LABEL: tenon.model @two_softmaxes
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @two_softmaxes width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "true", sources = [#tenon.source<@encoder, layers = [0, 1]>]}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}

// A source that is pooled too.
// CHECK-LABEL: tenon.model @read_by_a_pooling
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @read_by_a_pooling width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
  tenon.pooling @encoder mean
}

// A recurrence, whose state begins anew behind the source.
// CHECK-LABEL: tenon.model @a_recurrence
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @a_recurrence width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.ssru_layer "ssru" relu {bias}
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.ssru_layer "ssru" relu {bias}
  }
  tenon.head @decoder {tied}
}

// Keys of the source that score otherwise.
// CHECK-LABEL: tenon.model @a_score_of_segments
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @a_score_of_segments width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q", score = "s + float(segment)", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
  }
  tenon.head @decoder {tied}
}

// A norm of the source's states that is not the one of all sublayers.
// CHECK-LABEL: tenon.model @another_norm
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @another_norm width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention", "decoder.layers.*.attention.encoder.norm" = "decoder.layers.*.attention.encoder.norm"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.parallel "parallel" attributes {shared_norm} {
      tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
      tenon.mlp_layer "mlp" hidden 32 silu
    }
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.parallel "parallel" attributes {shared_norm} {
      tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
      tenon.mlp_layer "mlp" hidden 32 silu
    }
  }
  tenon.head @decoder {tied}
}

// The own keys are made of what an MLP has changed, the source's of what enters the layer.
// CHECK-LABEL: tenon.model @mlp_before
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @mlp_before width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 32 silu
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.mlp_layer "mlp" hidden 32 silu
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
  }
  tenon.head @decoder {tied}
}

// The first attention is as it should be; the second one's own keys are made of its result.
// CHECK-LABEL: tenon.model @second_attention
// CHECK: tenon.stack @encoder
// CHECK: tenon.stack @decoder
tenon.model @second_attention width 8 attributes {share = {decoder = "encoder", "decoder.layers.*.attention.encoder" = "encoder.layers.*.attention", "decoder.layers.*.again.encoder" = "encoder.layers.*.again"}} {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "again" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 100 positions <kind = rotary, length = 16, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.attention_layer "again" heads 2 key_value_heads 1 head_size 4 scale 0.5
      {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder, layers = [0, 1]>], joint}
    tenon.mlp_layer "mlp" hidden 32 silu
  }
  tenon.head @decoder {tied}
}
