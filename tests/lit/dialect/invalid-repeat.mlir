// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @count_is_positive(%x: tensor<?x8xf32>) {
  // expected-error @below {{count (-1) is not positive}}
  %0 = tenon.repeat -1 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>):
    tenon.yield %h : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_takes_the_layer_and_the_inits(%x: tensor<?x8xf32>) {
  // expected-error @below {{body has 1 arguments, expected the layer and 1 values}}
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index):
    tenon.yield %x : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_takes_the_layer_first(%x: tensor<?x8xf32>) {
  // expected-error @below {{body has 2 arguments, expected the layer and 1 values}}
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%h: tensor<?x8xf32>, %layer: index):
    tenon.yield %h : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_takes_the_types_of_the_inits(%x: tensor<?x8xf32>) {
  // expected-error @below {{body takes 'tensor<?x4xf32>' where it is given 'tensor<?x8xf32>'}}
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x4xf32>):
    tenon.yield %x : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_yields_the_types_of_the_results(%x: tensor<?x8xf32>, %y: tensor<?x4xf32>) {
  // expected-error @below {{yields 'tensor<?x4xf32>', expected 'tensor<?x8xf32>'}}
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>):
    tenon.yield %y : tensor<?x4xf32>
  }
  return
}

// -----

func.func @body_ends_with_yield(%x: tensor<?x8xf32>) {
  // expected-error @below {{body does not end with tenon.yield}}
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>):
    llvm.unreachable
  }
  return
}

// -----

func.func @count_is_bounded(%x: tensor<?x8xf32>) {
  // expected-error @below {{count (4294967296) is more than 9999}}
  %0 = tenon.repeat 4294967296 inits(%x) : tensor<?x8xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>):
    tenon.yield %h : tensor<?x8xf32>
  }
  return
}
