// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @starts_are_a_vector(%x: tensor<?x?x2xf32>, %s: tensor<?x?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{starts and lengths are 'tensor<?x?xi32>' and 'tensor<?xi32>', expected vectors}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @lengths_are_a_vector(%x: tensor<?x?x2xf32>, %s: tensor<?xi32>, %n: tensor<i32>) {
  // expected-error @below {{starts and lengths are 'tensor<?xi32>' and 'tensor<i32>', expected vectors}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<i32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @input_is_a_padded_batch(%x: tensor<?xi32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{relates 'tensor<?xi32>' to 'tensor<i32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<i32>
  return
}

// -----

func.func @result_loses_one_dimension(%x: tensor<?x?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{relates 'tensor<?x?x2xf32>' to 'tensor<?x?x2xf32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?x2xf32>
  return
}

// -----

func.func @result_keeps_the_columns(%x: tensor<?x?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{relates 'tensor<?x?x2xf32>' to 'tensor<?x3xf32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @result_keeps_the_elements(%x: tensor<?x?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) {
  // expected-error @below {{relates 'tensor<?x?x2xf32>' to 'tensor<?x2xi32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x2xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x2xi32>
  return
}
