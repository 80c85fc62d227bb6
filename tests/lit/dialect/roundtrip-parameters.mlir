// RUN: tenon-opt %s | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --mlir-print-op-generic | tenon-opt | FileCheck %s
// RUN: tenon-opt %s --emit-bytecode | tenon-opt | FileCheck %s

// CHECK-LABEL: func.func @weights
func.func @weights(%layer: index) {
  // CHECK: tenon.weight ["embedding"] : tensor<7x4xf32>
  %0 = tenon.weight ["embedding"] : tensor<7x4xf32>
  // CHECK: tenon.weight ["l.*.q", "l.*.k"][{{%[a-z0-9#]+}}] of 3 {part_rows = array<i64: 4, 2>} : tensor<6x4xf32>
  %1 = tenon.weight ["l.*.q", "l.*.k"][%layer] of 3 {part_rows = array<i64: 4, 2>} : tensor<6x4xf32>
  // CHECK: tenon.weight ["l.*.up"][{{%[a-z0-9#]+}}] of 3 {panel = 4 : i64, part_rows = array<i64: 5>} : tensor<2x4x4xf32>
  %2 = tenon.weight ["l.*.up"][%layer] of 3 {part_rows = array<i64: 5>, panel = 4 : i64} : tensor<2x4x4xf32>
  return
}
// CHECK-LABEL: func.func @tables
func.func @tables() {
  // CHECK: tenon.position_table sinusoidal base 1.000000e+04 : tensor<9x6xf32>
  %0 = tenon.position_table sinusoidal base 1.0e4 : tensor<9x6xf32>
  // CHECK: tenon.position_table sinusoidal_interleaved base 1.000000e+04 : tensor<9x6xf32>
  %1 = tenon.position_table sinusoidal_interleaved base 1.0e4 : tensor<9x6xf32>
  // CHECK: tenon.position_table rotary_cosine base 5.000000e+05 : tensor<9x3xf32>
  %2 = tenon.position_table rotary_cosine base 5.0e5 : tensor<9x3xf32>
  // CHECK: tenon.position_table rotary_sine base 5.000000e+05 : tensor<9x3xf32>
  %3 = tenon.position_table rotary_sine base 5.0e5 : tensor<9x3xf32>
  return
}
// CHECK-LABEL: func.func @tables_of_frequencies
func.func @tables_of_frequencies() {
  // CHECK: tenon.position_table rotary_cosine base 1.000000e+04 {frequencies = array<f64: 1.000000e+00, 2.500000e-01>, magnitude = 1.500000e+00 : f64} : tensor<9x2xf32>
  %0 = tenon.position_table rotary_cosine base 1.000000e+04 {frequencies = array<f64: 1.000000e+00, 2.500000e-01>, magnitude = 1.500000e+00 : f64} : tensor<9x2xf32>
  return
}
// CHECK-LABEL: func.func @picked_rows
func.func @picked_rows() {
  // CHECK: tenon.weight ["w"] {part_rows = array<i64: 4>, rows = array<i64: 3, 3, 0>} : tensor<3x8xf32>
  %0 = tenon.weight ["w"] {part_rows = array<i64: 4>, rows = array<i64: 3, 3, 0>} : tensor<3x8xf32>
  // CHECK: tenon.position_table  sinusoidal_even base 1.000000e+04 : tensor<16x8xf32>
  %1 = tenon.position_table sinusoidal_even base 1.0e4 : tensor<16x8xf32>
  return
}
