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
  // expected-error @below {{does not belong into a model, which holds parameters, stacks, a pooling and a head}}
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

// -----

// expected-error @below {{has 65 stacks, where 64 are the most}}
tenon.model @stacks_are_bounded width 8 {
  tenon.stack @s0 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s1 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s2 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s3 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s4 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s5 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s6 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s7 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s8 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s9 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s10 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s11 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s12 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s13 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s14 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s15 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s16 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s17 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s18 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s19 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s20 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s21 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s22 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s23 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s24 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s25 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s26 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s27 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s28 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s29 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s30 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s31 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s32 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s33 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s34 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s35 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s36 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s37 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s38 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s39 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s40 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s41 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s42 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s43 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s44 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s45 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s46 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s47 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s48 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s49 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s50 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s51 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s52 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s53 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s54 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s55 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s56 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s57 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s58 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s59 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s60 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s61 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s62 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s63 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
  tenon.stack @s64 layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> { tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> tenon.mlp_layer "m" hidden 4 relu }
}
