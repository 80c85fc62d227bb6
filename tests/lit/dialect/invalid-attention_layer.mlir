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
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}

// -----

tenon.model @keys_come_from_another_stack width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'd', which is its own, expected another}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@d>]}
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
    // expected-error @below {{takes keys from stack 'e', which is cached, expected one that is read as a whole}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
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
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>], rotary = #tenon.rotary<length = 4, dims = 4, base = 1.0e4, interleaved = false>}
  }
}

// -----

tenon.model @a_source_has_a_layer_for_each_layer width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{reads 3 layers of stack 'e', expected one for each of 2 layers}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e, layers = [0, 1, 2]>]}
  }
}

// -----

tenon.model @layers_of_a_source_are_its width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{reads layer 3 of stack 'e', which has 3 layers}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e, layers = [0, 3]>]}
  }
}

// -----

tenon.model @layers_of_a_source_count_from_zero width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{reads layer -1 of stack 'e', which has 3 layers}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e, layers = [-1, 0]>]}
  }
}

// -----

tenon.model @each_source_is_another_stack width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{takes keys from stack 'e' twice}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>, #tenon.source<@e, layers = [0, 0]>]}
  }
}

// -----

tenon.model @sources_are_bounded width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has 9 sources, where 8 are the most}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>, #tenon.source<@e>]}
  }
}

// -----

tenon.model @a_joint_attention_has_sources width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{is joint, but has no sources to join the own keys with}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {joint}
  }
}

// -----

tenon.model @no_distance_to_a_source width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has a relative bias beside sources, to whose positions there is no distance}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {joint, sources = [#tenon.source<@e>], relative = #tenon.relative_bias<buckets = 8, distance = 20, bidirectional = true>}
  }
}

// -----

tenon.model @joint_keys_turn_within_a_head width 8 {
  tenon.stack @e layers 3 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 2 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has head_size 4, of which rotary positions turn 6, expected an even number of at most head_size}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {joint, mask = "k <= q", sources = [#tenon.source<@e>], rotary = #tenon.rotary<length = 4, dims = 6, base = 1.0e4, interleaved = false>}
  }
}

// -----

tenon.model @keys_of_a_source_are_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {width = 1000000000 : i64} {
    tenon.token_input vocab 2 positions <kind = none, length = 1, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 2 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{key.weight (8 x 1000000000) has more than the 2147483647 elements that a tensor can have}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
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

// -----

tenon.model @rows_that_are_there_before_see_no_key_of_a_cached_part width 8 {
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
    tenon.attention_layer "fine" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q"}
    // expected-error @below {{has a mask that may let a query of part 0 see keys of the last part, which is cached}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q || query_segment < 1"}
  }
}

// -----

tenon.model @a_mask_of_a_prefix_that_is_none width 8 {
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has a prefix_mask, but its stack has no prefix}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", prefix_mask = "true"}
  }
}

// -----

tenon.model @a_mask_of_a_prefix_beside_sources width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached, prefix = "e"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has a prefix_mask, but takes keys from other stacks}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>], prefix_mask = "true"}
  }
}

// -----

tenon.model @keys_turn_at_positions_of_the_reader width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 5, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = rotary, length = 4, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "cross" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
    // expected-error @below {{turns keys of stack 'e', which has 5 positions, expected at most the 4 of its own stack}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", sources = [#tenon.source<@e>], joint}
  }
}

// -----

tenon.model @keys_that_turn_have_a_limit width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = rotary, length = 4, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    // expected-error @below {{turns keys of stack 'e', which has no limit, expected at most the 4 positions of its own stack}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", sources = [#tenon.source<@e>], joint}
  }
}
