//===- RotaryConfig.h - Rotary positions of a config.json -------*- C++ -*-===//

#ifndef TENON_IMPORT_ROTARYCONFIG_H
#define TENON_IMPORT_ROTARYCONFIG_H

#include "import/StrictJson.h"
#include "spec/Spec.h"

namespace tenon::import {

/// Which of a model's layers, where they differ.
enum class LayerKind { Full, Sliding };

/// What is not in every configuration.
struct RotaryDefaults {
  double part = 1.0;      ///< Of a head's components, those that turn.
  double base = 10000.0;  ///< Of layers that see all keys.
  double slidingBase = 0; ///< Of layers with a window; 0 for that of the others.
  int64_t headSize = 0;
  int64_t length = 0; ///< Of the longest input.
};

/// The rotary positions of layers of a kind: from `rope_parameters`, one for all kinds or one for each, or from the
/// older `rope_theta` and `rope_scaling`.
spec::Rotary readRotary(Config &config, LayerKind kind, const RotaryDefaults &defaults);

} // namespace tenon::import

#endif // TENON_IMPORT_ROTARYCONFIG_H
