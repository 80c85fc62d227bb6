//===- ErrorsTest.cpp - What the interpreter says of bad input ------------===//

#include "Interpreter.h"

#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

void expectError(const std::string &signature, const std::string &body, const std::vector<Tensor<double>> &inputs,
                 const std::string &message, const Parameters &parameters = {}) {
  Outcome<double> outcome = run<double>("func.func @f" + signature + " {\n" + body + "\n}", inputs, parameters);
  EXPECT_TRUE(outcome.results.empty());
  EXPECT_NE(outcome.errors.find(message), std::string::npos) << outcome.errors << "expected " << message;
}

TEST(Errors, NumberOfInputs) {
  expectError("(%x: tensor<?xf32>) -> tensor<?xf32>", "return %x : tensor<?xf32>", {}, "is given 0 inputs, expected 1");
}

TEST(Errors, ShapeOfAnInput) {
  expectError("(%x: tensor<?x3xf32>) -> tensor<?x3xf32>", "return %x : tensor<?x3xf32>", {tensor({1, 2}, {1, 2})},
              "a value of type 'tensor<?x3xf32>' is given floats of shape [1, 2]");
}

TEST(Errors, ElementsOfAnInput) {
  expectError("(%x: tensor<?xf32>) -> tensor<?xf32>", "return %x : tensor<?xf32>", {ints({2}, {1, 2})},
              "a value of type 'tensor<?xf32>' is given integers of shape [2]");
}

TEST(Errors, IndexIsNotANumber) {
  expectError("(%x: index) -> index", "return %x : index", {tensor({1}, {1})},
              "input 0 is an index, expected one integer");
}

TEST(Errors, OperationOfAnotherLevel) {
  expectError("(%x: tensor<?xf32>) -> tensor<?xf32>",
              "%0 = call @f(%x) : (tensor<?xf32>) -> tensor<?xf32>\nreturn %0 : tensor<?xf32>", {tensor({1}, {1})},
              "is not an operation of tensor IR");
}

TEST(Errors, OperandsOfDifferentShapes) {
  expectError("(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32>",
              "%0 = tenon.add %x, %y : tensor<?xf32>\nreturn %0 : tensor<?xf32>",
              {tensor({1}, {1}), tensor({2}, {1, 2})}, "operands have shapes [1] and [2], expected the same");
}

const char *const kPool =
    "%0 = tenon.pool mean %x lengths(%n) : (tensor<?x?x1xf32>, tensor<?xi32>) -> tensor<?x1xf32>\n"
    "return %0 : tensor<?x1xf32>";
const char *const kPoolSignature = "(%x: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x1xf32>";

TEST(Errors, LengthPastThePadding) {
  expectError(kPoolSignature, kPool, {tensor({1, 2, 1}, {1, 2}), ints({1}, {3})},
              "length 3 of sequence 0 is not between 0 and 2");
}

TEST(Errors, NumberOfLengths) {
  expectError(kPoolSignature, kPool, {tensor({1, 2, 1}, {1, 2}), ints({2}, {1, 1})}, "has 2 lengths for a batch of 1");
}

const char *const kPackedPool = "%0 = tenon.pool mean %x starts(%s) lengths(%n) : (tensor<?x1xf32>, tensor<?xi32>, "
                                "tensor<?xi32>) -> tensor<?x1xf32>\nreturn %0 : tensor<?x1xf32>";
const char *const kPackedSignature = "(%x: tensor<?x1xf32>, %s: tensor<?xi32>, %n: tensor<?xi32>) -> tensor<?x1xf32>";

TEST(Errors, NumberOfStarts) {
  expectError(kPackedSignature, kPackedPool, {tensor({2, 1}, {1, 2}), ints({1}, {0}), ints({1}, {1})},
              "has 1 starts for 1 lengths, expected one more");
}

TEST(Errors, StartsThatDoNotCoverTheRows) {
  expectError(kPackedSignature, kPackedPool, {tensor({2, 1}, {1, 2}), ints({2}, {0, 4}), ints({1}, {1})},
              "starts go from 0 to 4, expected 0 to 2");
}

