// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @input_and_result_are_packed_together(%x: tensor<?x8xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{has starts of only one of its input and its result}}
  %0 = tenon.unfold %x starts(%s) lengths(%n) {window = 3 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x24xf32>
  return
}

// -----

func.func @window_is_odd(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{window (2) is not odd and positive}}
  %0 = tenon.unfold %x lengths(%n) {window = 2 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x?x16xf32>
  return
}

// -----

func.func @stride_is_positive(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{stride (0) is not positive}}
  %0 = tenon.unfold %x lengths(%n) {window = 1 : i64, stride = 0 : i64} : (tensor<?x?x8xf32>, tensor<?xi32>) -> tensor<?x?x8xf32>
  return
}

// -----

func.func @result_has_the_windows_columns(%x: tensor<?x9x8xf32>, %n: tensor<?xi32>) {
  // expected-error @below {{result is 'tensor<?x9x24xf32>', expected 'tensor<?x5x24xf32>'}}
  %0 = tenon.unfold %x lengths(%n) {window = 3 : i64, stride = 2 : i64} : (tensor<?x9x8xf32>, tensor<?xi32>) -> tensor<?x9x24xf32>
  return
}
