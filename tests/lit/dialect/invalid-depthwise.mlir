// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_have_static_columns(%x: tensor<?x?x?xf32>, %w: tensor<3x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{input is 'tensor<?x?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x?xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x?x?xf32>
  return
}

// -----

func.func @rows_without_starts_are_padded(%x: tensor<?x4xf32>, %w: tensor<3x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x4xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @every_component_has_weights(%x: tensor<?x?x4xf32>, %w: tensor<3x5xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{weight is 'tensor<3x5xf32>', expected a static number of rows of 4 columns}}
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<3x5xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @so_many_rows_are_summed(%x: tensor<?x?x4xf32>, %w: tensor<257x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{weight has 257 rows, where 256 are the most}}
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<257x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @the_row_itself_has_a_weight(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{before (3) is not a number of rows below the weight's 3}}
  %0 = tenon.depthwise %x, %w lengths(%n) {before = 3 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @a_cache_has_pages(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{has a cache without past and pages}}
  %0 = tenon.depthwise %x, %w from %c lengths(%n) {before = 2 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @pages_have_a_cache(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has no cache, but past and pages}}
  %0 = tenon.depthwise %x, %w lengths(%n) past(%p) pages(%t) {before = 2 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @later_rows_are_not_there_yet(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has a cache, but rows depend on 1 later ones}}
  %0 = tenon.depthwise %x, %w from %c lengths(%n) past(%p) pages(%t) {before = 1 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @pages_hold_whole_rows(%x: tensor<?x?x4xf32>, %w: tensor<3x4xf32>, %c: tensor<?x60xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has pages of 60 floats, expected 64 for 16 rows of 4}}
  %0 = tenon.depthwise %x, %w from %c lengths(%n) past(%p) pages(%t) {before = 2 : i64} : (tensor<?x?x4xf32>, tensor<3x4xf32>, tensor<?x60xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x4xf32>
  return
}
