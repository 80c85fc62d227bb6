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

// -----

func.func @pad_is_looked_for_in_tokens(%s: tensor<?xi32>) {
  // expected-error @below {{has one of tokens and pad, expected both or neither}}
  %0 = tenon.row_positions %s {pad = 1 : i64} : (tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @pad_is_of_what_was_read_as_a_whole(%s: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?xi32>) {
  // expected-error @below {{has past and pad; how many of the tokens before were pad is not known}}
  %0 = tenon.row_positions %s past(%p) tokens(%t) {pad = 1 : i64} : (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @one_token_for_each_position(%s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{tokens are 'tensor<?x?xi32>', expected one for each of the positions 'tensor<?xi32>'}}
  %0 = tenon.row_positions %s tokens(%t) {pad = 1 : i64} : (tensor<?xi32>, tensor<?x?xi32>) -> tensor<?xi32>
  return
}
