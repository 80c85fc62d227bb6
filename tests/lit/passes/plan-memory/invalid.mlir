// RUN: tenon-opt %s --tenon-plan-memory --split-input-file --verify-diagnostics

func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

func.func @allocations_stand_first(%x: memref<?x8xf32>, %n: index) {
  // expected-error @below {{is used before the last allocation, expected allocations ahead of what uses them}}
  %a = memref.alloc(%n) : memref<?x8xf32>
  %0 = func.call @k(%x, %a) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  %b = memref.alloc(%n) : memref<?x8xf32>
  %1 = func.call @k(%a, %b) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  return
}
