// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @input_columns_are_static(%x: tensor<?x?xf32>) {
  // expected-error @below {{input is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0 = tenon.split %x : tensor<?x?xf32> to tensor<?x2xf32>
  return
}

// -----

func.func @part_columns_are_static(%x: tensor<?x4xf32>) {
  // expected-error @below {{result is 'tensor<?x?xf32>', expected rows of a static number of columns}}
  %0:2 = tenon.split %x : tensor<?x4xf32> to tensor<?x2xf32>, tensor<?x?xf32>
  return
}

// -----

func.func @parts_have_the_inputs_rows(%x: tensor<?x4xf32>) {
  // expected-error @below {{result is 'tensor<5x2xf32>', whose rows differ from those of 'tensor<?x4xf32>'}}
  %0:2 = tenon.split %x : tensor<?x4xf32> to tensor<?x2xf32>, tensor<5x2xf32>
  return
}

// -----

func.func @parts_add_up(%x: tensor<?x4xf32>) {
  // expected-error @below {{results have 3 columns in all, the input 4}}
  %0:2 = tenon.split %x : tensor<?x4xf32> to tensor<?x2xf32>, tensor<?x1xf32>
  return
}
