//===- EncoderTest.cpp - A whole encoder, padded and packed ---------------===//

#include "Interpreter.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace tenon::reference;

namespace {

/// Replaces every occurrence of `from`.
std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// An encoder of two layers of width 6 with rotary positions, over rows (ROWSx6) whose ids, positions, LAYOUT and TYPES
// of sequences the form of the batch gives.
const char *const kLayers = R"(
    %tokens_table = tenon.weight ["e.tokens"] : tensor<9x6xf32>
    %position_table = tenon.weight ["e.positions"] : tensor<7x6xf32>
    %cosine = tenon.position_table rotary_cosine base 1.0e4 : tensor<7x1xf32>
    %sine = tenon.position_table rotary_sine base 1.0e4 : tensor<7x1xf32>
    %embedded = tenon.embed %ids, %tokens_table : (tensor<ROWSi32>, tensor<9x6xf32>) -> tensor<ROWSx6xf32>
    %placed = tenon.embed %positions, %position_table : (tensor<ROWSi32>, tensor<7x6xf32>) -> tensor<ROWSx6xf32>
    %sum = tenon.add %embedded, %placed : tensor<ROWSx6xf32>
    %hidden = tenon.repeat 2 inits(%sum) : tensor<ROWSx6xf32> {
    ^bb0(%layer: index, %h: tensor<ROWSx6xf32>):
      %wqkv = tenon.weight ["e.*.q", "e.*.k", "e.*.v"][%layer] of 2 {part_rows = array<i64: 6, 3, 3>} : tensor<12x6xf32>
      %bqkv = tenon.weight ["e.*.qb", "e.*.kb", "e.*.vb"][%layer] of 2 {part_rows = array<i64: 6, 3, 3>} : tensor<12xf32>
      %wo = tenon.weight ["e.*.o"][%layer] of 2 : tensor<6x6xf32>
      %scale = tenon.weight ["e.*.norm"][%layer] of 2 : tensor<6xf32>
      %bias = tenon.weight ["e.*.normb"][%layer] of 2 : tensor<6xf32>
      %up = tenon.weight ["e.*.up"][%layer] of 2 : tensor<10x6xf32>
      %down = tenon.weight ["e.*.down"][%layer] of 2 : tensor<6x10xf32>
      %qkv = tenon.linear %h, %wqkv, %bqkv : (tensor<ROWSx6xf32>, tensor<12x6xf32>, tensor<12xf32>) -> tensor<ROWSx12xf32>
      %q0, %k0, %v = tenon.split %qkv : tensor<ROWSx12xf32> to tensor<ROWSx6xf32>, tensor<ROWSx3xf32>, tensor<ROWSx3xf32>
      %q = tenon.rotary %q0, %positions, %cosine, %sine {head_size = 3 : i64, dims = 2 : i64}
           : (tensor<ROWSx6xf32>, tensor<ROWSi32>, tensor<7x1xf32>, tensor<7x1xf32>) -> tensor<ROWSx6xf32>
      %k = tenon.rotary %k0, %positions, %cosine, %sine {head_size = 3 : i64, dims = 2 : i64}
           : (tensor<ROWSx3xf32>, tensor<ROWSi32>, tensor<7x1xf32>, tensor<7x1xf32>) -> tensor<ROWSx3xf32>
      %c = tenon.attention %q LAYOUT to rows(%k, %v) {heads = 2 : i64, key_value_heads = 1 : i64, head_size = 3 : i64, scale = 0.577 : f64}
           : (tensor<ROWSx6xf32>, TYPES, tensor<ROWSx3xf32>, tensor<ROWSx3xf32>) -> tensor<ROWSx6xf32>
      %o = tenon.linear %c, %wo : (tensor<ROWSx6xf32>, tensor<6x6xf32>) -> tensor<ROWSx6xf32>
      %r = tenon.add %h, %o : tensor<ROWSx6xf32>
      %n = tenon.norm layernorm %r scale %scale : tensor<6xf32> bias %bias : tensor<6xf32> epsilon 1.0e-12 : tensor<ROWSx6xf32>
      %u = tenon.linear %n, %up : (tensor<ROWSx6xf32>, tensor<10x6xf32>) -> tensor<ROWSx10xf32>
      %a = tenon.activation gelu %u : tensor<ROWSx10xf32>
      %d = tenon.linear %a, %down : (tensor<ROWSx10xf32>, tensor<6x10xf32>) -> tensor<ROWSx6xf32>
      %s = tenon.add %n, %d : tensor<ROWSx6xf32>
      %y = tenon.norm layernorm %s scale %scale : tensor<6xf32> bias %bias : tensor<6xf32> epsilon 1.0e-12 : tensor<ROWSx6xf32>
      tenon.yield %y : tensor<ROWSx6xf32>
    }
    %mean = tenon.pool mean %hidden LAYOUT : (tensor<ROWSx6xf32>, TYPES) -> tensor<?x6xf32>
    %unit = tenon.norm l2 %mean epsilon 1.0e-12 : tensor<?x6xf32>
)";

