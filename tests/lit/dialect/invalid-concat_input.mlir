// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @parts_are_two_or_more width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has 1 parts, expected 2 to 8}}
    tenon.concat_input [@e] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_are_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has 9 parts, expected 2 to 8}}
    tenon.concat_input [@e, @e, @e, @e, @e, @e, @e, @e, @e] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @a_part_is_a_stack_of_the_model width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{takes rows from stack 'x', which the model does not have}}
    tenon.concat_input [@e, @x] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @a_part_is_another_stack width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{takes rows from stack 'd', which is its own, expected another}}
    tenon.concat_input [@e, @d] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @each_part_is_another_stack width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{takes rows from stack 'e' twice}}
    tenon.concat_input [@e, @e] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_have_one_width width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {width = 6 : i64} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{takes rows of 6 components from stack 'f', expected the width (8)}}
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @the_last_part_of_a_cached_stack_is_cached width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    // expected-error @below {{takes rows from stack 'f', which is not cached, expected the last part of a cached stack to be}}
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_before_the_last_are_not_cached width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    // expected-error @below {{takes rows from stack 'f', which is cached, expected that of the last part of a cached stack alone}}
    tenon.concat_input [@f, @e] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_of_a_whole_stack_are_not_cached width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{takes rows from stack 'f', which is cached, expected that of the last part of a cached stack alone}}
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_are_all_that_it_takes width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{belongs to a stack with attentions that take keys from others, expected parts alone}}
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}

// -----

tenon.model @places_in_the_whole_have_no_pad width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has positions that skip pad tokens, expected places in the whole}}
    tenon.concat_input [@e, @f] positions <kind = learned, length = 4, offset = 1, base = 1.0, dims = 0, interleaved = false, pad = 0>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @places_in_the_whole_begin_at_0 width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has positions that begin behind another stack's rows, expected places in the whole}}
    tenon.concat_input [@e, @f] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false, behind = @e>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @positions_are_enough_for_all_parts width 8 {
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 5, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @c layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has positions for 8 rows, fewer than its parts may have together}}
    tenon.concat_input [@a, @b] positions <kind = learned, length = 8, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @parts_of_limited_positions_have_limits width 8 {
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @c layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has positions for 8 rows, but stack 'b' has no limit}}
    tenon.concat_input [@a, @b] positions <kind = learned, length = 8, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @recurrences_read_one_stack width 8 {
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @c layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.concat_input [@a, @b] positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{goes through the rows of one stack in their order, but stands in a stack that joins 2 others}}
    tenon.ssru_layer "s" relu
  }
}
