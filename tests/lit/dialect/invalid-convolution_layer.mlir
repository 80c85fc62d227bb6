// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @hidden_is_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{hidden (0) is not positive}}
    tenon.convolution_layer "c" kernel 3 hidden 0 sigmoid
  }
}

// -----

tenon.model @kernel_is_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{kernel (0) is not positive}}
    tenon.convolution_layer "c" kernel 0 hidden 4 sigmoid
  }
}

// -----

tenon.model @kernel_is_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{kernel (257) is more than 256}}
    tenon.convolution_layer "c" kernel 257 hidden 4 sigmoid
  }
}

// -----

tenon.model @later_rows_are_not_there_yet width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{reads later rows, but its stack is cached, expected a causal one}}
    tenon.convolution_layer "c" kernel 3 hidden 4 sigmoid
  }
}

// -----

tenon.model @goes_through_one_stack width 8 {
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @both layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.concat_input [@a, @b] positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{goes through the rows of one stack in their order, but stands in a stack that joins 2 others}}
    tenon.convolution_layer "c" kernel 3 hidden 4 sigmoid {causal}
  }
}
