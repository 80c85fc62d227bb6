// RUN: tenon-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{norm epsilon (-1.000000e+00) is negative}}
module @norm_epsilon_is_not_negative attributes {test.a = #tenon.norm<function = layernorm, place = after, epsilon = -1.0, bias = true, final = false>} {}

// -----

// expected-error @below {{a stack's norm is layernorm or rmsnorm, not l2}}
module @norm_of_a_stack_is_not_l2 attributes {test.a = #tenon.norm<function = l2, place = after, epsilon = 1.0, bias = false, final = false>} {}

// -----

// expected-error @below {{rmsnorm has no bias}}
module @rmsnorm_has_no_bias attributes {test.a = #tenon.norm<function = rmsnorm, place = after, epsilon = 1.0, bias = true, final = false>} {}

// -----

// expected-error @below {{a final norm follows only sublayers whose norm stands before them}}
module @final_norm_goes_with_before attributes {test.a = #tenon.norm<function = rmsnorm, place = after, epsilon = 1.0, bias = false, final = true>} {}

// -----

// expected-error @below {{positions have a negative length (-1), offset (0) or dims (0)}}
module @positions_length_is_not_negative attributes {test.a = #tenon.positions<kind = none, length = -1, offset = 0, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{positions have a negative length (4), offset (-2) or dims (0)}}
module @positions_offset_is_not_negative attributes {test.a = #tenon.positions<kind = learned, length = 4, offset = -2, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{positions have a negative length (4), offset (0) or dims (-2)}}
module @positions_dims_is_not_negative attributes {test.a = #tenon.positions<kind = rotary, length = 4, offset = 0, base = 1.0, dims = -2, interleaved = false>} {}

// -----

// expected-error @below {{learned positions need a length}}
module @positions_have_a_length attributes {test.a = #tenon.positions<kind = learned, length = 0, offset = 0, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{sinusoidal positions have no offset, only learned ones do}}
module @only_learned_positions_have_an_offset attributes {test.a = #tenon.positions<kind = sinusoidal, length = 4, offset = 2, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{learned positions have dims 2, expected an even number with rotary ones and 0 with others}}
module @only_rotary_positions_have_dims attributes {test.a = #tenon.positions<kind = learned, length = 4, offset = 0, base = 1.0, dims = 2, interleaved = false>} {}

// -----

// expected-error @below {{rotary positions have dims 3, expected an even number}}
module @rotary_dims_are_even attributes {test.a = #tenon.positions<kind = rotary, length = 4, offset = 0, base = 1.0, dims = 3, interleaved = false>} {}

// -----

// expected-error @below {{the base of positions (0.000000e+00) is not positive}}
module @positions_base_is_positive attributes {test.a = #tenon.positions<kind = rotary, length = 4, offset = 0, base = 0.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{a schedule names its target}}
module @schedule_names_its_target attributes {test.a = #tenon.schedule<"", [<nests = [<rowwise {}>]>]>} {}

// -----

// expected-error @below {{expected integer value}}
module @schedule_parameters_are_integers attributes {test.a = #tenon.nest<linear {rows = "8"}>} {}

// -----

// expected-error @below {{'rows' stands there twice}}
module @schedule_parameters_stand_once attributes {test.a = #tenon.nest<linear {rows = 8, rows = 4}>} {}

// -----

// expected-error @below {{at_most of a schedule's case is empty; one for all sizes has none}}
module @schedule_case_compares_something attributes {test.a = #tenon.schedule_case<at_most = {}, nests = [<rowwise {}>]>} {}

// -----

// expected-error @below {{head norm epsilon (-1.000000e+00) is negative}}
module @head_norm_epsilon_is_not_negative attributes {test.a = #tenon.head_norm<function = rmsnorm, epsilon = -1.0, bias = false, whole = false>} {}

// -----

// expected-error @below {{a head norm is layernorm or rmsnorm, not l2}}
module @head_norm_is_not_l2 attributes {test.a = #tenon.head_norm<function = l2, epsilon = 1.0, bias = false, whole = false>} {}

// -----

// expected-error @below {{an rmsnorm of heads has no bias}}
module @head_rmsnorm_has_no_bias attributes {test.a = #tenon.head_norm<function = rmsnorm, epsilon = 1.0, bias = true, whole = false>} {}

// -----

// expected-error @below {{rotary positions need a length, not 0}}
module @rotary_has_a_length attributes {test.a = #tenon.rotary<length = 0, dims = 2, base = 1.0, interleaved = false>} {}

// -----

// expected-error @below {{rotary positions turn dims 3, expected an even number that is not negative}}
module @rotary_turns_pairs attributes {test.a = #tenon.rotary<length = 4, dims = 3, base = 1.0, interleaved = false>} {}

// -----

// expected-error @below {{rotary positions turn dims -2, expected an even number that is not negative}}
module @rotary_dims_are_not_negative attributes {test.a = #tenon.rotary<length = 4, dims = -2, base = 1.0, interleaved = false>} {}

// -----

// expected-error @below {{the base of rotary positions (0.000000e+00) is not positive}}
module @rotary_base_is_positive attributes {test.a = #tenon.rotary<length = 4, dims = 2, base = 0.0, interleaved = false>} {}

// -----

// expected-error @below {{rotary positions have 3 frequencies, expected one for each of 2 pairs}}
module @rotary_has_a_frequency_for_each_pair attributes {test.a = #tenon.rotary<length = 4, dims = 4, base = 1.0, interleaved = false, frequencies = [1.0, 2.0, 3.0]>} {}

// -----

// expected-error @below {{rotary positions have no even_spacing, only sinusoidal ones do}}
module @even_spacing_goes_with_sinusoids attributes {test.a = #tenon.positions<kind = rotary, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false, even_spacing = true>} {}

// -----

// expected-error @below {{a convolution has channels (0) and stride (1), which are not both positive}}
module @convolution_channels_are_positive attributes {test.a = #tenon.convolution<channels = 0, kernel = 3, stride = 1, bias = true>} {}

// -----

// expected-error @below {{a convolution's kernel (2) is not odd and positive}}
module @convolution_kernel_is_odd attributes {test.a = #tenon.convolution<channels = 4, kernel = 2, stride = 1, bias = true>} {}

// -----

// expected-error @below {{a relative bias has 6 buckets, expected a positive multiple of 4}}
module @relative_bias_has_halves attributes {test.a = #tenon.relative_bias<buckets = 6, distance = 20, bidirectional = true>} {}

// -----

// expected-error @below {{a relative bias reaches distance 2, expected more than the 2 that have a bucket each}}
module @relative_bias_reaches_far attributes {test.a = #tenon.relative_bias<buckets = 8, distance = 2, bidirectional = true>} {}

// -----

// expected-error @below {{positions have pad 1 and offset 0, expected a token's id and at least one row before that of position 0}}
module @pad_has_a_row attributes {test.a = #tenon.positions<kind = learned, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false, pad = 1 : i64>} {}

// -----

// expected-error @below {{positions begin behind the rows of stack 'e' and skip pad tokens, expected one of them}}
module @positions_behind_a_stack_skip_nothing attributes {test.a = #tenon.positions<kind = learned, length = 4, offset = 1, base = 1.0, dims = 0, interleaved = false, pad = 1 : i64, behind = @e>} {}

// -----

// expected-error @below {{the length of rotary positions (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.rotary<length = 2147483648, dims = 4, base = 1.0e4, interleaved = false>} {}

// -----

// expected-error @below {{the dims of rotary positions (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.rotary<length = 4, dims = 2147483648, base = 1.0e4, interleaved = false>} {}

// -----

// expected-error @below {{the length of positions (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.positions<kind = learned, length = 2147483648, offset = 0, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{the offset of positions (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.positions<kind = learned, length = 4, offset = 2147483648, base = 1.0, dims = 0, interleaved = false>} {}

// -----

// expected-error @below {{the dims of positions (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.positions<kind = rotary, length = 4, offset = 0, base = 1.0, dims = 2147483648, interleaved = false>} {}

// -----

// expected-error @below {{the channels of a convolution (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.convolution<channels = 2147483648, kernel = 3, stride = 1, bias = true>} {}

// -----

// expected-error @below {{the kernel of a convolution (2147483649) is more than 2147483647}}
module attributes {test.example = #tenon.convolution<channels = 8, kernel = 2147483649, stride = 1, bias = true>} {}

// -----

// expected-error @below {{the stride of a convolution (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.convolution<channels = 8, kernel = 3, stride = 2147483648, bias = true>} {}

// -----

// expected-error @below {{the buckets of a relative bias (2147483648) is more than 2147483647}}
module attributes {test.example = #tenon.relative_bias<buckets = 2147483648, distance = 4294967296, bidirectional = true>} {}

// -----

// expected-error @below {{the distance of a relative bias (65537) is more than 65536}}
module attributes {test.example = #tenon.relative_bias<buckets = 32, distance = 65537, bidirectional = true>} {}
