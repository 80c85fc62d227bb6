// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @ids_are_a_padded_batch(%i: tensor<?xi32>) {
  // expected-error @below {{ids are 'tensor<?xi32>', expected a padded batch}}
  %0 = tenon.position_ids %i : tensor<?xi32>
  return
}

// -----

func.func @past_is_a_vector(%i: tensor<?x?xi32>, %p: tensor<?x1xi32>) {
  // expected-error @below {{past is 'tensor<?x1xi32>', expected a vector}}
  %0 = tenon.position_ids %i past(%p : tensor<?x1xi32>) : tensor<?x?xi32>
  return
}
