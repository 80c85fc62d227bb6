// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @ids_are_a_padded_batch(%i: tensor<?xi32>) {
  // expected-error @below {{ids are 'tensor<?xi32>', expected a padded batch}}
  %0 = tenon.position_ids %i : tensor<?xi32>
  return
}
