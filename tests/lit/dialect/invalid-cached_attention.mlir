// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_without_starts_are_padded(%q: tensor<?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @rows_with_starts_are_packed(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{rows have rank 3, expected 2 with starts}}
  %0 = tenon.cached_attention %q, %c starts(%s) lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @heads_is_a_multiple_of_key_value_heads(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{heads (2) is not a multiple of key_value_heads (3)}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 3 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @query_has_the_columns_of_its_heads(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{query has 8 columns, expected heads x head_size = 12}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 3 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @cache_is_one_layer(%q: tensor<?x?x8xf32>, %c: tensor<?x?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has rank 3, expected 2}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @past_is_a_vector(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<i32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{past has rank 0, expected 1}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<i32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_are_a_table(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?xi32>) {
  // expected-error @below {{pages has rank 1, expected 2}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @pages_hold_16_tokens(%q: tensor<?x?x8xf32>, %c: tensor<?x64xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{cache has pages of 64 floats, expected 128 for 16 tokens of 1 heads of 4}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @mask_is_a_condition(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{mask 'q' at byte 0: a mask is a condition, but this is an integer}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64, mask = "q"} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @score_reads_no_table(%q: tensor<?x?x8xf32>, %c: tensor<?x128xf32>, %n: tensor<?xi32>, %p: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @below {{score 'table1(h, k)' reads table1, but there are 0 tables}}
  %0 = tenon.cached_attention %q, %c lengths(%n) past(%p) pages(%t) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64, score = "table1(h, k)"} : (tensor<?x?x8xf32>, tensor<?x128xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  return
}
