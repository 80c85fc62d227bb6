// RUN: tenon-opt %s --tenon-lower-drivers | FileCheck %s

// The address of a part of a buffer is the buffer's and what lies before the part, in bytes; that of a whole buffer its own.
func.func private @k(memref<?x64xf32, strided<[64, 1], offset: ?>>, memref<?x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

// CHECK-LABEL: func.func @entry
// CHECK: %[[SLICE:.*]] = memref.subview
// CHECK: %[[BASE:.*]] = memref.extract_aligned_pointer_as_index %[[SLICE]]
// CHECK: %{{.*}}, %[[OFFSET:.*]], %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[SLICE]]
// CHECK: %[[FOUR:.*]] = arith.constant 4 : index
// CHECK: %[[BYTES:.*]] = arith.muli %[[OFFSET]], %[[FOUR]]
// CHECK: %[[ADDRESS:.*]] = arith.addi %[[BASE]], %[[BYTES]]
// CHECK: arith.index_cast %[[ADDRESS]]
// CHECK: %[[WHOLE:.*]] = memref.extract_aligned_pointer_as_index
// CHECK-NOT: memref.extract_strided_metadata
// CHECK: arith.index_cast %[[WHOLE]]
func.func @entry(%w: memref<?xi8>, %c: memref<2x?x64xf32> {tenon.dims = ["pages"], tenon.state}, %y: memref<?x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 1 : i64} {
  %c1 = arith.constant 1 : index
  %n = memref.dim %c, %c1 : memref<2x?x64xf32>
  %slice = memref.subview %c[1, 0, 0] [1, %n, 64] [1, 1, 1] : memref<2x?x64xf32> to memref<?x64xf32, strided<[64, 1], offset: ?>>
  %0 = func.call @k(%slice, %y) : (memref<?x64xf32, strided<[64, 1], offset: ?>>, memref<?x8xf32>) -> i32
  return
}
// RUN: tenon-opt %s --tenon-lower-drivers -o %t.once
// RUN: tenon-opt %t.once --tenon-lower-drivers | diff %t.once -
