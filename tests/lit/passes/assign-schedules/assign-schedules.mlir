// RUN: tenon-opt %s --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3" | FileCheck %s
// RUN: tenon-opt %s --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3" -o %t.once
// RUN: tenon-opt %t.once --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3" | diff %t.once -
// RUN: tenon-opt %s --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3+cores=8" | FileCheck %s --check-prefix=CORES
// RUN: tenon-opt %t.once --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3+l2=2M" -o %t.known
// RUN: tenon-opt %t.known --tenon-assign-schedules="targets=x86-64-v4,x86-64-v3" | diff %t.once -
// RUN: not tenon-opt %s --tenon-assign-schedules="targets=x86-64-v3+l2=0" 2>&1 | FileCheck %s --check-prefix=FIGURE
// RUN: not tenon-opt %s --tenon-assign-schedules="targets=x86-64-v5" 2>&1 | FileCheck %s --check-prefix=TARGET

// What is known of a CPU stands in the module, and choices go by it.
// CORES: module attributes {tenon.targets = ["x86-64-v3+cores=8"]}
// CORES: tenon.kernel "linear_activation_0"
// CORES-SAME: <"x86-64-v4", {{.*}}least_tasks = 32{{.*}}<"x86-64-v3", {{.*}}least_tasks = 128
// FIGURE: error: target 'x86-64-v3+l2=0': expected l2=NUMBER, bytes as 512K or 2M from 1 to 1024M, found 'l2=0'
// TARGET: error: target 'x86-64-v5' is not known; known: x86-64-v3, x86-64-v4

// Equal bodies share a name; a schedule that is given stays, and what it leaves out has its default.
// CHECK: tenon.kernel "linear_activation_0"
// CHECK-SAME: schedules [#tenon.schedule<"x86-64-v4", [<nests = [<linear {{.*}}rows = 8{{.*}}>]>]>, #tenon.schedule<"x86-64-v3", [<nests = [<linear {{.*}}rows = 4
// CHECK: tenon.kernel "linear_activation_0"
// CHECK: tenon.kernel "add_1"
// CHECK-SAME: #tenon.schedule<"x86-64-v3", [<at_most = {rows = 64}, nests = [<rowwise {tiles = 4}>]>, <nests = [<rowwise {tiles = 1}>]>]>
func.func @kernels(%x: tensor<?x8xf32>, %w: tensor<1x8x48xf32>) -> tensor<?x48xf32> {
  %0 = tenon.kernel "" (%x, %w) : (tensor<?x8xf32>, tensor<1x8x48xf32>) -> tensor<?x48xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<1x8x48xf32>):
    %3 = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<1x8x48xf32>) -> tensor<?x48xf32>
    %4 = tenon.activation relu %3 : tensor<?x48xf32>
    tenon.yield %4 : tensor<?x48xf32>
  }
  %1 = tenon.kernel "" (%x, %w) : (tensor<?x8xf32>, tensor<1x8x48xf32>) -> tensor<?x48xf32> {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<1x8x48xf32>):
    %3 = tenon.linear %a, %b : (tensor<?x8xf32>, tensor<1x8x48xf32>) -> tensor<?x48xf32>
    %4 = tenon.activation relu %3 : tensor<?x48xf32>
    tenon.yield %4 : tensor<?x48xf32>
  }
  %2 = tenon.kernel "" (%0, %1) : (tensor<?x48xf32>, tensor<?x48xf32>) -> tensor<?x48xf32> schedules [#tenon.schedule<"x86-64-v3", [<at_most = {rows = 64}, nests = [<rowwise {tiles = 4}>]>, <nests = [<rowwise {}>]>]>] {
  ^bb0(%a: tensor<?x48xf32>, %b: tensor<?x48xf32>):
    %3 = tenon.add %a, %b : tensor<?x48xf32>
    tenon.yield %3 : tensor<?x48xf32>
  }
  return %2 : tensor<?x48xf32>
}
