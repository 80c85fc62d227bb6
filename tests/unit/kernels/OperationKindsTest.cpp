//===- OperationKindsTest.cpp - The table of kinds, and who goes by it ----===//

#include "Regions.h"
#include "kernels/Families.h"

#include <gtest/gtest.h>
#include <set>

using namespace tenon::kernels;
using namespace tenon::kernels::test;

namespace {

std::set<std::string> declaredKinds() {
  std::set<std::string> names;
  for (const OperationKind &kind : operationKinds())
    names.emplace(kind.name);
  return names;
}

constexpr Family kFamilies[] = {Family::Rowwise, Family::Pooling,     Family::Unfold,    Family::Depthwise,
                                Family::Scan,    Family::CacheAppend, Family::Attention, Family::Linear};

TEST(OperationKinds, EveryKindOfTheDialectHasOneAlgorithm) {
  std::set<std::string> computed;
  for (Family family : kFamilies)
    for (const auto &[kind, algorithm] : rulesOf(family).algorithms())
      EXPECT_TRUE(computed.insert(kind).second) << kind << " belongs to two families";
  EXPECT_EQ(computed, declaredKinds());
}

TEST(OperationKinds, EveryKindIsVerified) {
  for (const std::string &kind : declaredKinds()) {
    KernelDescription description;
    description.operations.push_back({kind, {}, {}, {}});
    std::string object, error;
    EXPECT_FALSE(compileKernel(description, {"x86-64-v3", {}}, "kernel", Output::Object, object, error));
    EXPECT_TRUE(error.starts_with("operation 0 (" + kind + "): expected ")) << error;
  }
}

TEST(OperationKinds, OperationsOfOneKindHaveOneLocality) {
  for (const OperationKind &kind : operationKinds())
    EXPECT_EQ(findOperationKind(kind.name)->locality, kind.locality) << kind.name;
}

/// A kind that the planner does not take to be elementwise would leave the product a nest of its own.
TEST(OperationKinds, EveryElementwiseKindIsComputedWithinTheProductBeforeIt) {
  std::set<std::string> found;
  for (const OperationKind &kind : operationKinds()) {
    if (kind.locality != Locality::Elementwise)
      continue;
    found.emplace(kind.name);
    RegionBuilder builder;
    int rows = builder.rows(16), weights = builder.array({32, 16}), other = builder.rows(32);
    std::vector<int> operands(kind.operands, other);
    operands[0] = builder.operation("linear", {rows, weights}, 32);
    int result = builder.operation(std::string(kind.name), operands, 32,
                                   {{"factor", 2.0}, {"cap", 30.0}, {"function", std::string("relu")}});
    KernelDescription description = builder.yield({result});
    Region region(description);
    EXPECT_EQ(planRegion(region).nests.size(), 1u) << kind.name;
  }
  EXPECT_TRUE(found.count("add") && found.count("softcap"));
}

} // namespace
