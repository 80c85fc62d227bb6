// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @hidden_is_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{hidden (-4) is not positive}}
    tenon.mlp_layer "m" hidden -4 relu
  }
}

// -----

tenon.model @hidden_is_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{hidden (2147483648) is more than 2147483647}}
    tenon.mlp_layer "m" hidden 2147483648 relu
  }
}

// -----

tenon.model @weights_are_tensors width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{up.weight (2147483647 x 8) has more than the 2147483647 elements that a tensor can have}}
    tenon.mlp_layer "m" hidden 2147483647 relu
  }
}
