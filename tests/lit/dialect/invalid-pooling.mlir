// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @pooling_has_functions width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{functions are [], expected one or more pool functions}}
  "tenon.pooling"() <{stack = @e, functions = []}> : () -> ()
}

// -----

tenon.model @functions_are_known width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{'median' is no pool function}}
  tenon.pooling @e median
}

// -----

tenon.model @layers_are_dense_or_norms width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{has the layer 3 : i64, expected a dense layer or a vector norm}}
  tenon.pooling @e mean {layers = [3 : i64]}
}

// -----

tenon.model @size_is_not_negative width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{size (-1) is negative}}
  tenon.pooling @e mean {size = -1 : i64}
}

// -----

tenon.model @size_is_within_the_vector width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{gives 7 of 6 components}}
  tenon.pooling @e [mean, max] {layers = [#tenon.dense<size = 6, bias = true, residual = false>], size = 7 : i64}
}

// -----

tenon.model @dense_has_a_size width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{a dense layer has size 0, which is not positive}}
  tenon.pooling @e mean {layers = [#tenon.dense<size = 0, bias = true, residual = false>]}
}

// -----

tenon.model @norm_is_layernorm_or_l2 width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{a pooling's norm is rmsnorm, expected layernorm or l2}}
  tenon.pooling @e mean {layers = [#tenon.vector_norm<function = rmsnorm, epsilon = 1.0>]}
}

// -----

tenon.model @epsilon_is_not_negative width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{the epsilon of a pooling's norm (-1.000000e+00) is negative}}
  tenon.pooling @e mean {layers = [#tenon.vector_norm<function = l2, epsilon = -1.0>]}
}

// -----

tenon.model @prompts_are_of_whole_sequences width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{skips the prompts of stack 'e', which is cached}}
  tenon.pooling @e mean {skips_prompt}
}

// -----

tenon.model @a_pooling_stands_on_the_whole width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{stands on stack 'f', which grows as the last part of stack 'd', expected it on that one}}
  tenon.pooling @f mean
}
