// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @weight_shape_is_static() {
  // expected-error @below {{has type 'tensor<?x4xf32>', expected a static shape}}
  %0 = tenon.weight ["a"] : tensor<?x4xf32>
  return
}

// -----

func.func @weight_names_a_parameter() {
  // expected-error @below {{names no parameter}}
  %0 = tenon.weight [] : tensor<4xf32>
  return
}

// -----

func.func @weight_with_a_layer_index_counts_layers(%l: index) {
  // expected-error @below {{has 0 layers but a layer index}}
  %0 = tenon.weight ["a.*"][%l] of 0 : tensor<4xf32>
  return
}

// -----

func.func @weight_layers_are_not_negative(%l: index) {
  // expected-error @below {{has -1 layers but a layer index}}
  %0 = tenon.weight ["a.*"][%l] of -1 : tensor<4xf32>
  return
}

// -----

func.func @weight_with_layers_has_a_layer_index() {
  // expected-error @below {{has 2 layers but no layer index}}
  %0 = "tenon.weight"() {parameters = ["a.*"], layers = 2 : i64} : () -> tensor<4xf32>
  return
}

// -----

func.func @weight_of_a_layer_has_a_star(%l: index) {
  // expected-error @below {{parameter "a" has no '*' for the layer}}
  %0 = tenon.weight ["a"][%l] of 2 : tensor<4xf32>
  return
}

// -----

func.func @weight_of_no_layer_has_no_star() {
  // expected-error @below {{parameter "a.*" has a '*' for the layer}}
  %0 = tenon.weight ["a.*"] : tensor<4xf32>
  return
}

// -----

func.func @concatenation_has_part_rows() {
  // expected-error @below {{concatenates 2 parameters without part_rows}}
  %0 = tenon.weight ["a", "b"] : tensor<4xf32>
  return
}

// -----

func.func @part_rows_are_one_per_parameter() {
  // expected-error @below {{has 1 part_rows for 2 parameters}}
  %0 = tenon.weight ["a", "b"] {part_rows = array<i64: 4>} : tensor<4xf32>
  return
}

// -----

func.func @part_rows_are_positive() {
  // expected-error @below {{has a part of -1 rows, expected a positive number}}
  %0 = tenon.weight ["a", "b"] {part_rows = array<i64: 5, -1>} : tensor<4xf32>
  return
}

// -----

func.func @part_rows_add_up() {
  // expected-error @below {{has part_rows of 5 rows in all, but type 'tensor<4xf32>'}}
  %0 = tenon.weight ["a", "b"] {part_rows = array<i64: 2, 3>} : tensor<4xf32>
  return
}

// -----

func.func @part_rows_are_of_a_tensor_with_rows() {
  // expected-error @below {{has part_rows of 1 rows in all, but type 'tensor<f32>'}}
  %0 = tenon.weight ["a"] {part_rows = array<i64: 1>} : tensor<f32>
  return
}

// -----

func.func @panels_need_part_rows() {
  // expected-error @below {{in panels needs part_rows}}
  %0 = tenon.weight ["a"] {panel = 2 : i64} : tensor<2x4x2xf32>
  return
}

// -----

func.func @panel_is_positive() {
  // expected-error @below {{panel (-2) is not positive}}
  %0 = tenon.weight ["a"] {part_rows = array<i64: 4>, panel = -2 : i64} : tensor<2x4x2xf32>
  return
}

// -----

func.func @panels_have_rank_3() {
  // expected-error @below {{in panels has type 'tensor<4xf32>', expected panels x columns x rows of a panel}}
  %0 = tenon.weight ["a"] {part_rows = array<i64: 4>, panel = 2 : i64} : tensor<4xf32>
  return
}

// -----

func.func @panels_have_the_width_of_panel() {
  // expected-error @below {{of 4 rows in panels of 2 has type 'tensor<2x4x3xf32>'}}
  %0 = tenon.weight ["a"] {part_rows = array<i64: 4>, panel = 2 : i64} : tensor<2x4x3xf32>
  return
}

// -----

func.func @panels_are_as_many_as_the_rows_need() {
  // expected-error @below {{of 5 rows in panels of 2 has type 'tensor<2x4x2xf32>'}}
  %0 = tenon.weight ["a"] {part_rows = array<i64: 5>, panel = 2 : i64} : tensor<2x4x2xf32>
  return
}

// -----

func.func @rows_are_picked_of_one_plain_parameter() {
  // expected-error @below {{picks rows, expected one parameter with part_rows that is not in panels}}
  %0 = tenon.weight ["w"] {rows = array<i64: 0, 1>} : tensor<2x8xf32>
  return
}

// -----

func.func @there_are_as_many_rows_as_are_picked() {
  // expected-error @below {{picks 2 rows, but has type 'tensor<3x8xf32>'}}
  %0 = tenon.weight ["w"] {part_rows = array<i64: 4>, rows = array<i64: 0, 1>} : tensor<3x8xf32>
  return
}

// -----

func.func @picked_rows_are_the_parameters() {
  // expected-error @below {{picks row 4 of a parameter with 4 rows}}
  %0 = tenon.weight ["w"] {part_rows = array<i64: 4>, rows = array<i64: 0, 4>} : tensor<2x8xf32>
  return
}

// -----

func.func @layers_are_bounded(%layer: index) {
  // expected-error @below {{layers (4294967296) is more than 9999}}
  %w = tenon.weight ["e.layers.*.q.weight"][%layer] of 4294967296 : tensor<8x8xf32>
  return
}

// -----

func.func @elements_are_bounded() {
  // expected-error @below {{result (65536 x 65536) has more than the 2147483647 elements that a tensor can have}}
  %w = tenon.weight ["e.input.weight"] : tensor<65536x65536xf32>
  return
}
