// RUN: tenon-opt %s --tenon-assign-schedules=targets=x86-64-v3 | FileCheck %s

// An attribute that no operation of the dialect declares stays, and changes nothing about the kernel.
// CHECK-LABEL: func.func @attributes_of_others_do_not_describe
func.func @attributes_of_others_do_not_describe(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: tenon.kernel "activation_0"
  %0 = tenon.kernel "a" (%x) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    %1 = tenon.activation relu %a : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  // CHECK: tenon.kernel "activation_0"
  %2 = tenon.kernel "b" (%0) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%a: tensor<?x8xf32>):
    // CHECK: tenon.activation relu {{.*}} {test.note = [1, 2]}
    %1 = tenon.activation relu %a {test.note = [1, 2]} : tensor<?x8xf32>
    tenon.yield %1 : tensor<?x8xf32>
  }
  return %2 : tensor<?x8xf32>
}
