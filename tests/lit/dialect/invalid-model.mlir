// RUN: tenon-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{width (0) is not positive}}
tenon.model @width_is_positive width 0 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

// expected-error @below {{width (-8) is not positive}}
tenon.model @width_is_not_negative width -8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @pooling_names_a_stack width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{names stack 'decoder', which the model does not have}}
  tenon.pooling @decoder mean
}

// -----

tenon.model @model_holds_stacks_a_pooling_and_a_head width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{does not belong into a model, which holds stacks, a pooling and a head}}
  func.func private @f()
}

// -----

// expected-error @below {{has no stack}}
tenon.model @model_has_a_stack width 8 {
}

// -----

// expected-error @below {{has 2 poolings, where one is the most}}
tenon.model @model_has_one_pooling_at_most width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.pooling @e mean
  tenon.pooling @e cls
}

// -----

tenon.model @sinusoidal_positions_need_an_even_width width 7 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has sinusoidal positions, which need an even width, not 7}}
    tenon.token_input vocab 9 positions <kind = sinusoidal, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @head_names_a_stack width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{names stack 'decoder', which the model does not have}}
  tenon.head @decoder {tied}
}

// -----

// expected-error @below {{has 2 heads, where one is the most}}
tenon.model @model_has_one_head_at_most width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.head @e {tied}
  tenon.head @e
}

// -----

// expected-error @below {{shares 'e.input' with 3 : i64, expected the name of parameters}}
tenon.model @shared_parameters_have_names width 8 attributes {share = {e.input = 3 : i64}} {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}
