// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @a_cache_has_pages(%f: tensor<?x?x4xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has a cache without past and pages}}
  %0 = tenon.scan %f, %f from %c lengths(%n) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @pages_have_a_cache(%f: tensor<?x?x4xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has no cache, but past and pages}}
  %0 = tenon.scan %f, %f lengths(%n) past(%p) pages(%t) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @rows_without_starts_are_padded(%f: tensor<?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.scan %f, %f lengths(%n) : (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return
}
