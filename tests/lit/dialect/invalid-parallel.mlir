// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @parallel_holds_attentions_and_mlps width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.parallel "p" {
      // expected-error @below {{is not a sublayer that others can stand beside}}
      %c = arith.constant 0 : i32
    }
  }
}

// -----

tenon.model @parallel_has_a_sublayer width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has no sublayer}}
    tenon.parallel "p" {
    }
  }
}

// -----

tenon.model @sublayer_names_differ_from_those_beside_others width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.parallel "p" {
      tenon.mlp_layer "m" hidden 4 relu
    }
    // expected-error @below {{has the name 'm' of another sublayer of its block}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @norms_do_not_follow_sublayers_side_by_side width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{stands in a stack whose norms follow its sublayers, expected norms before them or both}}
    tenon.parallel "p" {
      tenon.mlp_layer "m" hidden 4 relu
    }
  }
}
