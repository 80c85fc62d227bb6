// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @stride_is_positive(%n: tensor<?xi32>) {
  // expected-error @below {{stride (0) is not positive}}
  %0 = tenon.strided_lengths %n stride 0 : tensor<?xi32>
  return
}
