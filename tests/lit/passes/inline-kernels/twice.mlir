// RUN: tenon-opt %s --tenon-inline-kernels -o %t.once
// RUN: tenon-opt %t.once --tenon-inline-kernels | diff %t.once -
// RUN: tenon-opt %s --tenon-inline-kernels | tenon-interpret %s --compare - --dims 5

// Also kernels in loops, and ones with several results.
// RUN: FileCheck %s < %t.once
// CHECK-NOT: tenon.kernel
func.func @loop(%x: tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = tenon.repeat 2 inits(%x) : tensor<?x8xf32> {
  ^bb0(%l: index, %h: tensor<?x8xf32>):
    %1 = tenon.kernel "k"(%h) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %2 = tenon.activation silu %a : tensor<?x8xf32>
      %3 = tenon.add %a, %2 : tensor<?x8xf32>
      tenon.yield %3 : tensor<?x8xf32>
    }
    tenon.yield %1 : tensor<?x8xf32>
  }
  %4:2 = tenon.kernel "s"(%0) : (tensor<?x8xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%a: tensor<?x8xf32>):
    %2:2 = tenon.split %a : tensor<?x8xf32> to tensor<?x4xf32>, tensor<?x4xf32>
    tenon.yield %2#1, %2#0 : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return %4#0, %4#1 : tensor<?x4xf32>, tensor<?x4xf32>
}
