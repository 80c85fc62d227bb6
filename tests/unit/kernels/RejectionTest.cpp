//===- RejectionTest.cpp - What cannot be compiled, and what is said ------===//

#include "Regions.h"

#include <gtest/gtest.h>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

/// What compileKernel says; empty where it accepts.
std::string errorOf(const KernelDescription &kernel, const Schedule &schedule) {
  std::string output, error;
  if (compileKernel(kernel, schedule, "kernel", Output::LoweredLoops, output, error))
    return "";
  EXPECT_FALSE(error.empty());
  return error;
}

std::string errorOf(const KernelDescription &kernel) { return errorOf(kernel, {"x86-64-v3", {}}); }

KernelDescription scaled() {
  RegionBuilder region;
  return region.yield({region.operation("scale", {region.rows(8)}, 8, {{"factor", 2.0}})});
}

TEST(Rejection, unknownTarget) {
  EXPECT_EQ(errorOf(scaled(), {"x86-64-v9", {}}), "unknown target \"x86-64-v9\", expected one of x86-64-v3, x86-64-v4");
  EXPECT_EQ(findTarget("x86-64-v9"), nullptr);
}

TEST(Rejection, scheduleParameters) {
  EXPECT_EQ(errorOf(scaled(), {"x86-64-v3", {{"tile", 1}}}),
            "schedule: unknown parameter \"tile\", this kernel has tiles");
  EXPECT_EQ(errorOf(scaled(), {"x86-64-v3", {{"tiles", 3}}}),
            "schedule: expected \"tiles\" to be one of 1, 2, 4, 8, 16, found 3");
}

TEST(Rejection, unknownKind) {
  RegionBuilder region;
  EXPECT_EQ(errorOf(region.yield({region.operation("convolution", {region.rows(8)}, 8)})),
            "operation 0 (convolution): unknown kind, expected one of activation, add, attention, embed, linear, "
            "multiply, norm, pool, rotary, scale, split");
}

TEST(Rejection, weightsOfAnotherShape) {
  RegionBuilder region;
  int x = region.rows(8), w = region.array({2, 7, 16});
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x, w}, 20)})),
            "operation 0 (linear): expected the packed weights to be f32[2, 8, 16], found f32[2, 7, 16]");
}

TEST(Rejection, operandThatComesLater) {
  RegionBuilder region;
  int x = region.rows(8);
  EXPECT_EQ(errorOf(region.yield({region.operation("add", {x, 5}, 8)})),
            "operation 0 (add): operand %5 is not one of the 1 values before it");
}

TEST(Rejection, operandCount) {
  RegionBuilder region;
  int x = region.rows(8);
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x}, 8)})),
            "operation 0 (linear): expected 2 to 3 operands, found 1");
}

TEST(Rejection, attributes) {
  RegionBuilder missing, type, choice;
  EXPECT_EQ(errorOf(missing.yield({missing.operation("scale", {missing.rows(8)}, 8)})),
            "operation 0 (scale): expected the attribute \"factor\"");
  EXPECT_EQ(errorOf(type.yield({type.operation("scale", {type.rows(8)}, 8, {{"factor", int64_t(2)}})})),
            "operation 0 (scale): expected the attribute \"factor\" to be a real number");
  EXPECT_EQ(errorOf(choice.yield(
                {choice.operation("activation", {choice.rows(8)}, 8, {{"function", std::string("swish")}})})),
            "operation 0 (activation): expected the attribute \"function\" to be one of gelu, gelu_tanh, relu, silu, "
            "tanh, found \"swish\"");
}

TEST(Rejection, headsThatDoNotDivide) {
  RegionBuilder region;
  int q = region.rows(12), k = region.rows(8), starts = region.indices(), lengths = region.indices();
  EXPECT_EQ(errorOf(region.yield({region.operation(
                "attention", {q, k, k, starts, lengths}, 12,
                {{"heads", int64_t(3)}, {"key_value_heads", int64_t(2)}, {"head_size", int64_t(4)}, {"scale", 1.0}})})),
            "operation 0 (attention): heads (3) is not a multiple of key_value_heads (2)");
}

TEST(Rejection, splitThatDoesNotAddUp) {
  RegionBuilder region;
  int parts = region.split(region.rows(8), {3, 4});
  EXPECT_EQ(errorOf(region.yield({parts})), "operation 0 (split): expected results whose widths add to 8, found 7");
}

TEST(Rejection, sizesOver32Bits) {
  RegionBuilder region;
  int x = region.rows(8), w = region.array({1 << 16, 1 << 16});
  EXPECT_EQ(errorOf(region.yield({region.operation("linear", {x, w}, 1 << 16)})),
            "argument 1: dimension 1 is 65536, expected sizes of at least 1 whose product is at most 2147483647");
}

TEST(Rejection, results) {
  RegionBuilder none, argument, twice;
  none.rows(8);
  EXPECT_EQ(errorOf(none.yield({})), "expected at least one result");
  argument.rows(8);
  EXPECT_EQ(errorOf(argument.yield({0})), "result %0 is not the result of an operation");
  int value = twice.operation("scale", {twice.rows(8)}, 8, {{"factor", 2.0}});
  EXPECT_EQ(errorOf(twice.yield({value, value})), "result %1 is yielded twice");
}

TEST(Rejection, otherOutputsAreText) {
  std::string loops, assembly, error;
  ASSERT_TRUE(compileKernel(scaled(), {"x86-64-v3", {}}, "some_kernel", Output::LoweredLoops, loops, error)) << error;
  EXPECT_NE(loops.find("for ("), std::string::npos);
  ASSERT_TRUE(compileKernel(scaled(), {"x86-64-v3", {}}, "some_kernel", Output::Assembly, assembly, error)) << error;
  EXPECT_NE(assembly.find("some_kernel:"), std::string::npos);
}

} // namespace
