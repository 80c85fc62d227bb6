// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @table_has_rank_2() {
  // expected-error @below {{has type 'tensor<4xf32>', expected positions x columns}}
  %0 = tenon.position_table sinusoidal base 1.0 : tensor<4xf32>
  return
}

// -----

func.func @table_is_static() {
  // expected-error @below {{has type 'tensor<?x4xf32>', expected positions x columns}}
  %0 = tenon.position_table sinusoidal base 1.0 : tensor<?x4xf32>
  return
}

// -----

func.func @base_is_positive() {
  // expected-error @below {{base (-1.000000e+00) is not positive}}
  %0 = tenon.position_table sinusoidal base -1.0 : tensor<4x4xf32>
  return
}

// -----

func.func @base_is_a_number() {
  // expected-error @below {{is not positive}}
  %0 = tenon.position_table sinusoidal base 0x7FF8000000000000 : tensor<4x4xf32>
  return
}

// -----

func.func @sinusoidal_columns_are_even() {
  // expected-error @below {{has 3 columns, expected an even number}}
  %0 = tenon.position_table sinusoidal base 1.0 : tensor<4x3xf32>
  return
}

// -----

func.func @interleaved_columns_are_even() {
  // expected-error @below {{has 5 columns, expected an even number}}
  %0 = tenon.position_table sinusoidal_interleaved base 1.0 : tensor<4x5xf32>
  return
}

// -----

func.func @every_column_has_a_frequency() {
  // expected-error @below {{has 3 frequencies for 2 columns}}
  %0 = tenon.position_table rotary_sine base 1.0 {frequencies = array<f64: 1.0, 2.0, 3.0>} : tensor<4x2xf32>
  return
}

// -----

func.func @sinusoidal_has_no_frequencies() {
  // expected-error @below {{is sinusoidal, only rotary tables have frequencies and a magnitude of their own}}
  %0 = tenon.position_table sinusoidal base 1.0 {frequencies = array<f64: 1.0, 2.0>} : tensor<4x2xf32>
  return
}

// -----

func.func @sinusoidal_has_no_magnitude() {
  // expected-error @below {{is sinusoidal, only rotary tables have frequencies and a magnitude of their own}}
  %0 = tenon.position_table sinusoidal_interleaved base 1.0 {magnitude = 2.0 : f64} : tensor<4x2xf32>
  return
}

// -----

func.func @elements_are_bounded() {
  // expected-error @below {{result (4294967296 x 4294967296) has more than the 2147483647 elements that a tensor can have}}
  %0 = tenon.position_table sinusoidal base 1.0e4 : tensor<4294967296x4294967296xf32>
  return
}
