// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @slice_is_one_layer(%s: tensor<6x?x128xf32>, %c: tensor<6x?x128xf32>, %l: index) {
  // expected-error @below {{relates 'tensor<6x?x128xf32>' to 'tensor<6x?x128xf32>', which is not one layer of it}}
  %0 = tenon.cache_update %s into %c[%l] : tensor<6x?x128xf32> into tensor<6x?x128xf32>
  return
}
