// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @embed
func.func @embed(%ids: tensor<?x?xi32>, %table: tensor<9x4xf32>) {
  // CHECK: tenon.embed {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : (tensor<?x?xi32>, tensor<9x4xf32>) -> tensor<?x?x4xf32>
  %0 = tenon.embed %ids, %table : (tensor<?x?xi32>, tensor<9x4xf32>) -> tensor<?x?x4xf32>
  // CHECK: tenon.embed {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} {offset = 2 : i64} : (tensor<?x?xi32>, tensor<9x4xf32>) -> tensor<?x?x4xf32>
  %1 = tenon.embed %ids, %table {offset = 2 : i64} : (tensor<?x?xi32>, tensor<9x4xf32>) -> tensor<?x?x4xf32>
  return
}
// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x4xf32>, %w: tensor<6x4xf32>, %p: tensor<2x4x4xf32>, %b: tensor<6xf32>) {
  // CHECK: tenon.linear {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : (tensor<?x4xf32>, tensor<6x4xf32>) -> tensor<?x6xf32>
  %0 = tenon.linear %x, %w : (tensor<?x4xf32>, tensor<6x4xf32>) -> tensor<?x6xf32>
  // CHECK: tenon.linear {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %1 = tenon.linear %x, %w, %b : (tensor<?x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  // CHECK: tenon.linear {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : (tensor<?x4xf32>, tensor<2x4x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  %2 = tenon.linear %x, %p, %b : (tensor<?x4xf32>, tensor<2x4x4xf32>, tensor<6xf32>) -> tensor<?x6xf32>
  return
}
// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) {
  // CHECK: tenon.add {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %0 = tenon.add %x, %y : tensor<?x4xf32>
  // CHECK: tenon.multiply {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %1 = tenon.multiply %x, %y : tensor<?x4xf32>
  // CHECK: tenon.scale {{%[a-z0-9#]+}}, 2.500000e+00 : tensor<?x4xf32>
  %2 = tenon.scale %x, 2.5 : tensor<?x4xf32>
  // CHECK: tenon.activation gelu {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %3 = tenon.activation gelu %x : tensor<?x4xf32>
  // CHECK: tenon.activation gelu_tanh {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %4 = tenon.activation gelu_tanh %x : tensor<?x4xf32>
  // CHECK: tenon.activation relu {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %5 = tenon.activation relu %x : tensor<?x4xf32>
  // CHECK: tenon.activation silu {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %6 = tenon.activation silu %x : tensor<?x4xf32>
  // CHECK: tenon.activation tanh {{%[a-z0-9#]+}} : tensor<?x4xf32>
  %7 = tenon.activation tanh %x : tensor<?x4xf32>
  return
}
// CHECK-LABEL: func.func @norm
func.func @norm(%x: tensor<?x?x4xf32>, %s: tensor<4xf32>, %b: tensor<4xf32>) {
  // CHECK: tenon.norm layernorm {{%[a-z0-9#]+}} scale {{%[a-z0-9#]+}} : tensor<4xf32> bias {{%[a-z0-9#]+}} : tensor<4xf32> epsilon 9.9999999999999998E-13 : tensor<?x?x4xf32>
  %0 = tenon.norm layernorm %x scale %s : tensor<4xf32> bias %b : tensor<4xf32> epsilon 1.0e-12 : tensor<?x?x4xf32>
  // CHECK: tenon.norm layernorm {{%[a-z0-9#]+}} scale {{%[a-z0-9#]+}} : tensor<4xf32> epsilon 1.000000e-05 : tensor<?x?x4xf32>
  %1 = tenon.norm layernorm %x scale %s : tensor<4xf32> epsilon 1.0e-5 : tensor<?x?x4xf32>
  // CHECK: tenon.norm rmsnorm {{%[a-z0-9#]+}} scale {{%[a-z0-9#]+}} : tensor<4xf32> epsilon 9.9999999999999995E-7 : tensor<?x?x4xf32>
  %2 = tenon.norm rmsnorm %x scale %s : tensor<4xf32> epsilon 1.0e-6 : tensor<?x?x4xf32>
  // CHECK: tenon.norm l2 {{%[a-z0-9#]+}} epsilon 0.000000e+00 : tensor<?x?x4xf32>
  %3 = tenon.norm l2 %x epsilon 0.0 : tensor<?x?x4xf32>
  return
}
// CHECK-LABEL: func.func @rotary
func.func @rotary(%x: tensor<?x8xf32>, %p: tensor<?xi32>, %c: tensor<9x1xf32>) {
  // CHECK: tenon.rotary {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} {dims = 2 : i64, head_size = 4 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x8xf32>
  %0 = tenon.rotary %x, %p, %c, %c {head_size = 4 : i64, dims = 2 : i64} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x8xf32>
  // CHECK: tenon.rotary {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}}, {{%[a-z0-9#]+}} {dims = 2 : i64, head_size = 4 : i64, interleaved} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x8xf32>
  %1 = tenon.rotary %x, %p, %c, %c {head_size = 4 : i64, dims = 2 : i64, interleaved} : (tensor<?x8xf32>, tensor<?xi32>, tensor<9x1xf32>, tensor<9x1xf32>) -> tensor<?x8xf32>
  return
}
// CHECK-LABEL: func.func @split
func.func @split(%x: tensor<?x?x8xf32>) {
  // CHECK: tenon.split {{%[a-z0-9#]+}} : tensor<?x?x8xf32> to tensor<?x?x4xf32>, tensor<?x?x1xf32>, tensor<?x?x3xf32>
  %0:3 = tenon.split %x : tensor<?x?x8xf32> to tensor<?x?x4xf32>, tensor<?x?x1xf32>, tensor<?x?x3xf32>
  return
}
// CHECK-LABEL: func.func @embed_from_panels
func.func @embed_from_panels(%ids: tensor<?xi32>, %table: tensor<2x4x16xf32>) {
  // CHECK: tenon.embed {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} : (tensor<?xi32>, tensor<2x4x16xf32>) -> tensor<?x4xf32>
  %0 = tenon.embed %ids, %table : (tensor<?xi32>, tensor<2x4x16xf32>) -> tensor<?x4xf32>
  return
}
// CHECK-LABEL: func.func @more_elementwise
func.func @more_elementwise(%x: tensor<?x4xf32>) {
  // CHECK: tenon.activation relu_squared {{%[a-z0-9#_]+}} : tensor<?x4xf32>
  %0 = tenon.activation relu_squared %x : tensor<?x4xf32>
  // CHECK: tenon.activation quick_gelu {{%[a-z0-9#_]+}} : tensor<?x4xf32>
  %1 = tenon.activation quick_gelu %x : tensor<?x4xf32>
  // CHECK: tenon.softcap {{%[a-z0-9#_]+}}, 3.000000e+01 : tensor<?x4xf32>
  %2 = tenon.softcap %x, 3.000000e+01 : tensor<?x4xf32>
  return
}
// CHECK-LABEL: func.func @norm_of_groups
func.func @norm_of_groups(%x: tensor<?x4xf32>, %s: tensor<2xf32>) {
  // CHECK: tenon.norm rmsnorm {{%[a-z0-9#_]+}} scale {{%[a-z0-9#_]+}} : tensor<2xf32> epsilon 1.000000e+00 {groups = 2 : i64, weight_offset = 1.000000e+00 : f64} : tensor<?x4xf32>
  %0 = tenon.norm rmsnorm %x scale %s : tensor<2xf32> epsilon 1.000000e+00 {groups = 2 : i64, weight_offset = 1.000000e+00 : f64} : tensor<?x4xf32>
  return
}
// CHECK-LABEL: func.func @zero_first
func.func @zero_first(%i: tensor<?xi32>, %t: tensor<9x8xf32>) {
  // CHECK: tenon.embed {{%[a-z0-9#_]+}}, {{%[a-z0-9#_]+}} positions({{%[a-z0-9#_]+}}) : (tensor<?xi32>, tensor<9x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  %0 = tenon.embed %i, %t positions(%i) : (tensor<?xi32>, tensor<9x8xf32>, tensor<?xi32>) -> tensor<?x8xf32>
  // CHECK: tenon.activation  sigmoid {{%[a-z0-9#_]+}} : tensor<?x8xf32>
  %1 = tenon.activation sigmoid %0 : tensor<?x8xf32>
  return
}
