// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @yield_ends_a_layer_or_a_kernel(%x: tensor<?x8xf32>) {
  // expected-error @below {{'tenon.yield' op expects parent op to be one of 'tenon.repeat, tenon.kernel'}}
  tenon.yield %x : tensor<?x8xf32>
}
