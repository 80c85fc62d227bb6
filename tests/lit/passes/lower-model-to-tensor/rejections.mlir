// RUN: tenon-opt %s --tenon-lower-model-to-tensor --verify-diagnostics

tenon.model @parameters_are_bound width 8 {
  tenon.stack @e layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = false, final = false> {
    // expected-error @below {{is not bound to its parameters, which tenon-bind-parameters does}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}
