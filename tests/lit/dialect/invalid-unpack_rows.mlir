// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @like_is_a_padded_batch(%x: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %l: tensor<?xi32>) {
  // expected-error @below {{like is 'tensor<?xi32>', expected a padded batch}}
  %0 = tenon.unpack_rows %x starts(%s) lengths(%n) like %l : (tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x?x2xf32>
  return
}

// -----

func.func @starts_are_a_vector(%x: tensor<?x2xf32>, %s: tensor<?x?xi32>, %n: tensor<?xi32>, %l: tensor<?x?xi32>) {
  // expected-error @below {{starts and lengths are 'tensor<?x?xi32>' and 'tensor<?xi32>', expected vectors}}
  %0 = tenon.unpack_rows %x starts(%s) lengths(%n) like %l : (tensor<?x2xf32>, tensor<?x?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x2xf32>
  return
}

// -----

func.func @result_gains_one_dimension(%x: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %l: tensor<?x?xi32>) {
  // expected-error @below {{relates 'tensor<?x2xf32>' to 'tensor<?x2xf32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.unpack_rows %x starts(%s) lengths(%n) like %l : (tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @result_keeps_the_columns(%x: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %l: tensor<?x?xi32>) {
  // expected-error @below {{relates 'tensor<?x?x3xf32>' to 'tensor<?x2xf32>', which are not a padded and a packed batch of one kind of row}}
  %0 = tenon.unpack_rows %x starts(%s) lengths(%n) like %l : (tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x3xf32>
  return
}

// -----

func.func @result_is_of_the_size_of_like(%x: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %l: tensor<?x?xi32>) {
  // expected-error @below {{result is 'tensor<?x7x2xf32>', expected the sequences and tokens of 'tensor<?x?xi32>'}}
  %0 = tenon.unpack_rows %x starts(%s) lengths(%n) like %l : (tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x7x2xf32>
  return
}
