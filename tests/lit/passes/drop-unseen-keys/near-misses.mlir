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

// What a stack's own rows do not see, rows of its prefix do.
tenon.model @prefix width 8 {
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached, prefix = "source"} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
    tenon.attention_layer "among" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0", prefix_mask = "true"}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// A stack that grows keeps something of its rows.
tenon.model @keeping width 8 {
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k < 0"}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}

// What is said of two segments would be longer than an expression can be.
tenon.model @long width 8 {
  tenon.stack @encoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @notes layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.stack @decoder layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-5, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 50 positions <kind = learned, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "attention" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment != 0 && k <= q && ((k + 0) * segment % 7 == 0 || (k + 1) * segment % 7 == 1 || (k + 2) * segment % 7 == 2 || (k + 3) * segment % 7 == 3 || (k + 4) * segment % 7 == 4 || (k + 5) * segment % 7 == 5 || (k + 6) * segment % 7 == 6 || (k + 7) * segment % 7 == 7 || (k + 8) * segment % 7 == 8 || (k + 9) * segment % 7 == 9 || (k + 10) * segment % 7 == 10 || (k + 11) * segment % 7 == 11 || (k + 12) * segment % 7 == 12 || (k + 13) * segment % 7 == 13 || (k + 14) * segment % 7 == 14 || (k + 15) * segment % 7 == 15 || (k + 16) * segment % 7 == 16 || (k + 17) * segment % 7 == 17 || (k + 18) * segment % 7 == 18 || (k + 19) * segment % 7 == 19 || (k + 20) * segment % 7 == 20 || (k + 21) * segment % 7 == 21 || (k + 22) * segment % 7 == 22 || (k + 23) * segment % 7 == 23 || (k + 24) * segment % 7 == 24 || (k + 25) * segment % 7 == 25 || (k + 26) * segment % 7 == 26 || (k + 27) * segment % 7 == 27 || (k + 28) * segment % 7 == 28 || (k + 29) * segment % 7 == 29 || (k + 30) * segment % 7 == 30 || (k + 31) * segment % 7 == 31 || (k + 32) * segment % 7 == 32 || (k + 33) * segment % 7 == 33 || (k + 34) * segment % 7 == 34 || (k + 35) * segment % 7 == 35 || (k + 36) * segment % 7 == 36 || (k + 37) * segment % 7 == 37 || (k + 38) * segment % 7 == 38 || (k + 39) * segment % 7 == 39 || (k + 40) * segment % 7 == 40 || (k + 41) * segment % 7 == 41 || (k + 42) * segment % 7 == 42 || (k + 43) * segment % 7 == 43 || (k + 44) * segment % 7 == 44 || (k + 45) * segment % 7 == 45 || (k + 46) * segment % 7 == 46 || (k + 47) * segment % 7 == 47 || (k + 48) * segment % 7 == 48 || (k + 49) * segment % 7 == 49 || (k + 50) * segment % 7 == 50 || (k + 51) * segment % 7 == 51 || (k + 52) * segment % 7 == 52 || (k + 53) * segment % 7 == 53 || (k + 54) * segment % 7 == 54 || (k + 55) * segment % 7 == 55 || (k + 56) * segment % 7 == 56 || (k + 57) * segment % 7 == 57 || (k + 58) * segment % 7 == 58 || (k + 59) * segment % 7 == 59)", sources = [#tenon.source<@encoder>, #tenon.source<@notes>], joint}
    tenon.mlp_layer "mlp" hidden 16 relu
  }
  tenon.head @decoder {tied}
}
