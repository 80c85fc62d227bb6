//===- KernelInputsTest.cpp - Arguments that are kept ---------------------===//

#include "tune/KernelInputs.h"

#include <gtest/gtest.h>
#include <numeric>

using namespace tenon::tune;

namespace {

/// A kernel's arguments in memory: weights, an input that is updated in place, and an output within the same memory.
class Inputs : public testing::Test {
protected:
  Inputs() : weights(64), memory(100) {
    std::iota(weights.begin(), weights.end(), 1000.0F);
    std::iota(memory.begin(), memory.end(), 0.0F);
    set(0, weights.data(), 8, 2);
    set(1, memory.data(), 8, 4);
    set(2, memory.data() + 16, 8, 2);
  }

  void set(size_t index, float *data, int columns, int rows) {
    dimensions[index][0] = halide_dimension_t(0, columns, 1);
    dimensions[index][1] = halide_dimension_t(0, rows, columns);
    buffers[index] = {};
    buffers[index].host = reinterpret_cast<uint8_t *>(data);
    buffers[index].type = halide_type_t(halide_type_float, 32, 1);
    buffers[index].dimensions = 2;
    buffers[index].dim = dimensions[index];
    vector[index + 1] = &buffers[index];
  }

  ModelMemory span() const {
    return {reinterpret_cast<const uint8_t *>(weights.data()), weights.size() * sizeof(float), {}};
  }
  static float *dataOf(void **vector, size_t index) {
    return reinterpret_cast<float *>(static_cast<halide_buffer_t *>(vector[index + 1])->host);
  }

  std::vector<float> weights, memory;
  halide_dimension_t dimensions[3][2];
  halide_buffer_t buffers[3];
  void *vector[4] = {};
};

TEST_F(Inputs, EvictedWeightsAreWhatTheyWere) {
  weights.resize(100000);
  std::iota(weights.begin(), weights.end(), 1000.0F);
  set(0, weights.data() + 1, 49999, 1); // from within a line to within another
  KernelInputs inputs(vector, 3, span());
  std::vector<float> before = weights;
  inputs.evictWeights(0);
  EXPECT_EQ(weights, before);
}

TEST_F(Inputs, AreCopiesThatShareWhatWasShared) {
  KernelInputs inputs(vector, 3, span());
  int context = 0;
  void *pointer = &context;
  void **copy = inputs.argumentVectors(&pointer)[0];
  EXPECT_EQ(copy[0], &pointer);
  EXPECT_EQ(dataOf(copy, 0), weights.data());
  EXPECT_NE(dataOf(copy, 1), memory.data());
  EXPECT_EQ(dataOf(copy, 2), dataOf(copy, 1) + 16);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(dataOf(copy, 1)) % 128, reinterpret_cast<uintptr_t>(memory.data()) % 128);
  memory[3] = -1; // What the model does next is not seen.
  EXPECT_EQ(dataOf(copy, 1)[3], 3);
}

TEST_F(Inputs, VariantsDifferInWeightsAlone) {
  KernelInputs inputs(vector, 3, span());
  set(0, weights.data() + 16, 8, 2);
  std::vector<float> elsewhere(32);
  set(1, elsewhere.data(), 8, 4);
  inputs.addVariant(vector);
  void *context = nullptr;
  std::vector<void **> both = inputs.argumentVectors(&context);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(dataOf(both[1], 0), weights.data() + 16);
  EXPECT_EQ(dataOf(both[1], 1), dataOf(both[0], 1));
}

TEST_F(Inputs, AnyByteThatDiffersIsSeen) {
  KernelInputs inputs(vector, 3, span());
  void *context = nullptr;
  void **copy = inputs.argumentVectors(&context)[0];
  auto run = [&](float value) {
    inputs.restore();
    EXPECT_EQ(dataOf(copy, 2)[5], 21);
    dataOf(copy, 2)[5] += value;
    return inputs.matchesFirst();
  };
  EXPECT_TRUE(run(1));
  EXPECT_TRUE(run(1));
  EXPECT_FALSE(run(1.0001F));
  EXPECT_TRUE(run(1));
}

TEST_F(Inputs, WhatHasNoMemoryIsNotRead) {
  // As a cache that says it has more pages than are in use.
  set(1, memory.data(), 8, 1 << 28);
  ModelMemory known = span();
  known.readable = [&](const uint8_t *begin, size_t bytes) {
    return begin == reinterpret_cast<uint8_t *>(memory.data()) ? memory.size() * sizeof(float) : bytes;
  };
  KernelInputs inputs(vector, 3, known);
  void *context = nullptr;
  void **copy = inputs.argumentVectors(&context)[0];
  EXPECT_EQ(dataOf(copy, 1)[99], 99);
  EXPECT_EQ(dataOf(copy, 2), dataOf(copy, 1) + 16);
}

TEST_F(Inputs, BuffersWithoutElementsAreNotRead) {
  set(2, nullptr, 8, 0);
  KernelInputs inputs(vector, 3, span());
  void *context = nullptr;
  EXPECT_EQ(dataOf(inputs.argumentVectors(&context)[0], 2), nullptr);
}

} // namespace
