// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @rows_without_starts_are_padded(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @rows_with_starts_are_packed(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>, %s: tensor<?xi32>) {
  // expected-error @below {{rows have rank 3, expected 2 with starts}}
  %0 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @starts_are_a_vector(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %v: tensor<?x4xf32>, %n: tensor<?xi32>, %s: tensor<?x1xi32>) {
  // expected-error @below {{starts has rank 2, expected 1}}
  %0 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?x1xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @lengths_are_a_vector(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<i32>) {
  // expected-error @below {{lengths has rank 0, expected 1}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<i32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @heads_are_positive(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{heads (0), key_value_heads (1) and head_size (4) are not all positive}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 0 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @key_value_heads_are_positive(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{heads (2), key_value_heads (-1) and head_size (4) are not all positive}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = -1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @head_size_is_positive(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{heads (2), key_value_heads (1) and head_size (0) are not all positive}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 0 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @heads_is_a_multiple_of_key_value_heads(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{heads (3) is not a multiple of key_value_heads (2)}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 3 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @query_has_the_columns_of_its_heads(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{query has 8 columns, expected heads x head_size = 12}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 3 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @key_has_the_querys_rows(%q: tensor<?x?x8xf32>, %k: tensor<2x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{key is 'tensor<2x?x4xf32>', whose rows differ from those of 'tensor<?x?x8xf32>'}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<2x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @value_has_the_querys_rows(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x2x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{value is 'tensor<?x2x4xf32>', whose rows differ from those of 'tensor<?x?x4xf32>'}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x2x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @key_has_the_columns_of_its_heads(%q: tensor<?x?x8xf32>, %k: tensor<?x?x8xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{key has 8 columns, expected key_value_heads x head_size = 4}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @value_has_the_columns_of_its_heads(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{value has 8 columns, expected key_value_heads x head_size = 4}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @result_has_the_querys_type(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %v: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{result is 'tensor<?x?x4xf32>', expected the query's type 'tensor<?x?x8xf32>'}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return
}

// -----

func.func @score_is_a_number(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{score 'q < k' at byte 0: a score is a number, but this is a condition}}
  %0 = tenon.attention %q lengths(%n) to rows(%q, %q) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, score = "q < k"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @mask_reads_tables_that_are_there(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{mask 'table0(q, k) > 0.0' reads table0, but there are 0 tables}}
  %0 = tenon.attention %q lengths(%n) to rows(%q, %q) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, mask = "table0(q, k) > 0.0"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @tables_are_matrices_of_static_size(%q: tensor<?x?x8xf32>, %n: tensor<?xi32>, %t: tensor<?x4xf32>) {
  // expected-error @below {{table is 'tensor<?x4xf32>', expected a matrix of static size}}
  %0 = tenon.attention %q lengths(%n) to rows(%q, %q) tables(%t) {heads = 2 : i64, key_value_heads = 2 : i64, head_size = 4 : i64, scale = 0.5 : f64, score = "s + table0(h, q - k)"} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x8xf32>, tensor<?x?x8xf32>, tensor<?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @other_rows_are_packed_as_the_query_is(%q: tensor<?x8xf32>, %k: tensor<?x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{rows have rank 2, expected 3 without starts}}
  %0 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %k) lengths(%n) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @starts_of_query_and_keys(%q: tensor<?x8xf32>, %k: tensor<?x?x4xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{has starts of only one of its query and its keys}}
  %0 = tenon.attention %q starts(%s) lengths(%n) to rows(%k, %k) lengths(%n) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  return
}

// -----

func.func @other_values_have_the_rows_of_their_keys(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %v: tensor<?x2x4xf32>) {
  // expected-error @below {{value is 'tensor<?x2x4xf32>', whose rows differ from those of 'tensor<?x?x4xf32>'}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v) lengths(%n) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x2x4xf32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @offsets_are_a_vector(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %o: tensor<i32>) {
  // expected-error @below {{offset has rank 0, expected 1}}
  %0 = tenon.attention %q lengths(%n) offset(%o) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @offsets_of_keys_are_a_vector(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>, %o: tensor<i32>) {
  // expected-error @below {{offset of a segment has rank 0, expected 1}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %k) offset(%o) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<i32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @segments_are_at_most_nine(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{has 10 segments, expected 1 to 9}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k), rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @query_segment_is_not_negative(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{query_segment (-1) is negative}}
  %0 = tenon.attention %q lengths(%n) to rows(%k, %k) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64, query_segment = -1 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @operands_are_those_of_the_segments(%q: tensor<?x?x8xf32>, %k: tensor<?x?x4xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{has 2 operands of segments, expected 3}}
  %0 = "tenon.attention"(%q, %n, %k, %k) <{operandSegmentSizes = array<i32: 1, 0, 0, 1, 0, 0, 2, 0>, segments = [#tenon.segment<place = rows, lengths = true>], heads = 2 : i64, key_value_heads = 1 : i64, head_size = 4 : i64, scale = 0.5 : f64}> : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x8xf32>
  return
}