TEST(Errors, LengthPastTheNextStart) {
  expectError(kPackedSignature, kPackedPool, {tensor({2, 1}, {1, 2}), ints({3}, {0, 1, 2}), ints({2}, {2, 0})},
              "length 2 of sequence 0 is not between 0 and its 1 rows");
}

TEST(Errors, StartsThatDescend) {
  expectError(kPackedSignature, kPackedPool, {tensor({2, 1}, {1, 2}), ints({3}, {0, 3, 2}), ints({2}, {0, 0})},
              "length 0 of sequence 1 is not between 0 and its -1 rows");
}

TEST(Errors, NegativeLengthOfRowStarts) {
  expectError("(%n: tensor<?xi32>) -> tensor<?xi32>",
              "%0 = tenon.row_starts %n tile 4 : tensor<?xi32> -> tensor<?xi32>\nreturn %0 : tensor<?xi32>",
              {ints({2}, {1, -1})}, "length -1 of sequence 1 is negative");
}

TEST(Errors, MoreRowsThanAnIntegerCounts) {
  expectError("(%n: tensor<?xi32>) -> tensor<?xi32>",
              "%0 = tenon.row_starts %n tile 16 : tensor<?xi32> -> tensor<?xi32>\nreturn %0 : tensor<?xi32>",
              {ints({2}, {2147483647, 1})}, "the batch has more than 2147483647 packed rows");
}

TEST(Errors, AttentionOverDifferentRows) {
  expectError(
      "(%q: tensor<?x?x1xf32>, %k: tensor<?x?x1xf32>, %n: tensor<?xi32>) -> tensor<?x?x1xf32>",
      "%0 = tenon.attention %q lengths(%n) to rows(%k, %k) {heads = 1 : i64, key_value_heads = 1 : i64, head_size = 1 : i64, "
      "scale = 1.0 : f64} : (tensor<?x?x1xf32>, tensor<?xi32>, tensor<?x?x1xf32>, tensor<?x?x1xf32>) -> "
      "tensor<?x?x1xf32>\nreturn %0 : tensor<?x?x1xf32>",
      {tensor({1, 2, 1}, {1, 2}), tensor({2, 1, 1}, {1, 2}), ints({1}, {1})},
      "query has shape [1, 2, 1] and key or value [2, 1, 1], expected the same rows");
}

TEST(Errors, NumberOfPastCounts) {
  expectError("(%i: tensor<?x?xi32>, %p: tensor<?xi32>) -> tensor<?x?xi32>",
              "%0 = tenon.position_ids %i past(%p) : (tensor<?x?xi32>, tensor<?xi32>) -> tensor<?x?xi32>\nreturn %0 : "
              "tensor<?x?xi32>",
              {ints({2, 1}, {0, 0}), ints({3}, {0, 0, 0})}, "past has 3 elements for 2 sequences");
}

TEST(Errors, EmptyTable) {
  expectError(
      "(%i: tensor<?xi32>, %t: tensor<?x2xf32>) -> tensor<?x2xf32>",
      "%0 = tenon.embed %i, %t : (tensor<?xi32>, tensor<?x2xf32>) -> tensor<?x2xf32>\nreturn %0 : tensor<?x2xf32>",
      {ints({1}, {0}), tensor({0, 2}, {})}, "picks rows of an empty table");
}

const char *const kWeight = "%0 = tenon.weight [\"l.*.w\"][%l] of 2 : tensor<2xf32>\nreturn %0 : tensor<2xf32>";

TEST(Errors, MissingParameter) {
  expectError("(%l: index) -> tensor<2xf32>", kWeight, {ints({}, {1})},
              "parameter 'l.1.w' is missing, expected shape [2]");
}

TEST(Errors, ShapeOfAParameter) {
  expectError("(%l: index) -> tensor<2xf32>", kWeight, {ints({}, {1})}, "parameter 'l.1.w' has shape [3], expected [2]",
              {{"l.1.w", tensor<float>({3}, {1, 2, 3})}});
}

TEST(Errors, LayerPastTheLast) {
  expectError("(%l: index) -> tensor<2xf32>", kWeight, {ints({}, {2})}, "layer 2 is not one of 2");
}

} // namespace
