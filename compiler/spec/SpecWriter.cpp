//===- SpecWriter.cpp -----------------------------------------------------===//

#include "spec/SpecWriter.h"
#include "spec/Names.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/YAMLParser.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace tenon::spec;

namespace {

/// A mapping on one line: {key: value, key: value}.
class FlowMapping {
public:
  FlowMapping &add(llvm::StringRef key, llvm::StringRef value) {
    text += (text.empty() ? "" : ", ") + key.str() + ": " + value.str();
    return *this;
  }
  FlowMapping &add(llvm::StringRef key, int64_t value) { return add(key, llvm::itostr(value)); }
  FlowMapping &addFlag(llvm::StringRef key, bool value, bool usual) {
    return value == usual ? *this : add(key, value ? "true" : "false");
  }
  std::string str() const { return "{" + text + "}"; }

private:
  std::string text;
};

} // namespace

/// The shortest form that reads back as the same number; does not depend on the locale.
static std::string shortest(double value) {
  std::string text;
  for (int digits : {6, 15, 17}) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    double back = 0;
    if (!llvm::StringRef(text).getAsDouble(back) && back == value)
      break;
  }
  return text;
}

/// A string that reads back as itself, in quotes unless it is a plain word.
static std::string scalar(llvm::StringRef text) {
  bool word = !text.empty() && llvm::isAlpha(text[0]) && text != "null" &&
              llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_-./*").contains(c); });
  return word ? text.str() : "\"" + llvm::yaml::escape(text, /*EscapePrintable=*/false) + "\"";
}

static std::string positions(const Positions &positions) {
  llvm::StringRef kind = positionKindNames[size_t(positions.kind)];
  bool hasTable = positions.kind == PositionKind::Sinusoidal || positions.kind == PositionKind::Rotary;
  int64_t usualLength = hasTable ? defaultTableLength : 0;
  FlowMapping keys;
  keys.add("kind", kind);
  if (positions.length != usualLength)
    keys.add("length", positions.length);
  if (positions.offset != 0)
    keys.add("offset", positions.offset);
  if (positions.base != Positions().base)
    keys.add("base", shortest(positions.base));
  if (positions.dims != 0)
    keys.add("dims", positions.dims);
  keys.addFlag("interleaved", positions.interleaved, false);
  std::string text = keys.str();
  return text == "{kind: " + kind.str() + "}" ? kind.str() : text;
}

static std::string input(const Input &input) {
  FlowMapping keys;
  keys.add("vocab", input.vocab);
  if (input.positions.kind != PositionKind::None || input.positions.length != 0)
    keys.add("positions", positions(input.positions));
  if (input.types != 0)
    keys.add("types", input.types);
  keys.addFlag("norm", input.norm, false);
  if (input.scale != 1.0)
    keys.add("scale", shortest(input.scale));
  return keys.str();
}

static std::string norm(const Norm &norm) {
  FlowMapping keys;
  keys.add("kind", normKindNames[size_t(norm.kind)]).add("place", normPlaceNames[size_t(norm.place)]);
  if (norm.epsilon != Norm().epsilon)
    keys.add("epsilon", shortest(norm.epsilon));
  if (norm.kind == NormKind::LayerNorm)
    keys.addFlag("bias", norm.bias, true);
  if (norm.place == NormPlace::Before)
    keys.addFlag("final", norm.final, true);
  return keys.str();
}

static std::string attention(const AttentionSublayer &attention, int64_t width) {
  FlowMapping keys;
  keys.add("heads", attention.heads);
  if (attention.keyValueHeads != attention.heads)
    keys.add("kv_heads", attention.keyValueHeads);
  if (attention.headSize * attention.heads != width)
    keys.add("head_size", attention.headSize);
  keys.addFlag("bias", attention.bias, true).addFlag("output_bias", attention.outputBias, true);
  if (attention.scale != 1 / std::sqrt(static_cast<double>(attention.headSize)))
    keys.add("scale", shortest(attention.scale));
  if (attention.name != "attention")
    keys.add("name", scalar(attention.name));
  return keys.str();
}

static std::string mlp(const MlpSublayer &mlp) {
  FlowMapping keys;
  keys.add("hidden", mlp.hidden).add("activation", activationNames[size_t(mlp.activation)]);
  keys.addFlag("gated", mlp.gated, false).addFlag("bias", mlp.bias, true);
  if (mlp.name != "mlp")
    keys.add("name", scalar(mlp.name));
  return keys.str();
}

static void writeStack(llvm::raw_ostream &os, const Stack &stack, int64_t width) {
  os << "  " << scalar(stack.name) << ":\n";
  os << "    input: " << input(stack.input) << "\n";
  os << "    layers: " << stack.layers << "\n";
  os << "    norm: " << norm(stack.norm) << "\n";
  os << "    block:\n";
  for (const Sublayer &sublayer : stack.block) {
    if (const auto *layer = std::get_if<AttentionSublayer>(&sublayer))
      os << "      - attention: " << attention(*layer, width) << "\n";
    else
      os << "      - mlp: " << mlp(std::get<MlpSublayer>(sublayer)) << "\n";
  }
}

static std::string pooling(const Pooling &pooling, size_t stacks) {
  FlowMapping keys;
  if (stacks > 1)
    keys.add("stack", scalar(pooling.stack));
  keys.add("kind", poolingKindNames[size_t(pooling.kind)]).addFlag("normalize", pooling.normalize, false);
  return keys.str();
}

std::string tenon::spec::writeSpec(const Model &model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "tenon: 1\n";
  os << "name: " << scalar(model.name) << "\n";
  os << "width: " << model.width << "\n";
  os << "stacks:\n";
  for (const Stack &stack : model.stacks)
    writeStack(os, stack, model.width);
  if (model.pooling)
    os << "pooling: " << pooling(*model.pooling, model.stacks.size()) << "\n";
  if (!model.weights.empty())
    os << "weights: " << scalar(model.weights) << "\n";
  if (!model.tokenizer.empty())
    os << "tokenizer: " << scalar(model.tokenizer) << "\n";
  if (model.textTokens != 0)
    os << "text_tokens: " << model.textTokens << "\n";
  if (!model.names.empty())
    os << "names:\n";
  for (const TensorName &name : model.names)
    os << "  " << scalar(name.parameter) << ": " << scalar(name.tensor) << "\n";
  return text;
}
