// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @sizes_are_positive width 8 {
  // expected-error @below {{a size (0) is not positive}}
  tenon.parameter @x [0, 8]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @layers_are_positive width 8 {
  // expected-error @below {{layers (0) is not positive}}
  tenon.parameter @"x.*" [8] layers 0
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @names_say_where_the_layer_stands width 8 {
  // expected-error @below {{is one for each of several layers, expected a name with one '*' for the layer}}
  tenon.parameter @x [8] layers 2
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @names_of_all_layers_have_no_place_for_one width 8 {
  // expected-error @below {{is one for all layers, expected a name with no '*' for the layer}}
  tenon.parameter @"x.*" [8]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @tensors_are_not_too_large width 8 {
  // expected-error @below {{the tensor (2147483647 x 2) has more than the 2147483647 elements that a tensor can have}}
  tenon.parameter @x [2147483647, 2]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @every_role_is_bound width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is bound to no parameter as 'tokens.weight'}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @bound_parameters_are_there width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is bound to parameter 'x', which the model does not have}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @x}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @bound_parameters_have_the_shape width 8 {
  tenon.parameter @x [8, 9]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is bound to parameter 'x' of [8, 9] as 'tokens.weight', expected [9, 8]}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @x}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @bound_parameters_have_the_layers width 8 {
  tenon.parameter @"x.*" [9, 8] layers 2
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is bound to parameter 'x.*' of 2 layers, but stands in 0}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @"x.*"}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @roles_that_nobody_asks_for width 8 {
  tenon.parameter @x [9, 8]
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is bound to @x as 'types.weight', which it does not need}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {parameters = {tokens.weight = @x, types.weight = @x}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}
