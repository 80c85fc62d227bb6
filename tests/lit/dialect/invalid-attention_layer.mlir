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

// -----

tenon.model @mask_is_a_condition width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{mask 'k - q' at byte 0: a mask is a condition, but this is an integer}}
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k - q"}
  }
}

// -----

tenon.model @mask_reads_tables_that_are_there width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{mask 'table0(q, k) > 0.0' reads table0, but there are 0 tables}}
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "table0(q, k) > 0.0"}
  }
}

// -----

tenon.model @score_has_known_names width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{score 's + z' at byte 4: unknown name}}
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {score = "s + z"}
  }
}

// -----

tenon.model @tables_have_rows_and_columns width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{table_sizes are [2, 9, 3], expected positive rows and columns in turn}}
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {score = "s + table0(h, k)", table_sizes = array<i64: 2, 9, 3>}
  }
}

// -----

tenon.model @keys_come_from_a_stack_of_the_model width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'e', which the model does not have}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {from = @e}
  }
}

// -----

tenon.model @keys_come_from_another_stack width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'd', which is its own, expected another that is not}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {from = @d}
  }
}

// -----

tenon.model @keys_come_from_a_stack_that_is_not_cached width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'e', which is cached, expected another that is not}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {from = @e}
  }
}

// -----

tenon.model @attention_to_another_stack_is_cached width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'e', but stands in a stack that is not cached}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {from = @e}
  }
}

// -----

tenon.model @keys_of_another_stack_do_not_turn width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from another stack, whose positions do not turn with the queries'}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {from = @e, rotary = #tenon.rotary<length = 4, dims = 4, base = 1.0e4, interleaved = false>}
  }
}

// -----

tenon.model @relative_bias_stands_alone width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has a relative bias beside a score, expected one of them}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {score = "s * 2.0", relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = true>}
  }
}

// -----

tenon.model @heads_are_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{heads x head_size (4294967296 x 4294967296) has more than the 2147483647 elements that a tensor can have}}
    tenon.attention_layer "a" heads 4294967296 key_value_heads 1 head_size 4294967296 scale 0.5
  }
}

// -----

tenon.model @tables_are_tensors width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{a table (2147483647 x 2) has more than the 2147483647 elements that a tensor can have}}
    tenon.attention_layer "a" heads 1 key_value_heads 1 head_size 8 scale 0.5 {table_sizes = array<i64: 2147483647, 2>}
  }
}
