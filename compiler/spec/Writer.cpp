//===- Writer.cpp - Values as the spec spells them ------------------------===//

#include "spec/Writer.h"
#include "spec/Names.h"
#include "spec/Rotary.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/YAMLParser.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::spec;

std::string tenon::spec::shortest(double value) {
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

std::string tenon::spec::quoted(llvm::StringRef text) {
  return "\"" + llvm::yaml::escape(text, /*EscapePrintable=*/false) + "\"";
}

std::string tenon::spec::scalar(llvm::StringRef text) {
  bool word = !text.empty() && llvm::isAlpha(text[0]) && text != "null" &&
              llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_-./*").contains(c); });
  return word ? text.str() : quoted(text);
}

std::string tenon::spec::bracketed(llvm::ArrayRef<std::string> items) { return "[" + llvm::join(items, ", ") + "]"; }

void tenon::spec::addScaling(FlowMapping &outer, const RotaryScaling &scaling) {
  if (scaling.kind == ScalingKind::None)
    return;
  const RotaryScaling usual;
  FlowMapping keys;
  keys.add("kind", scalingKindNames[size_t(scaling.kind)]).add("factor", shortest(scaling.factor));
  if (scaling.kind != ScalingKind::Linear)
    keys.add("original_length", scaling.originalLength);
  auto addReal = [&](llvm::StringRef key, double value, double usual) {
    if (value != usual)
      keys.add(key, shortest(value));
  };
  if (scaling.kind == ScalingKind::Llama3) {
    addReal("low_frequency_factor", scaling.lowFrequencyFactor, usual.lowFrequencyFactor);
    addReal("high_frequency_factor", scaling.highFrequencyFactor, usual.highFrequencyFactor);
  }
  if (scaling.kind == ScalingKind::Yarn) {
    addReal("beta_fast", scaling.betaFast, usual.betaFast);
    addReal("beta_slow", scaling.betaSlow, usual.betaSlow);
    addReal("attention_factor", scaling.attentionFactor, yarnAttentionFactor(scaling.factor));
    keys.addFlag("truncate", scaling.truncate, true);
  }
  outer.add("scaling", keys.str());
}
