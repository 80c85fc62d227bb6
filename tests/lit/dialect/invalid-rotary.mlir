// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @columns_are_static(%x: tensor<?x?xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{input is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 4 : i64} : (tensor<?x?xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x?xf32>
  return
}

// -----

func.func @head_size_divides_the_columns(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{input has 8 columns, which is not a multiple of head_size (3)}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 3 : i64, dims = 2 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @head_size_is_positive(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{input has 8 columns, which is not a multiple of head_size (0)}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 0 : i64, dims = 2 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @dims_is_even(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{dims (3) is not an even number between 2 and head_size (4)}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 3 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @dims_is_positive(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{dims (0) is not an even number between 2 and head_size (4)}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 0 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @dims_is_at_most_head_size(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{dims (6) is not an even number between 2 and head_size (4)}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 6 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @positions_are_one_per_row(%x: tensor<?x8xf32>, %p: tensor<?x?xi32>, %c: tensor<9x2xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{positions are 'tensor<?x?xi32>', expected one per row of 'tensor<?x8xf32>'}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 4 : i64} : (tensor<?x8xf32>, tensor<?x?xi32>, tensor<9x2xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @cosine_has_a_column_per_pair(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x4xf32>, %s: tensor<9x2xf32>) {
  // expected-error @below {{table is 'tensor<9x4xf32>', expected positions x 2}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 4 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x4xf32>, tensor<9x2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @sine_has_rank_2(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<2xf32>) {
  // expected-error @below {{table is 'tensor<2xf32>', expected positions x 2}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 4 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<2xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @tables_have_one_type(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x2xf32>, %s: tensor<8x2xf32>) {
  // expected-error @below {{tables differ: 'tensor<9x2xf32>' and 'tensor<8x2xf32>'}}
  %0 = tenon.rotary %x, %p, %c, %s {head_size = 4 : i64, dims = 4 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x2xf32>, tensor<8x2xf32>) -> tensor<?x8xf32>
  return
}
