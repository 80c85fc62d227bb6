// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @columns_are_static(%x: tensor<?x?xf32>) {
  // expected-error @below {{input is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.norm layernorm %x epsilon 1.0e-5 : tensor<?x?xf32>
  return
}

// -----

func.func @epsilon_is_not_negative(%x: tensor<?x2xf32>) {
  // expected-error @below {{epsilon (-1.000000e+00) is negative}}
  %0 = tenon.norm layernorm %x epsilon -1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @l2_has_no_scale(%x: tensor<?x2xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{l2 has no scale}}
  %0 = tenon.norm l2 %x scale %s : tensor<2xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @l2_has_no_bias(%x: tensor<?x2xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{only layernorm with a scale has a bias}}
  %0 = tenon.norm l2 %x bias %s : tensor<2xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @rmsnorm_has_no_bias(%x: tensor<?x2xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{only layernorm with a scale has a bias}}
  %0 = tenon.norm rmsnorm %x scale %s : tensor<2xf32> bias %s : tensor<2xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @bias_comes_with_a_scale(%x: tensor<?x2xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{only layernorm with a scale has a bias}}
  %0 = tenon.norm layernorm %x bias %s : tensor<2xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @scale_has_the_columns(%x: tensor<?x2xf32>, %s: tensor<3xf32>) {
  // expected-error @below {{scale is 'tensor<3xf32>', expected 2 elements}}
  %0 = tenon.norm layernorm %x scale %s : tensor<3xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @bias_has_the_columns(%x: tensor<?x2xf32>, %s: tensor<2xf32>, %b: tensor<3xf32>) {
  // expected-error @below {{bias is 'tensor<3xf32>', expected 2 elements}}
  %0 = tenon.norm layernorm %x scale %s : tensor<2xf32> bias %b : tensor<3xf32> epsilon 1.0 : tensor<?x2xf32>
  return
}

// -----

func.func @groups_is_positive(%x: tensor<?x4xf32>) {
  // expected-error @below {{groups (0) is not positive}}
  %0 = tenon.norm rmsnorm %x epsilon 1.0 {groups = 0 : i64} : tensor<?x4xf32>
  return
}

// -----

func.func @groups_divide_the_columns(%x: tensor<?x4xf32>) {
  // expected-error @below {{input has 4 columns, which is not a multiple of groups (3)}}
  %0 = tenon.norm rmsnorm %x epsilon 1.0 {groups = 3 : i64} : tensor<?x4xf32>
  return
}

// -----

func.func @scale_has_the_columns_of_a_group(%x: tensor<?x4xf32>, %s: tensor<4xf32>) {
  // expected-error @below {{scale is 'tensor<4xf32>', expected 2 elements}}
  %0 = tenon.norm rmsnorm %x scale %s : tensor<4xf32> epsilon 1.0 {groups = 2 : i64} : tensor<?x4xf32>
  return
}

// -----

func.func @weight_offset_comes_with_a_scale(%x: tensor<?x4xf32>) {
  // expected-error @below {{has a weight_offset but no scale to add it to}}
  %0 = tenon.norm rmsnorm %x epsilon 1.0 {weight_offset = 1.0 : f64} : tensor<?x4xf32>
  return
}
