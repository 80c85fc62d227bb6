// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @table_has_rank_2_or_3(%i: tensor<?xi32>, %t: tensor<4xf32>) {
  // expected-error @below {{table has rank 1, expected 2, or 3 in panels}}
  %0 = tenon.embed %i, %t : (tensor<?xi32>, tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @table_columns_are_static(%i: tensor<?xi32>, %t: tensor<4x?xf32>) {
  // expected-error @below {{table is 'tensor<4x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.embed %i, %t : (tensor<?xi32>, tensor<4x?xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @offset_is_not_negative(%i: tensor<?xi32>, %t: tensor<4x2xf32>) {
  // expected-error @below {{offset (-1) is negative}}
  %0 = tenon.embed %i, %t {offset = -1 : i64} : (tensor<?xi32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @result_has_the_tables_columns(%i: tensor<?xi32>, %t: tensor<4x2xf32>) {
  // expected-error @below {{result is 'tensor<?x3xf32>', expected 'tensor<?x2xf32>'}}
  %0 = tenon.embed %i, %t : (tensor<?xi32>, tensor<4x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @result_has_a_row_per_id(%i: tensor<?x?xi32>, %t: tensor<4x2xf32>) {
  // expected-error @below {{result is 'tensor<?x2xf32>', expected 'tensor<?x?x2xf32>'}}
  %0 = tenon.embed %i, %t : (tensor<?x?xi32>, tensor<4x2xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @result_has_the_columns_of_panels(%i: tensor<?xi32>, %t: tensor<2x4x16xf32>) {
  // expected-error @below {{result is 'tensor<?x16xf32>', expected 'tensor<?x4xf32>'}}
  %0 = tenon.embed %i, %t : (tensor<?xi32>, tensor<2x4x16xf32>) -> tensor<?x16xf32>
  return
}

// -----

func.func @there_is_one_position_for_each_id(%i: tensor<?xi32>, %p: tensor<?x?xi32>, %t: tensor<9x8xf32>) {
  // expected-error @below {{positions are 'tensor<?x?xi32>', expected one for each of 'tensor<?xi32>'}}
  %0 = tenon.embed %i, %t positions(%p) : (tensor<?xi32>, tensor<9x8xf32>, tensor<?x?xi32>) -> tensor<?x8xf32>
  return
}
