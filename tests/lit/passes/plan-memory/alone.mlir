// RUN: tenon-opt %s --tenon-plan-memory --split-input-file | FileCheck %s

// Nothing to plan.
// CHECK-LABEL: func.func @no_buffers
// CHECK-NEXT: return
func.func @no_buffers(%x: memref<?x8xf32>) {
  return
}

// -----

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// Buffers that are needed at once do not share, though the first is read no more after it.
// CHECK-LABEL: func.func @overlap
// CHECK: %[[ARENA:.*]] = memref.alloc
// CHECK-DAG: %[[A:.*]] = memref.view %[[ARENA]][%[[FIRST:[a-z0-9_]+]]][
// CHECK-DAG: %[[B:.*]] = memref.view %[[ARENA]][%[[SECOND:[a-z0-9_]+]]][
// CHECK: call @k(%[[A]], %[[B]])
func.func @overlap(%x: memref<?x8xf32>, %n: index) {
  %a = memref.alloc(%n) : memref<?x8xf32>
  %b = memref.alloc(%n) : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  return
}
