// RUN: tenon-opt %s --tenon-lower-drivers --split-input-file --verify-diagnostics

func.func @control_flow_is_branches(%w: memref<?xi8>, %x: memref<?x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{is structured control flow, expected branches (convert-scf-to-cf)}}
  scf.for %i = %c0 to %c1 step %c1 {
  }
  return
}

// -----

func.func @memory_is_planned(%w: memref<?xi8>, %x: memref<?x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 1 : i64} {
  // expected-error @below {{is not the arena, expected planned memory (tenon-plan-memory)}}
  %a = memref.alloc() : memref<4xf32>
  return
}

// -----

func.func private @k(memref<?x2x2x2x8xf32>) -> i32 attributes {tenon.results = 1 : i64}

func.func @buffers_have_at_most_four_dimensions(%w: memref<?xi8>, %x: memref<?x2x2x2x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 0 : i64} {
  // expected-error @below {{gives a kernel 'memref<?x2x2x2x8xf32>', expected memrefs of at most 4 dimensions}}
  %0 = func.call @k(%x) : (memref<?x2x2x2x8xf32>) -> i32
  return
}

// -----

func.func private @f(memref<?x8xf32>) -> i32

func.func @calls_are_of_kernels(%w: memref<?xi8>, %x: memref<?x8xf32> {tenon.dims = ["n"]}) attributes {tenon.entry, tenon.inputs = 1 : i64} {
  // expected-error @below {{calls 'f', which is no kernel}}
  %0 = func.call @f(%x) : (memref<?x8xf32>) -> i32
  return
}
