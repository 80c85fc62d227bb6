// RUN: tenon-opt %s --tenon-pack-weights --split-input-file | FileCheck %s
// RUN: tenon-opt %s --tenon-pack-weights --split-input-file -o %t.once
// RUN: tenon-opt %t.once --tenon-pack-weights --split-input-file | diff %t.once -

// 48 columns where they pad no more than fewer would, else the widest that pads least.
// CHECK-LABEL: func.func @panels
// CHECK: tenon.weight ["a"] {panel = 48 : i64, part_rows = array<i64: 96>} : tensor<2x8x48xf32>
// CHECK: tenon.weight ["b"] {panel = 32 : i64, part_rows = array<i64: 64>} : tensor<2x96x32xf32>
// CHECK: tenon.weight ["c"] {panel = 16 : i64, part_rows = array<i64: 5>} : tensor<1x64x16xf32>
func.func @panels(%x: tensor<?x8xf32>) -> tensor<?x5xf32> {
  %a = tenon.weight ["a"] : tensor<96x8xf32>
  %0 = tenon.linear %x, %a : (tensor<?x8xf32>, tensor<96x8xf32>) -> tensor<?x96xf32>
  %b = tenon.weight ["b"] : tensor<64x96xf32>
  %1 = tenon.linear %0, %b : (tensor<?x96xf32>, tensor<64x96xf32>) -> tensor<?x64xf32>
  %c = tenon.weight ["c"] : tensor<5x64xf32>
  %2 = tenon.linear %1, %c : (tensor<?x64xf32>, tensor<5x64xf32>) -> tensor<?x5xf32>
  return %2 : tensor<?x5xf32>
}

// -----

// Embeddings pick their rows out of the panels of the product that reads the same table.
// CHECK-LABEL: func.func @tied
// CHECK: %[[T:.*]] = tenon.weight ["table"] {panel = 48 : i64, part_rows = array<i64: 96>} : tensor<2x8x48xf32>
// CHECK: tenon.embed %{{.*}}, %[[T]] : (tensor<?xi32>, tensor<2x8x48xf32>) -> tensor<?x8xf32>
// CHECK: tenon.linear %{{.*}}, %[[T]] : (tensor<?x8xf32>, tensor<2x8x48xf32>) -> tensor<?x96xf32>
func.func @tied(%ids: tensor<?xi32>) -> tensor<?x96xf32> {
  %t = tenon.weight ["table"] : tensor<96x8xf32>
  %0 = tenon.embed %ids, %t : (tensor<?xi32>, tensor<96x8xf32>) -> tensor<?x8xf32>
  %1 = tenon.linear %0, %t : (tensor<?x8xf32>, tensor<96x8xf32>) -> tensor<?x96xf32>
  return %1 : tensor<?x96xf32>
}

// -----

// A table that no product reads, and a matrix that something else reads, keep their layout.
// CHECK-LABEL: func.func @no_products_alone
// CHECK: tenon.weight ["table"] : tensor<96x8xf32>
// CHECK: tenon.weight ["matrix"] : tensor<96x8xf32>
func.func @no_products_alone(%ids: tensor<?xi32>) -> (tensor<?x96xf32>, tensor<96x8xf32>) {
  %t = tenon.weight ["table"] : tensor<96x8xf32>
  %0 = tenon.embed %ids, %t : (tensor<?xi32>, tensor<96x8xf32>) -> tensor<?x8xf32>
  %m = tenon.weight ["matrix"] : tensor<96x8xf32>
  %1 = tenon.linear %0, %m : (tensor<?x8xf32>, tensor<96x8xf32>) -> tensor<?x96xf32>
  return %1, %m : tensor<?x96xf32>, tensor<96x8xf32>
}

// -----