const std::string kSignature =
    "func.func @encode(%tokens: tensor<?x?xi32>, %lengths: tensor<?xi32>) -> (tensor<?x?x6xf32>, "
    "tensor<?x6xf32>) {\n";

std::string padded() {
  std::string layers =
      replaced(replaced(replaced(kLayers, "ROWS", "?x?"), "LAYOUT", "lengths(%lengths)"), "TYPES", "tensor<?xi32>");
  layers = replaced(replaced(layers, "?x?i32", "?x?xi32"), "%ids", "%tokens");
  return kSignature + "%positions = tenon.position_ids %tokens : (tensor<?x?xi32>) -> tensor<?x?xi32>\n" + layers +
         "return %hidden, %unit : tensor<?x?x6xf32>, tensor<?x6xf32>\n}";
}

std::string packed() {
  std::string layers = replaced(replaced(replaced(kLayers, "ROWS", "?"), "LAYOUT", "starts(%starts) lengths(%lengths)"),
                                "TYPES", "tensor<?xi32>, tensor<?xi32>");
  layers = replaced(layers, "tensor<?i32>", "tensor<?xi32>");
  std::string pack =
      " starts(%starts) lengths(%lengths) : (tensor<?x?xi32>, tensor<?xi32>, tensor<?xi32>) -> tensor<?xi32>\n";
  return kSignature + "%starts = tenon.row_starts %lengths tile 4 : tensor<?xi32> -> tensor<?xi32>\n" +
         "%all_positions = tenon.position_ids %tokens : (tensor<?x?xi32>) -> tensor<?x?xi32>\n" +
         "%ids = tenon.pack_rows %tokens" + pack + "%positions = tenon.pack_rows %all_positions" + pack + layers +
         "%out = tenon.unpack_rows %hidden starts(%starts) lengths(%lengths) like %tokens : (tensor<?x6xf32>, "
         "tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x?x6xf32>\n"
         "return %out, %unit : tensor<?x?x6xf32>, tensor<?x6xf32>\n}";
}

Parameters parameters() {
  Parameters result;
  unsigned seed = 10;
  auto put = [&](const std::string &name, std::vector<int64_t> shape) {
    result[name] = tensor<float>(shape, randomValues(countElements(shape), ++seed));
  };
  put("e.tokens", {9, 6});
  put("e.positions", {7, 6});
  for (std::string layer : {"e.0.", "e.1."}) {
    put(layer + "q", {6, 6});
    put(layer + "k", {3, 6});
    put(layer + "v", {3, 6});
    put(layer + "qb", {6});
    put(layer + "kb", {3});
    put(layer + "vb", {3});
    put(layer + "o", {6, 6});
    put(layer + "norm", {6});
    put(layer + "normb", {6});
    put(layer + "up", {10, 6});
    put(layer + "down", {6, 10});
  }
  return result;
}

const std::vector<int32_t> kLengths = {7, 0, 1, 5};

template <typename Scalar> Outcome<Scalar> encode(const std::string &module, int32_t padding) {
  std::vector<int32_t> tokens(4 * 7, padding);
  for (int b = 0; b < 4; ++b)
    for (int t = 0; t < kLengths[b]; ++t)
      tokens[b * 7 + t] = (5 * b + 3 * t) % 9;
  return run<Scalar>(module, {ints<Scalar>({4, 7}, tokens), ints<Scalar>({4}, kLengths)}, parameters());
}

TEST(Encoder, PaddedAndPackedBatchesGiveTheSameBitsOnRealRows) {
  Outcome<double> a = encode<double>(padded(), 0), b = encode<double>(packed(), 8);
  ASSERT_EQ(a.errors, "");
  ASSERT_EQ(b.errors, "");
  for (int sequence = 0; sequence < 4; ++sequence)
    for (int t = 0; t < 7; ++t) {
      auto row = b.results[0].row(sequence * 7 + t);
      if (t < kLengths[sequence])
        EXPECT_EQ(a.results[0].row(sequence * 7 + t), row);
      else
        EXPECT_EQ(row.vec(), std::vector<double>(6, 0));
    }
  EXPECT_EQ(values(a.results[1]), values(b.results[1]));
}

TEST(Encoder, EmbeddingsHaveLengthOneAndThatOfNothingIsZero) {
  Outcome<double> outcome = encode<double>(padded(), 0);
  for (int sequence = 0; sequence < 4; ++sequence) {
    double squares = 0;
    for (double x : outcome.results[1].row(sequence))
      squares += x * x;
    EXPECT_NEAR(squares, kLengths[sequence] == 0 ? 0 : 1, 1e-14);
  }
}

TEST(Encoder, FloatIsFloatAndNearDouble) {
  auto inFloat = encode<float>(packed(), 0), again = encode<float>(packed(), 0);
  auto inDouble = encode<double>(packed(), 0);
  ASSERT_EQ(inFloat.errors, "");
  for (int result : {0, 1}) {
    EXPECT_EQ(values(inFloat.results[result]), values(again.results[result]));
    EXPECT_NE(values(inFloat.results[result]), values(inDouble.results[result]));
    expectNear(values(inFloat.results[result]), values(inDouble.results[result]), 2e-5); // some 100 roundings of 6e-8
  }
}

} // namespace
