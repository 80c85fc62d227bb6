// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @input_columns_are_static(%x: tensor<?x?xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{input is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.linear %x, %w : (tensor<?x?xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @input_has_rows(%x: tensor<2xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{input is 'tensor<2xf32>', expected rows of a static number of columns}}
  %0 = tenon.linear %x, %w : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @result_columns_are_static(%x: tensor<?x2xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{result is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @result_has_the_inputs_rows(%x: tensor<?x2xf32>, %w: tensor<3x2xf32>) {
  // expected-error @below {{result is 'tensor<5x3xf32>', whose rows differ from those of 'tensor<?x2xf32>'}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<5x3xf32>
  return
}

// -----

func.func @weight_reads_the_inputs_columns(%x: tensor<?x2xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{weight is 'tensor<3x4xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<3x4xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @weight_writes_the_results_columns(%x: tensor<?x2xf32>, %w: tensor<4x2xf32>) {
  // expected-error @below {{weight is 'tensor<4x2xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<4x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @weight_is_a_matrix_or_panels(%x: tensor<?x2xf32>, %w: tensor<6xf32>) {
  // expected-error @below {{weight is 'tensor<6xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<6xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @panels_cover_the_results_columns(%x: tensor<?x2xf32>, %w: tensor<1x2x2xf32>) {
  // expected-error @below {{weight is 'tensor<1x2x2xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<1x2x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @panels_are_not_empty(%x: tensor<?x2xf32>, %w: tensor<1x2x0xf32>) {
  // expected-error @below {{weight is 'tensor<1x2x0xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<1x2x0xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @panels_read_the_inputs_columns(%x: tensor<?x2xf32>, %w: tensor<2x3x2xf32>) {
  // expected-error @below {{weight is 'tensor<2x3x2xf32>', expected 3x2 or panels of it}}
  %0 = tenon.linear %x, %w : (tensor<?x2xf32>, tensor<2x3x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @bias_has_the_results_columns(%x: tensor<?x2xf32>, %w: tensor<3x2xf32>, %b: tensor<2xf32>) {
  // expected-error @below {{bias is 'tensor<2xf32>', expected 3 elements}}
  %0 = tenon.linear %x, %w, %b : (tensor<?x2xf32>, tensor<3x2xf32>, tensor<2xf32>) -> tensor<?x3xf32>
  return
}
