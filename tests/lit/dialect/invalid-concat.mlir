// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @concat_has_inputs() {
  // expected-error @below {{has no inputs, expected at least one}}
  %0 = tenon.concat : () -> tensor<?x2xf32>
  return
}

// -----

func.func @result_has_static_columns(%x: tensor<?x2xf32>) {
  // expected-error @below {{result}}
  %0 = tenon.concat %x : (tensor<?x2xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @inputs_have_the_results_rows(%x: tensor<?x2xf32>, %y: tensor<5x2xf32>) {
  // expected-error @below {{input}}
  %0 = tenon.concat %x, %y : (tensor<?x2xf32>, tensor<5x2xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @columns_add_up(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>) {
  // expected-error @below {{inputs have 5 columns in all, the result 6}}
  %0 = tenon.concat %x, %y : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x6xf32>
  return
}
