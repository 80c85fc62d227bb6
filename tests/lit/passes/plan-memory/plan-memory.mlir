// RUN: tenon-opt %s --tenon-plan-memory --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-plan-memory --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-plan-memory --split-input-file | diff %t.once -

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// The first and the third buffer are never needed at once: two slots hold the three.
// CHECK-LABEL: func.func @chain
// CHECK: %[[ARENA:.*]] = memref.alloc(%{{.*}}) {alignment = 64 : i64, tenon.arena} : memref<?xi8>
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%[[FIRST:.*]]][%{{.*}}]
// CHECK: %[[C:.*]] = memref.view %[[ARENA]][%[[FIRST]]][%{{.*}}]
// CHECK: %[[B:.*]] = memref.view %[[ARENA]][%[[SECOND:.*]]][%{{.*}}]
// CHECK-NOT: memref.alloc
// CHECK: call @k(%{{.*}}, %[[A]])
// CHECK: call @k(%[[A]], %[[B]])
// CHECK: call @k(%[[B]], %[[C]])
func.func @chain(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) : memref<?x8xf32>
  %b = memref.alloc(%n) : memref<?x8xf32>
  %c = memref.alloc(%n) : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %2 = func.call @k(%b, %c) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %3 = func.call @k(%c, %y) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  return
}

// -----

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// %state is read before it is written in each iteration, so it lives through the loop and shares with nothing in it; %a and
// %c begin with a write and share.
// CHECK-LABEL: func.func @loop
// CHECK: %[[ARENA:.+]] = memref.alloc(%{{.*}}) {alignment = 64 : i64, tenon.arena}
// CHECK-NEXT: %[[STATE:.+]] = memref.view %[[ARENA]][%[[S:[a-z0-9_]+]]][%{{.*}}]
// CHECK-NEXT: %[[A:.+]] = memref.view %[[ARENA]][%[[SHARED:[a-z0-9_]+]]][%{{.*}}]
// CHECK-NEXT: %[[C:.+]] = memref.view %[[ARENA]][%[[SHARED]]][%{{.*}}]
// CHECK-NEXT: %[[B:.+]] = memref.view %[[ARENA]][%[[OTHER:[a-z0-9_]+]]][%{{.*}}]
// CHECK: scf.for
// CHECK-NEXT: call @k(%[[STATE]], %[[A]])
// CHECK-NEXT: call @k(%[[A]], %[[B]])
// CHECK-NEXT: call @k(%[[B]], %[[C]])
// CHECK-NEXT: call @k(%[[C]], %[[STATE]])
func.func @loop(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %state = memref.alloc(%n) : memref<?x8xf32>
  %a = memref.alloc(%n) : memref<?x8xf32>
  %b = memref.alloc(%n) : memref<?x8xf32>
  %c = memref.alloc(%n) : memref<?x8xf32>
  memref.copy %x, %state : memref<?x8xf32> to memref<?x8xf32>
  scf.for %i = %c0 to %c3 step %c1 {
    %0 = func.call @k(%state, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
    %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
    %2 = func.call @k(%b, %c) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
    %3 = func.call @k(%c, %state) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  }
  memref.copy %state, %y : memref<?x8xf32> to memref<?x8xf32>
  return
}
