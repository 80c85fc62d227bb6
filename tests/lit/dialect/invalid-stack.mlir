// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @layers_is_positive width 8 {
  // expected-error @below {{layers (-1) is not positive}}
  tenon.stack @e layers -1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @stack_begins_with_its_input width 8 {
  // expected-error @below {{does not begin with its input}}
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @stack_is_not_empty width 8 {
  // expected-error @below {{does not begin with its input}}
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
  }
}

// -----

tenon.model @stack_holds_sublayers width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{is not a sublayer}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
  }
}

// -----

tenon.model @sublayer_names_differ width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
    // expected-error @below {{has the name 'm' of another sublayer of its block}}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @stack_has_a_sublayer width 8 {
  // expected-error @below {{has no sublayer}}
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
  }
}

// -----

tenon.model @rotary_positions_turn_pairs width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = rotary, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has head_size 3, of which rotary positions turn 3, expected an even number of at most head_size}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 3 scale 0.5
  }
}

// -----

tenon.model @rotary_positions_turn_no_more_than_a_head width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = rotary, length = 4, offset = 0, base = 1.0, dims = 6, interleaved = false>
    // expected-error @below {{has head_size 4, of which rotary positions turn 6, expected an even number of at most head_size}}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5
  }
}

// -----

// expected-error @below {{'tenon.stack' op expects parent op 'tenon.model'}}
tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
  tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
  tenon.mlp_layer "m" hidden 4 relu
}

// -----

tenon.model @cached_stack_has_masks width 8 {
  // expected-error @below {{is cached, but has an attention whose mask may let a query see later keys}}
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5
  }
}

// -----

tenon.model @cached_stack_counts_every_token width 8 {
  // expected-error @below {{has positions that skip pad tokens, but is cached}}
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = learned, length = 4, offset = 2, base = 1.0, dims = 0, interleaved = false, pad = 1 : i64>
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
  }
}

// -----

tenon.model @pad_is_a_token width 4 {
  // expected-error @below {{has positions that skip pad tokens, but reads features}}
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.feature_input features 4 positions <kind = learned, length = 16, offset = 2, base = 1.0e4, dims = 0, interleaved = false, pad = 1 : i64>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @cached_stack_sees_no_later_keys width 8 {
  // expected-error @below {{is cached, but has an attention whose mask may let a query see later keys}}
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q + 1"}
  }
}

// -----

tenon.model @every_block_of_a_cached_stack_sees_no_later_keys width 8 {
  // expected-error @below {{is cached, but has an attention whose mask may let a query see later keys}}
  tenon.stack @e layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
    }
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k - q < 3"}
    }
  }
}

// -----

tenon.model @own_rotary_positions_turn_no_more_than_a_head width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    // expected-error @below {{has head_size 4, of which rotary positions turn 6, expected an even number of at most head_size}}
    tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {rotary = #tenon.rotary<length = 4, dims = 6, base = 1.0e4, interleaved = false>}
  }
}

// -----

tenon.model @stack_width_is_positive width 8 {
  // expected-error @below {{width (-3) is not positive}}
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {width = -3 : i64} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @stacks_take_states_without_a_circle width 8 {
  // expected-error @below {{takes states from others in a circle: 'a', 'b', 'c'}}
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@b>]}
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@c>]}
  }
  tenon.stack @c layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@a>], joint}
  }
}

// -----

tenon.model @a_circle_through_parts width 8 {
  tenon.stack @x layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{takes states from others in a circle: 'a', 'b'}}
  tenon.stack @a layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@b>]}
  }
  tenon.stack @b layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.concat_input [@a, @x] positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @joint_keys_of_a_cached_stack_are_not_later width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{is cached, but has an attention whose mask may let a query see later keys}}
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>], joint}
  }
}

// -----

tenon.model @positions_begin_behind_a_source width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @f layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has positions behind the rows of stack 'f', which no attention takes keys from}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false, behind = @f>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}

// -----

tenon.model @zeros_stand_at_position_0 width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has zeros at position 0, but positions begin behind the rows of stack 'e'}}
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false, behind = @e> {zero_first}
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}

// -----

