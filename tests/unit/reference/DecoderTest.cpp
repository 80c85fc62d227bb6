//===- DecoderTest.cpp - Prompts in one piece, in pieces and token by token ===//

#include "Interpreter.h"

#include "passes/Passes.h"
#include "reference/Reference.h"
#include "tenon/Dialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/xxhash.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon::reference;

namespace {

/// A model's functions with parameters that follow from their names.
class Model {
public:
  explicit Model(const std::string &text) : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
    module = parseSourceString<ModuleOp>(text, &context);
    PassManager passes(&context);
    passes.addPass(tenon::createBindParameters());
    passes.addPass(tenon::createLowerModelToTensor());
    EXPECT_TRUE(module && succeeded(passes.run(*module)));
    module->walk([&](tenon::WeightOp op) {
      for (Attribute name : op.getParameters())
        shapes[cast<StringAttr>(name).str()] = op.getPlainShape();
    });
  }

  func::FuncOp function(llvm::StringRef name) { return module->lookupSymbol<func::FuncOp>(name); }

  /// The results of a function by their names.
  std::map<std::string, Tensor<double>> call(llvm::StringRef name, ArrayRef<Tensor<double>> inputs) {
    Options<double> options;
    options.parameters = [this](llvm::StringRef parameter) { return this->parameter(parameter); };
    std::map<std::string, Tensor<double>> results;
    auto outputs = evaluate<double>(function(name), inputs, options);
    EXPECT_TRUE(succeeded(outputs)) << name.str();
    for (unsigned i = 0; succeeded(outputs) && i < outputs->size(); ++i)
      results.emplace(function(name).getResultAttrOfType<StringAttr>(i, "tenon.name").str(), (*outputs)[i]);
    return results;
  }

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registry.insert<tenon::TenonDialect, func::FuncDialect, affine::AffineDialect>();
    registerReferenceModels(registry);
    return registry;
  }

  FailureOr<FloatTensor> parameter(llvm::StringRef name) const {
    for (const auto &[pattern, shape] : shapes) {
      auto [prefix, suffix] = StringRef(pattern).split('*');
      bool matches =
          pattern.find('*') == std::string::npos ? name == pattern : name.starts_with(prefix) && name.ends_with(suffix);
      if (!matches)
        continue;
      double range = shape.size() > 1 ? std::sqrt(3.0 / static_cast<double>(shape.back())) : 1;
      auto values = randomValues(countElements(shape), static_cast<unsigned>(llvm::xxh3_64bits(name)), range);
      return FloatTensor(shape, std::vector<float>(values.begin(), values.end()));
    }
    return failure();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::map<std::string, SmallVector<int64_t>> shapes;
};

/// One sequence's cache in pages that are in no order, and what has been read of it.
class Session {
public:
  Session(Model &model, int64_t slots) : model(model), slots(slots) {
    func::FuncOp prefill = model.function("prefill");
    for (unsigned i = 4; i < prefill.getNumArguments(); ++i) {
      auto type = cast<RankedTensorType>(prefill.getArgumentTypes()[i]);
      SmallVector<int64_t> shape{type.getDimSize(0), slots, type.getDimSize(2)};
      // What nobody wrote must not matter.
      caches.emplace_back(shape, std::vector<double>(countElements(shape), 1e30));
    }
  }

  /// The scores after each of the new tokens.
  std::vector<double> read(llvm::StringRef function, std::vector<int32_t> tokens) {
    std::vector<int32_t> pages;
    for (int64_t i = 0; i < slots; ++i)
      pages.push_back(static_cast<int32_t>((i * 3 + 1) % slots)); // slots is no multiple of 3
    int32_t count = static_cast<int32_t>(tokens.size());
    std::vector<Tensor<double>> inputs = {ints({1, count}, std::move(tokens)), ints({1}, {count}), ints({1}, {past}),
                                          ints({1, slots}, std::move(pages))};
    llvm::append_range(inputs, caches);
    auto results = model.call(function, inputs);
    past += count;
    for (unsigned i = 0; i < caches.size(); ++i)
      caches[i] = results.at(model.function(function).getArgAttrOfType<StringAttr>(4 + i, "tenon.name").str());
    std::vector<double> scores = values(results.at("all_logits"));
    std::vector<double> last = values(results.at("logits"));
    EXPECT_EQ(last, std::vector<double>(scores.end() - static_cast<int64_t>(last.size()), scores.end()));
    return scores;
  }

private:
  Model &model;
  int64_t slots;
  int32_t past = 0;
  std::vector<Tensor<double>> caches;
};

