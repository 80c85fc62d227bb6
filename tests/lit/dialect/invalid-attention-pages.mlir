// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_with_starts_are_packed(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{rows have rank 3, expected 2 with starts}}
  %0 = tenon.attention %q cache(%c) starts(%s) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @cache_is_one_layer(%q: tensor<?x?x8xf32>, %c: tensor<?x?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has rank 3, expected 2}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_hold_16_tokens(%q: tensor<?x?x8xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has pages of 64 floats, expected 128 for 16 tokens of 1 heads of 4}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @past_is_a_vector(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<i32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{past has rank 0, expected 1}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<i32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_are_a_table(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?xi32>) {
  // expected-error @below {{pages has rank 1, expected 2}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @numbers_of_keys_are_a_vector(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>, %k: tensor<?x1xi32>) {
  // expected-error @below {{lengths of a segment has rank 2, expected 1}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) lengths(%k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x1xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_have_no_starts(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{a segment has starts, which only rows with lengths have}}
  %0 = tenon.attention %q cache(%c) lengths(%n) past(%p) to pages(%t) starts(%n) lengths(%n) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @own_pages_hold_past_rows(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has no past rows, but keys of the query's own sequences in pages}}
  %0 = tenon.attention %q cache(%c) lengths(%n) to pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @past_rows_are_in_pages(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>) {
  // expected-error @below {{has past rows, but keys of the query's own sequences that are not in pages}}
  %0 = tenon.attention %q lengths(%n) past(%p) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_are_of_a_cache(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{has no cache, but a segment in pages}}
  %0 = tenon.attention %q lengths(%n) to pages(%t) lengths(%n) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @a_cache_is_read(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{has a cache, but no segment in its pages}}
  %0 = tenon.attention %q cache(%c) lengths(%n) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}
