// RUN: tenon-opt %s --split-input-file --verify-diagnostics

tenon.model @features_are_positive width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{features (0) is not positive}}
    tenon.feature_input features 0 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @rows_are_as_wide_as_the_stack width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{gives rows of 4 components, expected the width (8)}}
    tenon.feature_input features 4 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @convolutions_end_in_the_width width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{gives rows of 6 components, expected the width (8)}}
    tenon.feature_input features 8 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false> {convolutions = [#tenon.convolution<channels = 6, kernel = 3, stride = 1, bias = true>]}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @cached_stacks_read_tokens width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> attributes {cached} {
    // expected-error @below {{belongs to a cached stack, which reads tokens}}
    tenon.feature_input features 8 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @convolutions_are_bounded width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{has 17 convolutions, where 16 are the most}}
    tenon.feature_input features 8 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
      {convolutions = [#tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>, #tenon.convolution<channels = 8, kernel = 3, stride = 1, bias = true>]}
    tenon.mlp_layer "m" hidden 4 relu
  }
}

// -----

tenon.model @convolutions_are_tensors width 8 {
  tenon.stack @e layers 1 norm <function = layernorm, place = after, epsilon = 1.0e-5, bias = true, final = false> {
    // expected-error @below {{channels x kernel x channels before (8 x 2147483647 x 8) has more than the 2147483647 elements that a tensor can have}}
    tenon.feature_input features 8 positions <kind = none, length = 4, offset = 0, base = 1.0, dims = 0, interleaved = false>
      {convolutions = [#tenon.convolution<channels = 8, kernel = 2147483647, stride = 1, bias = true>]}
    tenon.mlp_layer "m" hidden 4 relu
  }
}
