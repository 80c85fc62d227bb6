// RUN: tenon-opt %s --tenon-lower-to-host --split-input-file --verify-diagnostics

// expected-error @below {{takes argument 1 after a state, expected states last}}
func.func @states_are_the_last_arguments(%c: tensor<?x8xf32> {tenon.state}, %x: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32> {tenon.state}) {
  return %x, %c : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// expected-error @below {{returns result 1 after a state, expected states last}}
func.func @states_are_the_last_results(%x: tensor<?x8xf32>, %c: tensor<?x8xf32> {tenon.state}) -> (tensor<?x8xf32> {tenon.state}, tensor<?x8xf32>) {
  return %c, %x : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

// expected-error @below {{takes states of types 'tensor<?x8xf32>' but returns 'tensor<?x4xf32>'}}
func.func @states_keep_their_types(%x: tensor<?x4xf32>, %c: tensor<?x8xf32> {tenon.state}) -> (tensor<?x4xf32> {tenon.state}) {
  return %x : tensor<?x4xf32>
}

// -----

func.func @states_are_returned_updated(%x: tensor<?x8xf32>, %c: tensor<?x8xf32> {tenon.state}) -> (tensor<?x8xf32> {tenon.state}) {
  // expected-error @below {{returns as state 0 another tensor than that argument, updated in place}}
  return %x : tensor<?x8xf32>
}

// -----

func.func @caches_take_their_own_layers(%k: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<2x?x64xf32> {tenon.state, tenon.dims = ["pages"]}) -> (tensor<2x?x64xf32> {tenon.state}) {
  %0 = tenon.repeat 2 inits(%c) : tensor<2x?x64xf32> {
  ^bb0(%layer: index, %h: tensor<2x?x64xf32>):
    %other = affine.apply affine_map<(d0) -> (d0 + 1)>(%layer)
    %slice = tenon.cache_layer %h[%layer] : tensor<2x?x64xf32> -> tensor<?x64xf32>
    %new = tenon.kernel "append_0"(%slice, %k, %s, %n, %t) : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32> row_tile 1 {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x2xf32>, %d: tensor<?xi32>, %e: tensor<?xi32>, %f: tensor<?x?xi32>):
      %1 = tenon.cache_append %b, %b to %a starts(%d) lengths(%e) past(%e) pages(%f) {key_value_heads = 1 : i64, head_size = 2 : i64}
           : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      tenon.yield %1 : tensor<?x64xf32>
    }
    // expected-error @below {{puts a tensor into the cache that is not this layer of it, updated in place}}
    %next = tenon.cache_update %new into %h[%other] : tensor<?x64xf32> into tensor<2x?x64xf32>
    tenon.yield %next : tensor<2x?x64xf32>
  }
  return %0 : tensor<2x?x64xf32>
}

// -----

func.func @what_is_updated_is_read_no_more(%k: tensor<?x2xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<2x?x64xf32> {tenon.state, tenon.dims = ["pages"]}) -> (tensor<2x?x64xf32> {tenon.state}) {
  %0 = tenon.repeat 2 inits(%c) : tensor<2x?x64xf32> {
  ^bb0(%layer: index, %h: tensor<2x?x64xf32>):
    %slice = tenon.cache_layer %h[%layer] : tensor<2x?x64xf32> -> tensor<?x64xf32>
    // expected-error @below {{updates a tensor in place that 'tenon.kernel' reads afterwards}}
    %new = tenon.kernel "append_0"(%slice, %k, %s, %n, %t) : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32> row_tile 1 {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x2xf32>, %d: tensor<?xi32>, %e: tensor<?xi32>, %f: tensor<?x?xi32>):
      %1 = tenon.cache_append %b, %b to %a starts(%d) lengths(%e) past(%e) pages(%f) {key_value_heads = 1 : i64, head_size = 2 : i64}
           : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      tenon.yield %1 : tensor<?x64xf32>
    }
    %again = tenon.kernel "append_0"(%slice, %k, %s, %n, %t) : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32> row_tile 1 {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<?x2xf32>, %d: tensor<?xi32>, %e: tensor<?xi32>, %f: tensor<?x?xi32>):
      %1 = tenon.cache_append %b, %b to %a starts(%d) lengths(%e) past(%e) pages(%f) {key_value_heads = 1 : i64, head_size = 2 : i64}
           : (tensor<?x64xf32>, tensor<?x2xf32>, tensor<?x2xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x64xf32>
      tenon.yield %1 : tensor<?x64xf32>
    }
    %next = tenon.cache_update %new into %h[%layer] : tensor<?x64xf32> into tensor<2x?x64xf32>
    tenon.yield %next : tensor<2x?x64xf32>
  }
  return %0 : tensor<2x?x64xf32>
}
