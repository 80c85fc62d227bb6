// RUN: tenon-opt %s --split-input-file --verify-diagnostics

func.func @targets_differ(%x: tensor<?x8xf32>) {
  // expected-error @below {{has two schedules for target 'x86-64-v3'}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
       schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>, #tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    tenon.yield %a : tensor<?x8xf32>
  }
  return
}

// -----

func.func @elements_are_f32_or_i32(%x: tensor<?x8xf32>, %y: tensor<?xf64>) {
  // expected-error @below {{operand #1 must be variadic of ranked tensor of 32-bit float or 32-bit signless integer values, but got 'tensor<?xf64>'}}
  %0 = tenon.kernel "k" (%x, %y) : (tensor<?x8xf32>, tensor<?xf64>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<?xf64>):
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_takes_the_inputs(%x: tensor<?x8xf32>) {
  // expected-error @below {{body takes 'tensor<?x4xf32>' where it is given 'tensor<?x8xf32>'}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x4xf32> {
  ^bb0(%a: tensor<?x4xf32>):
    tenon.yield %a : tensor<?x4xf32>
  }
  return
}

// -----

func.func @body_computes(%x: tensor<?xi32>) {
  %0 = tenon.kernel "k" (%x) : (tensor<?xi32>) -> tensor<?xi32> {
  ^bb0(%a: tensor<?xi32>):
    // expected-error @below {{'tenon.row_starts' op is not an operation that a kernel computes}}
    %1 = tenon.row_starts %a tile 4 : tensor<?xi32> -> tensor<?xi32>
    tenon.yield %1 : tensor<?xi32>
  }
  return
}

// -----

func.func @body_yields_the_types_of_the_results(%x: tensor<?x8xf32>) {
  // expected-error @below {{yields 'tensor<?x8xf32>', expected 'tensor<?x4xf32>'}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x4xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    tenon.yield %a : tensor<?x8xf32>
  }
  return
}

// -----

func.func @body_ends_with_yield(%x: tensor<?x8xf32>) {
  // expected-error @below {{body does not end with tenon.yield}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    llvm.unreachable
  }
  return
}

// -----

func.func @body_sees_its_arguments_only(%x: tensor<?x8xf32>) {
  // expected-note @below {{required by region isolation constraints}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    // expected-error @below {{using value defined outside the region}}
    %1 = tenon.add %x, %x : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return
}

// -----

func.func @row_tile_is_positive(%x: tensor<?x8xf32>) {
  // expected-error @below {{row_tile (0) is not positive}}
  %0 = tenon.kernel "k" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> row_tile 0 {
  ^bb0(%a: tensor<?x8xf32>):
    tenon.yield %a : tensor<?x8xf32>
  }
  return
}
