// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @softcap_is_not_negative width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{softcap (-3.000000e+01) is negative}}
  tenon.head @e {tied, softcap = -30.0 : f64}
}

// -----

tenon.model @softcap_is_a_number width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{is negative}}
  tenon.head @e {tied, softcap = 0x7FF8000000000000 : f64}
}

// -----

// expected-error @below {{'tenon.head' op expects parent op 'tenon.model'}}
tenon.head @e

// -----

tenon.model @head_scores_tokens width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.feature_input features 8 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{scores the vocabulary of stack 'e', which reads no tokens}}
  tenon.head @e
}

// -----

tenon.model @a_head_stands_on_the_whole width 8 {
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
  tenon.head @f {tied}
}
