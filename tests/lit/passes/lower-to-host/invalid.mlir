// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file --verify-diagnostics

func.func @operation_outside_of_a_kernel(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{'tenon.add' op has no form in host IR}}
  %0 = tenon.add %x, %x : tensor<?x8xf32>
  return %x : tensor<?x8xf32>
}

// -----

func.func @result_size_is_an_arguments(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = tenon.add %x, %x : tensor<?x8xf32>
  // expected-error@+1 {{returns a tensor whose dimension 0 is not one of an argument}}
  return %0 : tensor<?x8xf32>
}
