// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @sublayers_stand_in_blocks width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.mlp_layer "m" hidden 4 relu
    }
    // expected-error @below {{stands beside blocks, expected it in one of them}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @blocks_are_no_more_than_layers width 8 {
  // expected-error @below {{has 2 blocks for 1 layers}}
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.mlp_layer "m" hidden 4 relu
    }
    tenon.block {
      tenon.mlp_layer "m" hidden 4 relu
    }
  }
}

// -----

tenon.model @blocks_have_attentions_of_the_same_names width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5
    }
    // expected-error @below {{has attentions of other names, sizes or sources than the stack's first block}}
    tenon.block {
      tenon.attention_layer "b" heads 2 key_value_heads 1 head_size 4 scale 0.5
    }
  }
}

// -----

tenon.model @blocks_have_attentions_of_the_same_sizes width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5
    }
    // expected-error @below {{has attentions of other names, sizes or sources than the stack's first block}}
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5
    }
  }
}

// -----

tenon.model @block_has_a_sublayer width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has no sublayer}}
    tenon.block {
    }
  }
}

// -----

tenon.model @block_holds_sublayers width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      // expected-error @below {{is not a sublayer}}
      %c = arith.constant 0 : i32
    }
  }
}

// -----

tenon.model @sublayer_names_differ_in_a_block width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.mlp_layer "m" hidden 4 relu
      // expected-error @below {{has the name 'm' of another sublayer of its block}}
      tenon.mlp_layer "m" hidden 4 relu
    }
  }
}

// -----

// expected-error @below {{'tenon.block' op expects parent op 'tenon.stack'}}
tenon.block {
}

// -----

tenon.model @blocks_have_the_same_sources width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
    }
    // expected-error @below {{has attentions of other names, sizes or sources than the stack's first block}}
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5
    }
  }
}
