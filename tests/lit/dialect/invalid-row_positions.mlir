// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @starts_are_a_vector(%s: tensor<?x?xi32>) {
  // expected-error @below {{starts and result are 'tensor<?x?xi32>' and 'tensor<?xi32>', expected vectors}}
  %0 = tenon.row_positions %s : (tensor<?x?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @past_is_a_vector(%s: tensor<?xi32>, %p: tensor<?x1xi32>) {
  // expected-error @below {{past is 'tensor<?x1xi32>', expected a vector}}
  %0 = tenon.row_positions %s past(%p) : (tensor<?xi32>, tensor<?x1xi32>) -> tensor<?xi32>
  return
}
