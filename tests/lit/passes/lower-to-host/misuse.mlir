// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file --verify-diagnostics

// expected-error @below {{takes or returns 'i32', expected tensors of f32 or i32}}
func.func @arguments_are_tensors(%x: tensor<?x8xf32>, %n: i32) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}

// -----

// expected-error @below {{takes or returns 'tensor<?x8xf64>', expected tensors of f32 or i32}}
func.func @results_are_f32_or_i32(%x: tensor<?x8xf64>) -> tensor<?x8xf64> {
  return %x : tensor<?x8xf64>
}

// -----

// expected-error @below {{has 2 blocks, expected one: layers are tenon.repeat}}
func.func @function_is_one_block(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<?x8xf32>
}

// -----

func.func @padded_rows_are_only_returned(%x: tensor<?x8xf32>, %n: tensor<?xi32>, %like: tensor<?x?xi32>) -> tensor<?x?x8xf32> {
  %s = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
  // expected-error @below {{is read by 'tenon.kernel', expected only the function to return it}}
  %u = tenon.unpack_rows %x starts(%s) lengths(%n) like %like : (tensor<?x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x8xf32>
  %k = tenon.kernel "add_0"(%u) : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32> {
  ^bb0(%a: tensor<?x?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x?x8xf32>
    tenon.yield %1 : tensor<?x?x8xf32>
  }
  return %k : tensor<?x?x8xf32>
}

// -----

func.func @starts_are_known(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>, %s: tensor<?xi32>) -> tensor<?x?x8xf32> {
  // expected-error @below {{takes starts that are not of a tenon.row_starts}}
  %u = tenon.pack_rows %x starts(%s) lengths(%n) : (tensor<?x?x8xf32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?x8xf32>
  return %x : tensor<?x?x8xf32>
}

// -----

func.func @lengths_are_an_argument(%x: tensor<?x?xi32>, %n: tensor<?xi32>) -> tensor<?x?xi32> {
  %s = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
  // expected-error @below {{takes lengths that do not come from an argument of the function}}
  %t = tenon.row_starts %s tile 16 : tensor<?xi32> -> tensor<?xi32>
  return %x : tensor<?x?xi32>
}

// -----

func.func @starts_stand_outside_of_loops(%x: tensor<?x?x8xf32>, %n: tensor<?xi32>) -> tensor<?x?x8xf32> {
  %0 = tenon.repeat 2 inits(%x) : tensor<?x?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x?x8xf32>):
    // expected-error @below {{stands in a loop, expected it among the function's own operations}}
    %s = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>
    tenon.yield %h : tensor<?x?x8xf32>
  }
  return %0 : tensor<?x?x8xf32>
}

// -----

func.func @kernel_has_a_name(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{has no name, expected the one that tenon-assign-schedules gives}}
  %k = tenon.kernel ""(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %k : tensor<?x8xf32>
}

// -----

func.func @kernel_name_is_no_functions(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{has the name of a function, 'kernel_name_is_no_functions'}}
  %k = tenon.kernel "kernel_name_is_no_functions"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %k : tensor<?x8xf32>
}

// -----

func.func @kernels_of_one_name_are_the_same(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %k = tenon.kernel "k"(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  // expected-error @below {{differs from another kernel of its name, 'k'}}
  %l = tenon.kernel "k"(%k) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.multiply %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %l : tensor<?x8xf32>
}

// -----

// expected-error @below {{'parameters' is a name that host IR gives to what it carries along}}
func.func @parameters(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  return %x : tensor<?x8xf32>
}