tenon.model @layers_are_bounded width 8 {
  // expected-error @below {{layers (4294967296) is more than 9999}}
  tenon.stack @e layers 4294967296 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @tables_are_tensors width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{tokens.weight (2147483647 x 8) has more than the 2147483647 elements that a tensor can have}}
    tenon.token_input vocab 2147483647 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @sublayers_are_bounded width 8 {
  // expected-error @below {{has 65 sublayers, where 64 are the most}}
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m0" hidden 4 relu
    tenon.mlp_layer "m1" hidden 4 relu
    tenon.mlp_layer "m2" hidden 4 relu
    tenon.mlp_layer "m3" hidden 4 relu
    tenon.mlp_layer "m4" hidden 4 relu
    tenon.mlp_layer "m5" hidden 4 relu
    tenon.mlp_layer "m6" hidden 4 relu
    tenon.mlp_layer "m7" hidden 4 relu
    tenon.mlp_layer "m8" hidden 4 relu
    tenon.mlp_layer "m9" hidden 4 relu
    tenon.mlp_layer "m10" hidden 4 relu
    tenon.mlp_layer "m11" hidden 4 relu
    tenon.mlp_layer "m12" hidden 4 relu
    tenon.mlp_layer "m13" hidden 4 relu
    tenon.mlp_layer "m14" hidden 4 relu
    tenon.mlp_layer "m15" hidden 4 relu
    tenon.mlp_layer "m16" hidden 4 relu
    tenon.mlp_layer "m17" hidden 4 relu
    tenon.mlp_layer "m18" hidden 4 relu
    tenon.mlp_layer "m19" hidden 4 relu
    tenon.mlp_layer "m20" hidden 4 relu
    tenon.mlp_layer "m21" hidden 4 relu
    tenon.mlp_layer "m22" hidden 4 relu
    tenon.mlp_layer "m23" hidden 4 relu
    tenon.mlp_layer "m24" hidden 4 relu
    tenon.mlp_layer "m25" hidden 4 relu
    tenon.mlp_layer "m26" hidden 4 relu
    tenon.mlp_layer "m27" hidden 4 relu
    tenon.mlp_layer "m28" hidden 4 relu
    tenon.mlp_layer "m29" hidden 4 relu
    tenon.mlp_layer "m30" hidden 4 relu
    tenon.mlp_layer "m31" hidden 4 relu
    tenon.mlp_layer "m32" hidden 4 relu
    tenon.mlp_layer "m33" hidden 4 relu
    tenon.mlp_layer "m34" hidden 4 relu
    tenon.mlp_layer "m35" hidden 4 relu
    tenon.mlp_layer "m36" hidden 4 relu
    tenon.mlp_layer "m37" hidden 4 relu
    tenon.mlp_layer "m38" hidden 4 relu
    tenon.mlp_layer "m39" hidden 4 relu
    tenon.mlp_layer "m40" hidden 4 relu
    tenon.mlp_layer "m41" hidden 4 relu
    tenon.mlp_layer "m42" hidden 4 relu
    tenon.mlp_layer "m43" hidden 4 relu
    tenon.mlp_layer "m44" hidden 4 relu
    tenon.mlp_layer "m45" hidden 4 relu
    tenon.mlp_layer "m46" hidden 4 relu
    tenon.mlp_layer "m47" hidden 4 relu
    tenon.mlp_layer "m48" hidden 4 relu
    tenon.mlp_layer "m49" hidden 4 relu
    tenon.mlp_layer "m50" hidden 4 relu
    tenon.mlp_layer "m51" hidden 4 relu
    tenon.mlp_layer "m52" hidden 4 relu
    tenon.mlp_layer "m53" hidden 4 relu
    tenon.mlp_layer "m54" hidden 4 relu
    tenon.mlp_layer "m55" hidden 4 relu
    tenon.mlp_layer "m56" hidden 4 relu
    tenon.mlp_layer "m57" hidden 4 relu
    tenon.mlp_layer "m58" hidden 4 relu
    tenon.mlp_layer "m59" hidden 4 relu
    tenon.mlp_layer "m60" hidden 4 relu
    tenon.mlp_layer "m61" hidden 4 relu
    tenon.mlp_layer "m62" hidden 4 relu
    tenon.mlp_layer "m63" hidden 4 relu
    tenon.mlp_layer "m64" hidden 4 relu
  }
}

// -----

tenon.model @a_prefix_is_read_by_a_stack_that_goes_on width 8 {
  // expected-error @below {{has a prefix, but is not cached}}
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {prefix = "e"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
}

// -----

tenon.model @a_prefix_has_a_name_of_its_own width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{has the prefix 'e', which is a stack, expected a name of its own}}
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached, prefix = "e"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
}

// -----

tenon.model @a_stack_with_a_prefix_takes_no_keys width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{has a prefix, but takes keys from stack 'e' too}}
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached, prefix = "p"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {sources = [#tenon.source<@e>]}
  }
}

// -----

tenon.model @rows_behind_a_prefix_are_not_joined width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
  // expected-error @below {{has a prefix, but its rows are joined with those of other stacks}}
  tenon.stack @d layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached, prefix = "p"} {
    tenon.token_input vocab 9 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q"}
  }
  tenon.stack @both layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    tenon.concat_input [@e, @d] positions <kind = none, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {mask = "segment < 1 || k <= q"}
  }
}