std::vector<double> readInPieces(Model &model, const std::vector<int32_t> &tokens, std::vector<size_t> pieces,
                                 llvm::StringRef function) {
  Session session(model, 4);
  std::vector<double> scores;
  size_t begin = 0;
  for (size_t piece : pieces) {
    llvm::append_range(scores, session.read(function, {tokens.begin() + begin, tokens.begin() + begin + piece}));
    begin += piece;
  }
  EXPECT_EQ(begin, tokens.size());
  return scores;
}

std::string replace(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

/// A prompt gives the same scores however it is cut, and the same as without a cache.
void checkDecoder(const std::string &text) {
  Model model(text), uncached(replace(text, " attributes {cached}", ""));
  std::vector<int32_t> tokens;
  for (int i = 0; i < 37; ++i)
    tokens.push_back(i * i % 23);
  std::vector<double> whole = readInPieces(model, tokens, {37}, "prefill");
  // Sums are of the same numbers in the same order, but float64 may round them differently in other surroundings.
  const double tolerance = 1e-12;
  auto encoded = uncached.call("encode", {ints({1, 37}, tokens), ints({1}, {37})});
  expectNear(values(encoded.at("all_logits")), whole, tolerance);
  expectNear(readInPieces(model, tokens, {1, 15, 1, 20}, "prefill"), whole, tolerance);
  expectNear(readInPieces(model, tokens, {16, 21}, "prefill"), whole, tolerance);
  expectNear(readInPieces(model, tokens, std::vector<size_t>(37, 1), "decode"), whole, tolerance);
}

TEST(Decoder, LearnedPositions) {
  checkDecoder(R"mlir(
tenon.model @m width 8 {
  tenon.stack @d layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 23 positions <kind = learned, length = 64, offset = 2, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 2 key_value_heads 2 head_size 4 scale 0.5 {bias, output_bias, mask = "k <= q"}
    tenon.mlp_layer "m" hidden 16 gelu_tanh {bias}
  }
  tenon.head @d {tied}
})mlir");
}

TEST(Decoder, RotaryPositionsAndHeadNorms) {
  checkDecoder(R"mlir(
tenon.model @m width 8 {
  tenon.stack @d layers 2 norm <function = rmsnorm, place = before, epsilon = 1.0e-6, bias = false, final = true> attributes {cached} {
    tenon.token_input vocab 23 positions <kind = rotary, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.attention_layer "a" heads 4 key_value_heads 2 head_size 4 scale 0.5 {mask = "k <= q", head_norm = #tenon.head_norm<function = rmsnorm, epsilon = 1.0e-6, bias = false, whole = false>}
    tenon.mlp_layer "m" hidden 16 silu {gated}
  }
  tenon.head @d {bias}
})mlir");
}

TEST(Decoder, BlocksInTurnWithARemainder) {
  checkDecoder(R"mlir(
tenon.model @m width 8 {
  tenon.stack @d layers 5 norm <function = rmsnorm, place = both, epsilon = 1.0e-6, bias = false, final = true, weight_offset = 1.0> attributes {cached} {
    tenon.token_input vocab 23 positions <kind = none, length = 64, offset = 0, base = 1.0e4, dims = 0, interleaved = false> {scale = 2.828 : f64}
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q && q - k < 9", score = "5.0 * tanh(s / 5.0)", rotary = #tenon.rotary<length = 64, dims = 4, base = 1.0e4, interleaved = true>}
    }
    tenon.block {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q"}
      tenon.mlp_layer "m" hidden 16 gelu {gated}
    }
  }
  tenon.head @d {tied, scale = 0.5 : f64, softcap = 3.0 : f64}
})mlir");
}

TEST(Decoder, SublayersSideBySideAndScoresOfDistance) {
  checkDecoder(R"mlir(
tenon.model @m width 8 {
  tenon.stack @d layers 2 norm <function = layernorm, place = before, epsilon = 1.0e-5, bias = true, final = true> attributes {cached} {
    tenon.token_input vocab 23 positions <kind = none, length = 0, offset = 0, base = 1.0e4, dims = 0, interleaved = false>
    tenon.parallel "p" attributes {shared_norm} {
      tenon.attention_layer "a" heads 2 key_value_heads 1 head_size 4 scale 0.5 {mask = "k <= q", score = "s + 0.25 * float(k - q)"}
      tenon.mlp_layer "m" hidden 16 relu_squared
    }
    tenon.attention_layer "b" heads 1 key_value_heads 1 head_size 2 scale 0.5 {mask = "k <= q"}
  }
  tenon.head @d
})mlir");
}

} // namespace
