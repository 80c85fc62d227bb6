// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_without_starts_are_padded(%x: tensor<?x2xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.pool mean %x lengths(%n) : (tensor<?x2xf32>, tensor<?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @rows_with_starts_are_packed(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 3, expected 2 with starts}}
  %0 = tenon.pool mean %x starts(%n) lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @starts_are_a_vector(%x: tensor<?x2xf32>, %s: tensor<?x?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{starts has rank 2, expected 1}}
  %0 = tenon.pool mean %x starts(%s) lengths(%n) : (tensor<?x2xf32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @lengths_are_a_vector(%x: tensor<?x?x2xf32>, %n: tensor<?x?xi32>) {
  // expected-error @below {{lengths has rank 2, expected 1}}
  %0 = tenon.pool mean %x lengths(%n) : (tensor<?x?x2xf32>, tensor<?x?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @result_has_the_inputs_columns(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{result is 'tensor<?x3xf32>', expected one row of 2 columns per sequence}}
  %0 = tenon.pool cls %x lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @result_has_rank_2(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{result is 'tensor<?x?x2xf32>', expected one row of 2 columns per sequence}}
  %0 = tenon.pool cls %x lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>) -> tensor<?x?x2xf32>
  return
}

// -----

func.func @result_has_a_row_per_sequence(%x: tensor<3x?x2xf32>, %n: tensor<3xi32>) {
  // expected-error @below {{result is 'tensor<4x2xf32>', expected one row of 2 columns per sequence}}
  %0 = tenon.pool cls %x lengths(%n) : (tensor<3x?x2xf32>, tensor<3xi32>) -> tensor<4x2xf32>
  return
}

// -----

func.func @skips_are_one_per_sequence(%x: tensor<?x?x2xf32>, %n: tensor<?xi32>, %s: tensor<3xi32>) {
  // expected-error @below {{skips are 'tensor<3xi32>', expected one per sequence, 'tensor<?xi32>'}}
  %0 = tenon.pool mean %x lengths(%n) skips(%s) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<3xi32>) -> tensor<?x2xf32>
  return
}
