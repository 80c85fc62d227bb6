// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @add_has_one_type(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>) {
  // expected-error @below {{'tenon.add' op requires the same type for all operands and results}}
  %0 = "tenon.add"(%x, %y) : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @multiply_has_one_type(%x: tensor<?x2xf32>, %y: tensor<?x3xf32>) {
  // expected-error @below {{'tenon.multiply' op requires the same type for all operands and results}}
  %0 = "tenon.multiply"(%x, %y) : (tensor<?x2xf32>, tensor<?x3xf32>) -> tensor<?x2xf32>
  return
}

// -----

func.func @scale_has_one_type(%x: tensor<?x2xf32>) {
  // expected-error @below {{'tenon.scale' op requires the same type for all operands and results}}
  %0 = "tenon.scale"(%x) {factor = 2.0 : f64} : (tensor<?x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @activation_has_one_type(%x: tensor<?x2xf32>) {
  // expected-error @below {{'tenon.activation' op requires the same type for all operands and results}}
  %0 = "tenon.activation"(%x) {function = #tenon<activation_function relu>} : (tensor<?x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @add_is_of_floats(%x: tensor<?xi32>) {
  // expected-error @below {{op operand #0 must be ranked tensor of 32-bit float values, but got 'tensor<?xi32>'}}
  %0 = tenon.add %x, %x : tensor<?xi32>
  return
}

// -----

func.func @softcap_has_one_type(%x: tensor<?x2xf32>) {
  // expected-error @below {{'tenon.softcap' op requires the same type for all operands and results}}
  %0 = "tenon.softcap"(%x) {cap = 2.0 : f64} : (tensor<?x2xf32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @cap_is_positive(%x: tensor<?x2xf32>) {
  // expected-error @below {{cap (0.000000e+00) is not positive}}
  %0 = tenon.softcap %x, 0.0 : tensor<?x2xf32>
  return
}

// -----

func.func @cap_is_a_number(%x: tensor<?x2xf32>) {
  // expected-error @below {{is not positive}}
  %0 = tenon.softcap %x, 0x7FF8000000000000 : tensor<?x2xf32>
  return
}
