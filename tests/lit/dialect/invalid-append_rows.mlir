// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @pages_hold_16_rows(%f: tensor<?x?x5xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has pages of 64 floats, expected 80 for 16 rows of 5}}
  %0 = tenon.append_rows %f to %c lengths(%n) past(%p) pages(%t) : (tensor<?x64xf32>, tensor<?x?x5xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
  return
}
