// RUN: tenon-opt %s --tenon-bind-parameters --split-input-file --verify-diagnostics

tenon.model @shared_parameters_are_there width 8 attributes {share = {e.input = "d.input"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{would read parameter 'd.input.tokens.weight' in place of 'e.input.tokens.weight', which the model does not have}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @shared_parameters_have_one_shape width 8 attributes {share = {"e.layers.*.n" = "e.layers.*.m"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-note @below {{which is read here too}}
    tenon.mlp_layer "m" hidden 4 relu
    // expected-error @below {{reads parameter 'e.layers.*.m.up.weight' of [4, 8] in 2 layers in place of 'e.layers.*.n.up.weight', expected [6, 8] in 2 layers}}
    tenon.mlp_layer "n" hidden 6 relu
  }
}

// -----

tenon.model @shared_layers_are_there width 8 attributes {share = {"e.layers.*" = "e.layers.2"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{would read parameter 'e.layers.2.m.up.weight' in place of 'e.layers.*.m.up.weight', which the model does not have}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @stacks_of_one_depth_share_layers width 8 attributes {share = {"d.layers.*" = "e.layers.*"}} {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-note @below {{which is read here too}}
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{reads parameter 'e.layers.*.m.up.weight' of [4, 8] in 2 layers in place of 'd.layers.*.m.up.weight', expected [4, 8] in 3 layers}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @blocks_in_turn_have_one_shape width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      // expected-note @below {{which is read here too}}
      tenon.mlp_layer "m" hidden 4 relu
    }
    tenon.block {
      // expected-error @below {{reads parameter 'e.layers.*.m.up.weight' of [4, 8] in 2 layers, expected [6, 8] in 2 layers}}
      tenon.mlp_layer "m" hidden 6 relu
    }
  }
}
