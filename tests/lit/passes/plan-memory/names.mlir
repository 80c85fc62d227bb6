// RUN: tenon-opt %s --tenon-plan-memory --split-input-file | FileCheck %s

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}
func.func private @last(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// The plan lists slots with their buffers: what they are of, their sizes, and the kernel that uses each last.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: tenon.memory = [
// CHECK-SAME: [{of = "first", sizes = ["rows"], type = memref<?x8xf32>, until = "k"},
// CHECK-SAME: {of = "third", sizes = ["rows"], type = memref<?x8xf32>, until = "last"}],
// CHECK-SAME: [{of = "second", type = memref<?x8xf32>, until = "k"}]]
func.func @chain(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) {tenon.of = "first", tenon.sizes = ["rows"]} : memref<?x8xf32>
  %b = memref.alloc(%n) {tenon.of = "second"} : memref<?x8xf32>
  %c = memref.alloc(%n) {tenon.of = "third", tenon.sizes = ["rows"]} : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %2 = func.call @k(%b, %c) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %3 = func.call @last(%c, %y) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  return
}

// -----

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// What the driver itself reads last has no such kernel.
// CHECK-LABEL: func.func @read_by_the_driver
// CHECK-SAME: tenon.memory = {{\[\[}}{of = "k", type = memref<?x8xf32>}]]
func.func @read_by_the_driver(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) {tenon.of = "k"} : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  memref.copy %a, %y : memref<?x8xf32> to memref<?x8xf32>
  return
}
