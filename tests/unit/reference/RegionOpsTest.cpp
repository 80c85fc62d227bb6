//===- RegionOpsTest.cpp - Layers and kernels -----------------------------===//

#include "Interpreter.h"

#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

TEST(Repeat, CarriesSeveralValues) { // Fibonacci
  Outcome<double> outcome =
      run<double>("func.func @f(%a: tensor<1xf32>, %b: tensor<1xf32>) -> (tensor<1xf32>, tensor<1xf32>) {\n"
                  "  %0:2 = tenon.repeat 5 inits(%a, %b) : tensor<1xf32>, tensor<1xf32> {\n"
                  "  ^bb0(%layer: index, %x: tensor<1xf32>, %y: tensor<1xf32>):\n"
                  "    %1 = tenon.add %x, %y : tensor<1xf32>\n"
                  "    tenon.yield %y, %1 : tensor<1xf32>, tensor<1xf32>\n"
                  "  }\n"
                  "  return %0#0, %0#1 : tensor<1xf32>, tensor<1xf32>\n}",
                  {tensor({1}, {0}), tensor({1}, {1})});
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), std::vector<double>{5});
  EXPECT_EQ(values(outcome.results[1]), std::vector<double>{8});
}

const char *const kKernels = R"(
  func.func @f(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
    %0 = tenon.repeat 2 inits(%x) : tensor<?x2xf32> {
    ^bb0(%layer: index, %h: tensor<?x2xf32>):
      %1 = tenon.kernel "double_relu" (%h) : (tensor<?x2xf32>) -> tensor<?x2xf32>
           schedules [#tenon.schedule<"x86-64-v3", [<nests = [<rowwise {tiles = 8}>]>]>] {
      ^bb0(%a: tensor<?x2xf32>):
        %2 = tenon.add %a, %a : tensor<?x2xf32>
        %3 = tenon.activation relu %2 : tensor<?x2xf32>
        tenon.yield %3 : tensor<?x2xf32>
      }
      tenon.yield %1 : tensor<?x2xf32>
    }
    return %0 : tensor<?x2xf32>
  })";

TEST(Kernel, ObserverSeesEveryRunWithItsInputsAndOutputs) {
  Outcome<double> outcome = run<double>(kKernels, {tensor({1, 2}, {3, -1})});
  ASSERT_EQ(outcome.errors, "");
  EXPECT_EQ(values(outcome.results[0]), (std::vector<double>{12, 0}));
  EXPECT_EQ(outcome.kernels, (std::vector<std::string>{"double_relu", "double_relu"}));
  EXPECT_EQ(outcome.operations, (std::vector<std::string>{"add", "activation", "add", "activation"}));
  EXPECT_EQ(values(outcome.kernelInputs[0][0]), (std::vector<double>{3, -1}));
  EXPECT_EQ(values(outcome.kernelOutputs[0][0]), (std::vector<double>{6, 0}));
  EXPECT_EQ(values(outcome.kernelInputs[1][0]), (std::vector<double>{6, 0}));
  EXPECT_EQ(values(outcome.kernelOutputs[1][0]), (std::vector<double>{12, 0}));
}

TEST(Kernel, EvaluatedAloneGivesTheSame) {
  Outcome<float> outcome = run<float>(kKernels, {tensor<float>({2, 2}, {3, -1, 0.1, 7})});
  ASSERT_EQ(outcome.alone.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(outcome.alone[i].size(), 1u);
    EXPECT_EQ(outcome.alone[i][0].values(), outcome.kernelOutputs[i][0].values());
  }
}

} // namespace
