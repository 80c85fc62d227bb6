// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @repeat
func.func @repeat(%x: tensor<?x8xf32>, %y: tensor<?xf32>) {
  // CHECK: tenon.repeat 6 inits({{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}) : tensor<?x8xf32>, tensor<?xf32> {
  %0:2 = tenon.repeat 6 inits(%x, %y) : tensor<?x8xf32>, tensor<?xf32> {
  ^bb0(%layer: index, %h: tensor<?x8xf32>, %i: tensor<?xf32>):
    // CHECK: tenon.yield {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?x8xf32>, tensor<?xf32>
    tenon.yield %h, %i : tensor<?x8xf32>, tensor<?xf32>
  }
  // CHECK: tenon.repeat 1 {
  tenon.repeat 1 {
  ^bb0(%layer: index):
    // CHECK: tenon.yield
    tenon.yield
  }
  return
}
// CHECK-LABEL: func.func @kernel
func.func @kernel(%x: tensor<?x8xf32>) {
  // CHECK: tenon.kernel "twice"({{%[a-z0-9#]+}}) : (tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) schedules [#tenon.schedule<"x86-64-v4", [<at_most = {rows = 8, sequences = 2}, nests = [<rowwise {tiles = 1}>, <linear {columns = 48, rows = 8}>]>, <nests = [<rowwise {}>, <linear {rows = 4}>]>]>, #tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>] {
  %0:2 = tenon.kernel "twice" (%x) : (tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>)
         schedules [#tenon.schedule<"x86-64-v4", [<at_most = {rows = 8, sequences = 2}, nests = [<rowwise {tiles = 1}>, <linear {columns = 48, rows = 8}>]>, <nests = [<rowwise {}>, <linear {rows = 4}>]>]>, #tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    // CHECK: tenon.add {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?x8xf32>
    %1 = tenon.add %a, %a : tensor<?x8xf32>
    // CHECK: tenon.yield {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?x8xf32>, tensor<?x8xf32>
    tenon.yield %1, %a : tensor<?x8xf32>, tensor<?x8xf32>
  }
  // CHECK: tenon.kernel ""({{%[a-z0-9#]+}}) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  %2 = tenon.kernel "" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    // CHECK: tenon.yield {{%[a-z0-9#]+}} : tensor<?x8xf32>
    tenon.yield %a : tensor<?x8xf32>
  }
  return
}
// CHECK-LABEL: func.func @single_rows
func.func @single_rows(%x: tensor<?x8xf32>) {
  // CHECK: tenon.kernel "one"({{%[a-z0-9#]+}}) : (tensor<?x8xf32>) -> tensor<?x8xf32> row_tile 1 schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>] {
  %0 = tenon.kernel "one" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> row_tile 1 schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x8xf32>):
    tenon.yield %a : tensor<?x8xf32>
  }
  return
}
