// RUN: tenon-opt %s --tenon-plan-memory --split-input-file | FileCheck %s

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}
func.func private @last(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// The plan lists slots with their buffers: what they are of, their sizes, the kernel that uses each last, and during
// which calls it is needed.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: tenon.memory = [
// CHECK-SAME: [{of = "first", sizes = ["rows"], steps = array<i64: 0, 2>, type = memref<?x8xf32>, until = "k"},
// CHECK-SAME: {of = "third", sizes = ["rows"], steps = array<i64: 2, 4>, type = memref<?x8xf32>, until = "last"}],
// CHECK-SAME: [{of = "second", steps = array<i64: 1, 3>, type = memref<?x8xf32>, until = "k"}]]
// CHECK-SAME: tenon.memory_steps = ["k", "k", "k", "last"]
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
// CHECK-SAME: tenon.memory = {{\[\[}}{of = "k", steps = array<i64: 0, 1>, type = memref<?x8xf32>}]]
func.func @read_by_the_driver(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) {tenon.of = "k"} : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  memref.copy %a, %y : memref<?x8xf32> to memref<?x8xf32>
  return
}

// -----

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// What is handed on from one round of a loop to the next is needed during all of its calls.
// CHECK-LABEL: func.func @loop
// CHECK-SAME: {of = "carried", steps = array<i64: 0, 3>
// CHECK-SAME: {of = "within", steps = array<i64: 1, 3>
func.func @loop(%x: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) {tenon.of = "carried"} : memref<?x8xf32>
  %b = memref.alloc(%n) {tenon.of = "within"} : memref<?x8xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  scf.for %i = %zero to %n step %one {
    %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
    %2 = func.call @k(%b, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  }
  return
}
