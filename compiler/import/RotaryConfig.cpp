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

static spec::RotaryScaling readScaling(Config &config, Config &section, const RotarySizes &sizes) {
  spec::RotaryScaling scaling;
  llvm::StringRef key = section.has("rope_type") ? "rope_type" : "type";
  std::string kind = section.string(key);
  if (kind.empty() || kind == "default")
    return scaling;
  if (!sizes.scales) {
    section.fail(key, "\"" + kind + "\" is not supported for this model type; supported: \"default\"");
    return scaling;
  }
  scaling.factor = factorOf(section);
  if (kind == "linear") {
    scaling.kind = spec::ScalingKind::Linear;
    return scaling;
  }
  scaling.originalLength = sizes.length;
  if (kind == "dynamic") {
    // Stretches for inputs beyond max_position_embeddings, which there are none of here.
    scaling.kind = spec::ScalingKind::DynamicNtk;
    return scaling;
  }
  static constexpr llvm::StringRef original = "original_max_position_embeddings";
  scaling.originalLength =
      config.has(original) ? config.integer(original) : section.integerOr(original, sizes.length, /*least=*/1);
  if (kind == "llama3") {
    scaling.kind = spec::ScalingKind::Llama3;
    scaling.lowFrequencyFactor = section.numberOr("low_freq_factor", scaling.lowFrequencyFactor);
    scaling.highFrequencyFactor = section.numberOr("high_freq_factor", scaling.highFrequencyFactor);
  } else if (kind == "yarn") {
    scaling.kind = spec::ScalingKind::Yarn;
    if (!section.has("factor"))
      scaling.factor = std::max(1.0, double(sizes.length) / scaling.originalLength);
    scaling.betaFast = section.numberOr("beta_fast", scaling.betaFast);
    scaling.betaSlow = section.numberOr("beta_slow", scaling.betaSlow);
    scaling.truncate = section.booleanOr("truncate", true);
    scaling.attentionFactor = attentionFactor(section, scaling.factor);
  } else {
    section.fail(key, "\"" + kind + "\" is not supported; supported: " + supportedScalings);
  }
  return scaling;
}

/// Only models whose layers differ have this key.
static constexpr llvm::StringRef slidingBaseKey = "rope_local_base_freq";

bool tenon::import::hasSlidingRotary(const Config &config) { return config.has(slidingBaseKey); }

/// `key` of `section`, where there is one.
static std::optional<Config> sectionOf(std::optional<Config> section, llvm::StringRef key) {
  return section ? section->section(key) : std::nullopt;
}

spec::Rotary tenon::import::readRotary(Config &config, LayerKind kind, const RotarySizes &sizes) {
  bool sliding = kind == LayerKind::Sliding;
  std::optional<Config> section = config.section("rope_parameters");
  std::optional<Config> older = config.section("rope_scaling");
  llvm::StringRef baseKey = config.firstOf("rope_theta|rotary_emb_base");
  if (hasSlidingRotary(config)) {
    // What is given for all kinds at once counts for none of these, and the older key for layers that see all keys.
    section = sectionOf(section, sliding ? "sliding_attention" : "full_attention");
    if (sliding) {
      older.reset();
      baseKey = slidingBaseKey;
    }
  }
  bool isOlder = older && !older->isEmpty();
  // The older key takes the place of the newer one, but of layers that differ it adds to it.
  std::optional<Config> &scaling = isOlder ? older : section;
  spec::Rotary rotary;
  rotary.base = config.number(baseKey);
  if (section && (!isOlder || hasSlidingRotary(config)))
    rotary.base = section->numberOr("rope_theta", rotary.base);
  if (isOlder)
    rotary.base = older->numberOr("rope_theta", rotary.base);
  // Of classes without the key all of a head turns, whatever is said.
  llvm::StringRef partKey = config.firstOf("partial_rotary_factor|rotary_pct");
  double part = config.numberOr(partKey, 1);
  if (scaling && config.has(partKey))
    part = scaling->numberOr("partial_rotary_factor", part);
  bool isPart = part > 0 && part <= 1;
  auto turning = static_cast<int64_t>(isPart ? sizes.headSize * part : 0);
  if (turning < 2)
    config.fail(partKey, std::to_string(part) + " of a head of " + std::to_string(sizes.headSize) + " leaves " +
                             std::to_string(turning) + " components that turn; expected 2 up to all of them");
  else
    rotary.dims = turning == sizes.headSize ? 0 : turning;
  if (scaling)
    rotary.scaling = readScaling(config, *scaling, sizes);
  return rotary;
}