// What one function multiplies with, another looks up rows in: one copy serves both.
// CHECK-LABEL: func.func @reads_rows
// CHECK: tenon.weight ["table"] {panel = 48 : i64, part_rows = array<i64: 96>} : tensor<2x8x48xf32>
func.func @reads_rows(%ids: tensor<?xi32>) -> tensor<?x8xf32> {
  %t = tenon.weight ["table"] : tensor<96x8xf32>
  %0 = tenon.embed %ids, %t : (tensor<?xi32>, tensor<96x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
// CHECK-LABEL: func.func @multiplies
// CHECK: tenon.weight ["table"] {panel = 48 : i64, part_rows = array<i64: 96>} : tensor<2x8x48xf32>
func.func @multiplies(%x: tensor<?x8xf32>) -> tensor<?x96xf32> {
  %t = tenon.weight ["table"] : tensor<96x8xf32>
  %0 = tenon.linear %x, %t : (tensor<?x8xf32>, tensor<96x8xf32>) -> tensor<?x96xf32>
  return %0 : tensor<?x96xf32>
}

// -----

// One function multiplies with three matrices side by side, another with the last two of them: panels are such that these
// begin with one.
// CHECK-LABEL: func.func @all_of_them
// CHECK: tenon.weight ["q", "k", "v"] {panel = 32 : i64, part_rows = array<i64: 64, 32, 32>} : tensor<4x8x32xf32>
func.func @all_of_them(%x: tensor<?x8xf32>) -> tensor<?x128xf32> {
  %w = tenon.weight ["q", "k", "v"] {part_rows = array<i64: 64, 32, 32>} : tensor<128x8xf32>
  %0 = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<128x8xf32>) -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}
// CHECK-LABEL: func.func @the_last
// CHECK: tenon.weight ["k", "v"] {panel = 32 : i64, part_rows = array<i64: 32, 32>} : tensor<2x8x32xf32>
func.func @the_last(%x: tensor<?x8xf32>) -> tensor<?x64xf32> {
  %w = tenon.weight ["k", "v"] {part_rows = array<i64: 32, 32>} : tensor<64x8xf32>
  %0 = tenon.linear %x, %w : (tensor<?x8xf32>, tensor<64x8xf32>) -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// -----

// The first of two begins with a panel in any case, whose last columns are then the second's.
// CHECK-LABEL: func.func @the_first
// CHECK: tenon.weight ["a"] {panel = 48 : i64, part_rows = array<i64: 32>} : tensor<1x8x48xf32>
// CHECK: tenon.weight ["a", "b"] {panel = 48 : i64, part_rows = array<i64: 32, 16>} : tensor<1x8x48xf32>
func.func @the_first(%x: tensor<?x8xf32>) -> (tensor<?x32xf32>, tensor<?x48xf32>) {
  %a = tenon.weight ["a"] : tensor<32x8xf32>
  %0 = tenon.linear %x, %a : (tensor<?x8xf32>, tensor<32x8xf32>) -> tensor<?x32xf32>
  %ab = tenon.weight ["a", "b"] {part_rows = array<i64: 32, 16>} : tensor<48x8xf32>
  %1 = tenon.linear %x, %ab : (tensor<?x8xf32>, tensor<48x8xf32>) -> tensor<?x48xf32>
  return %0, %1 : tensor<?x32xf32>, tensor<?x48xf32>
}

// -----

// No panels begin where the second does: it is stored once more, in panels of its own.
// CHECK-LABEL: func.func @in_the_middle
// CHECK: tenon.weight ["b"] {panel = 16 : i64, part_rows = array<i64: 16>} : tensor<1x8x16xf32>
// CHECK: tenon.weight ["a", "b"] {panel = 48 : i64, part_rows = array<i64: 24, 16>} : tensor<1x8x48xf32>
func.func @in_the_middle(%x: tensor<?x8xf32>) -> (tensor<?x16xf32>, tensor<?x40xf32>) {
  %b = tenon.weight ["b"] : tensor<16x8xf32>
  %0 = tenon.linear %x, %b : (tensor<?x8xf32>, tensor<16x8xf32>) -> tensor<?x16xf32>
  %ab = tenon.weight ["a", "b"] {part_rows = array<i64: 24, 16>} : tensor<40x8xf32>
  %1 = tenon.linear %x, %ab : (tensor<?x8xf32>, tensor<40x8xf32>) -> tensor<?x40xf32>
  return %0, %1 : tensor<?x16xf32>, tensor<?x40xf32>
}
