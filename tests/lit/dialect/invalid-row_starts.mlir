// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @lengths_are_a_vector(%n: tensor<?x?xi32>) {
  // expected-error @below {{lengths and starts are 'tensor<?x?xi32>' and 'tensor<?xi32>', expected vectors}}
  %0 = tenon.row_starts %n tile 4 : tensor<?x?xi32> -> tensor<?xi32>
  return
}

// -----

func.func @starts_are_a_vector(%n: tensor<?xi32>) {
  // expected-error @below {{lengths and starts are 'tensor<?xi32>' and 'tensor<i32>', expected vectors}}
  %0 = tenon.row_starts %n tile 4 : tensor<?xi32> -> tensor<i32>
  return
}

// -----

func.func @tile_is_positive(%n: tensor<?xi32>) {
  // expected-error @below {{tile (-4) is not positive}}
  %0 = tenon.row_starts %n tile -4 : tensor<?xi32> -> tensor<?xi32>
  return
}

// -----

func.func @starts_are_one_more_than_lengths(%n: tensor<3xi32>) {
  // expected-error @below {{has 3 starts for 3 sequences, expected one more}}
  %0 = tenon.row_starts %n tile 4 : tensor<3xi32> -> tensor<3xi32>
  return
}
