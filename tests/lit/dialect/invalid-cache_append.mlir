// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_without_starts_are_padded(%k: tensor<?x4xf32>, %v: tensor<?x4xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @key_value_heads_are_positive(%k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{heads (0), key_value_heads (0) and head_size (4) are not all positive}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 0 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @key_has_the_columns_of_its_heads(%k: tensor<?x?x8xf32>, %v: tensor<?x?x4xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{key has 8 columns, expected key_value_heads x head_size = 4}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x8xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @value_has_the_columns_of_its_heads(%k: tensor<?x?x4xf32>, %v: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{value has 8 columns, expected key_value_heads x head_size = 4}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @value_has_the_keys_rows(%k: tensor<?x?x4xf32>, %v: tensor<?x2x4xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{value is 'tensor<?x2x4xf32>', whose rows differ from those of 'tensor<?x?x4xf32>'}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x2x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @pages_hold_16_tokens(%k: tensor<?x?x8xf32>, %v: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has pages of 128 floats, expected 256 for 16 tokens of 2 heads of 4}}
  %0 = tenon.cache_append %k, %v to %c lengths(%n) past(%p) pages(%t) {key_value_heads = 2 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x128xf32>
  return
}

// -----

func.func @result_is_the_cache(%k: tensor<?x?x4xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{failed to verify that all of {cache, result} have same type}}
  %0 = tenon.cache_append %k, %k to %c lengths(%n) past(%n) pages(%t) {key_value_heads = 1 : i64, head_size = 4 : i64} : (tensor<?x128xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<4x128xf32>
  return
}
