// RUN: tenon-opt %s --tenon-bind-parameters -o %t.mlir
// RUN: tenon-opt %t.mlir --tenon-drop-unseen-keys -o %t.after.mlir 2>&1 | FileCheck %s --allow-empty
// RUN: diff %t.mlir %t.after.mlir
// CHECK-NOT: remark

// Positions begin behind a source that nobody else reads: how many rows it has matters.
tenon.model @counted width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false, behind = @encoder>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q", sources = [#tenon.source<@encoder>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// Keys of others turn where own ones do, and would turn no more.
tenon.model @turning width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment < 1", sources = [#tenon.source<@encoder>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// What sees no key adds its output bias.
tenon.model @output_bias width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", output_bias, sources = [#tenon.source<@encoder>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// A norm behind the sum is one that stays.
tenon.model @norm_after width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", sources = [#tenon.source<@encoder>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// A bias of the norm behind it is added to zeros.
tenon.model @bias_of_a_norm width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = layernorm, place = both, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", sources = [#tenon.source<@encoder>]}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// Some head sees the source, or some query.
tenon.model @some_head width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "h < 1 && segment < 1 || segment > 0 && k <= q", sources = [#tenon.source<@encoder>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// Only one of the blocks in turn hides the source.
tenon.model @one_block width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 4 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q", sources = [#tenon.source<@encoder>], joint}
    }
    tenon.block {
      tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q", sources = [#tenon.source<@encoder>], joint}
    }
  }
  tenon.head @decoder {tied}
}

// The only sublayer stays, though it sees nothing.
tenon.model @alone width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", sources = [#tenon.source<@encoder>]}
  }
  tenon.head @decoder {tied}
}

// Parts of an input: what a query sees is another thing in each.
tenon.model @parts width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @both layers 1 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.concat_input [@encoder, @decoder] positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment == 1 && k <= q"}
  }
  tenon.head @both {tied}
}
