// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @vocab_is_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{vocab (-9) is not positive}}
    tenon.token_input vocab -9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @types_is_not_negative width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{types (-1) is negative}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {types = -1 : i64}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @types_are_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{types (2147483648) is more than 2147483647}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {types = 2147483648 : i64}
    tenon.mlp_layer "m" hidden 4 relu
  }
}
