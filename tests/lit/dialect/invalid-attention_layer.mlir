// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @heads_are_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{heads (-2), key_value_heads (2) and head_size (4) are not all positive}}
    tenon.attention_layer "a" heads -2 key_value_heads 2 head_size 4 scale 0.5
  }
}

// -----

tenon.model @key_value_heads_are_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{heads (2), key_value_heads (0) and head_size (4) are not all positive}}
    tenon.attention_layer "a" heads 2 key_value_heads 0 head_size 4 scale 0.5
  }
}

// -----

tenon.model @head_size_is_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{heads (2), key_value_heads (2) and head_size (0) are not all positive}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 0 scale 0.5
  }
}

// -----

tenon.model @heads_is_a_multiple_of_key_value_heads width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{heads (3) is not a multiple of key_value_heads (2)}}
    tenon.attention_layer "a" heads 3 key_value_heads 2 head_size 4 scale 0.5
  }
}
