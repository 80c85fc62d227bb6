//===- RotaryConfig.cpp ---------------------------------------------------===//

#include "import/RotaryConfig.h"
#include "spec/Rotary.h"
#include <cmath>

using namespace tenon;
using namespace tenon::import;

static constexpr llvm::StringRef supportedScalings = "\"default\", \"linear\", \"dynamic\", \"llama3\", \"yarn\"";

static double factorOf(Config &section) {
  double factor = section.numberOr("factor", 1.0);
  if (!(factor >= 1))
    section.fail("factor", "expected a number of at least 1, found " + std::to_string(factor));
  return factor;
}

/// The factor on YaRN's cosines and sines.
static double attentionFactor(Config &section, double factor) {
  if (section.has("attention_factor"))
    return section.numberOr("attention_factor", 1.0);
  double mscale = section.numberOr("mscale", 0), mscaleAll = section.numberOr("mscale_all_dim", 0);
  if (mscale == 0 || mscaleAll == 0 || factor <= 1)
    return spec::yarnAttentionFactor(factor);
  return (0.1 * mscale * std::log(factor) + 1) / (0.1 * mscaleAll * std::log(factor) + 1);
}

static spec::RotaryScaling readScaling(Config &config, Config &section, int64_t length) {
  spec::RotaryScaling scaling;
  llvm::StringRef key = section.has("rope_type") ? "rope_type" : "type";
  std::string kind = section.string(key);
  if (kind.empty() || kind == "default")
    return scaling;
  scaling.factor = factorOf(section);
  if (kind == "linear") {
    scaling.kind = spec::ScalingKind::Linear;
    return scaling;
  }
  scaling.originalLength = length;
  if (kind == "dynamic") {
    // Stretches for inputs beyond max_position_embeddings, which there are none of here.
    scaling.kind = spec::ScalingKind::DynamicNtk;
    return scaling;
  }
  static constexpr llvm::StringRef original = "original_max_position_embeddings";
  scaling.originalLength =
      config.has(original) ? config.integer(original) : section.integerOr(original, length, /*least=*/1);
  if (kind == "llama3") {
    scaling.kind = spec::ScalingKind::Llama3;
    scaling.lowFrequencyFactor = section.numberOr("low_freq_factor", scaling.lowFrequencyFactor);
    scaling.highFrequencyFactor = section.numberOr("high_freq_factor", scaling.highFrequencyFactor);
  } else if (kind == "yarn") {
    scaling.kind = spec::ScalingKind::Yarn;
    if (!section.has("factor"))
      scaling.factor = std::max(1.0, double(length) / scaling.originalLength);
    scaling.betaFast = section.numberOr("beta_fast", scaling.betaFast);
    scaling.betaSlow = section.numberOr("beta_slow", scaling.betaSlow);
    scaling.truncate = section.booleanOr("truncate", true);
    scaling.attentionFactor = attentionFactor(section, scaling.factor);
  } else {
    section.fail(key, "\"" + kind + "\" is not supported; supported: " + supportedScalings);
  }
  return scaling;
}

spec::Rotary tenon::import::readRotary(Config &config, LayerKind kind, const RotaryDefaults &defaults) {
  bool sliding = kind == LayerKind::Sliding;
  bool ownBase = sliding && defaults.slidingBase != 0;
  std::optional<Config> section = config.section("rope_parameters");
  bool byKind = section && (section->has("full_attention") || section->has("sliding_attention"));
  if (byKind)
    section = section->section(sliding ? "sliding_attention" : "full_attention");
  else if (!section && !ownBase)
    section = config.section("rope_scaling");
  else if (section && ownBase)
    section.reset(); // Of the other layers.

  double base = ownBase ? config.numberOr("rope_local_base_freq", defaults.slidingBase)
                        : config.numberOr("rope_theta", config.numberOr("rotary_emb_base", defaults.base));
  double part = config.numberOr("partial_rotary_factor", config.numberOr("rotary_pct", defaults.part));
  if (section) {
    base = section->numberOr("rope_theta", base);
    part = section->numberOr("partial_rotary_factor", part);
  }
  spec::Rotary rotary;
  rotary.base = base;
  bool isPart = part > 0 && part <= 1;
  auto turning = static_cast<int64_t>(isPart ? defaults.headSize * part : 0);
  if (turning < 2)
    config.fail("partial_rotary_factor", std::to_string(part) + " of a head of " + std::to_string(defaults.headSize) +
                                             " leaves " + std::to_string(turning) +
                                             " components that turn; expected 2 up to all of them");
  else
    rotary.dims = turning == defaults.headSize ? 0 : turning;
  if (section)
    rotary.scaling = readScaling(config, *section, defaults.length);
  return rotary;
}
