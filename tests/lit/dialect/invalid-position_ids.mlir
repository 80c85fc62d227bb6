// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @like_is_a_padded_batch(%i: tensor<?xi32>) {
  // expected-error @below {{like is 'tensor<?xi32>', expected a padded batch}}
  %0 = tenon.position_ids %i : (tensor<?xi32>) -> tensor<?xi32>
  return
}

// -----

func.func @past_is_a_vector(%i: tensor<?x?xi32>, %p: tensor<?x1xi32>) {
  // expected-error @below {{past is 'tensor<?x1xi32>', expected a vector}}
  %0 = tenon.position_ids %i past(%p) : (tensor<?x?xi32>, tensor<?x1xi32>) -> tensor<?x?xi32>
  return
}

// -----

func.func @one_for_each_token(%x: tensor<?x?x8xf32>) {
  // expected-error @below {{result is 'tensor<?x3xi32>', expected one for each token of 'tensor<?x?x8xf32>'}}
  %0 = tenon.position_ids %x : (tensor<?x?x8xf32>) -> tensor<?x3xi32>
  return
}

// -----

func.func @pad_is_of_what_was_read_as_a_whole(%i: tensor<?x?xi32>, %p: tensor<?xi32>) {
  // expected-error @below {{has past and pad; how many of the tokens before were pad is not known}}
  %0 = tenon.position_ids %i past(%p) {pad = 1 : i64} : (tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?xi32>
  return
}

// -----

func.func @pad_is_a_token(%x: tensor<?x?x8xf32>) {
  // expected-error @below {{like is 'tensor<?x?x8xf32>', expected the ids of tokens that may be pad}}
  %0 = tenon.position_ids %x {pad = 1 : i64} : (tensor<?x?x8xf32>) -> tensor<?x?xi32>
  return
}
