// RUN: tenon-opt %s --tenon-lower-drivers | FileCheck %s

// The driver reads weights, arguments and sizes out of its one argument, and leaves with the kernel's status where that is
// not zero.
func.func private @k(memref<?x8xf32>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// CHECK-NOT: func.func private @k
// CHECK-LABEL: func.func @entry
// CHECK-SAME: (%[[CALL:.*]]: !llvm.ptr) -> i32
// CHECK: %[[RESERVE:.*]] = llvm.load
// CHECK: %[[MEMORY:.*]] = llvm.call %{{.*}}(%{{.*}}, %{{.*}}) : !llvm.ptr, (!llvm.ptr, i64) -> !llvm.ptr
// CHECK: %[[NONE:.*]] = llvm.icmp "eq" %[[MEMORY]]
// CHECK: cf.cond_br %[[NONE]], ^[[NO_MEMORY:.*]], ^{{.*}}
// CHECK: %[[LIMIT:.*]] = llvm.mlir.constant(2147483647 : i64) : i64
// CHECK: llvm.icmp "ugt" %{{.*}}, %[[LIMIT]]
// CHECK: %[[LARGE:.*]] = llvm.or
// CHECK: %[[TOO_LARGE:.*]] = llvm.mlir.constant(-1001 : i32) : i32
// CHECK: cf.cond_br %{{.*}}, ^[[REFUSE:.*]], ^{{.*}}
// CHECK: ^[[REFUSE]]:
// CHECK-NEXT: return %[[TOO_LARGE]] : i32
// CHECK: %[[STATUS:.*]] = llvm.call %{{.*}}(%{{.*}}) : !llvm.ptr, (!llvm.ptr) -> i32
// CHECK: %[[WRONG:.*]] = llvm.icmp "ne" %[[STATUS]]
// CHECK: cf.cond_br %[[WRONG]], ^[[LEAVE:.*]], ^{{.*}}
// CHECK: ^[[LEAVE]]:
// CHECK-NEXT: return %[[STATUS]] : i32
func.func @entry(%w: memref<?xi8>, %x: memref<?x8xf32> {tenon.dims = ["n"]}, %y: memref<?x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32>
  %bytes = arith.constant 64 : index
  %arena = memref.alloc(%bytes) {tenon.arena} : memref<?xi8>
  %0 = func.call @k(%x, %y) : (memref<?x8xf32>, memref<?x8xf32>) -> i32
  return
}
// RUN: tenon-opt %s --tenon-lower-drivers -o %t.once
// RUN: tenon-opt %t.once --tenon-lower-drivers | diff %t.once -
