// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @layer_lacks_the_first_dimension(%c: tensor<6x?x128xf32>, %l: index) {
  // expected-error @below {{relates 'tensor<6x?x128xf32>' to 'tensor<?x64xf32>', which is not one layer of it}}
  %0 = tenon.cache_layer %c[%l] : tensor<6x?x128xf32> -> tensor<?x64xf32>
  return
}

// -----

func.func @cache_has_layers(%c: tensor<?x128xf32>, %l: index) {
  // expected-error @below {{relates 'tensor<?x128xf32>' to 'tensor<128xf32>', which is not one layer of it}}
  %0 = tenon.cache_layer %c[%l] : tensor<?x128xf32> -> tensor<128xf32>
  return
}
