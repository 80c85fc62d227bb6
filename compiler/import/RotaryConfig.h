//===- RotaryConfig.h - Rotary positions of a config.json -------*- C++ -*-===//

#ifndef TENON_IMPORT_ROTARYCONFIG_H
#define TENON_IMPORT_ROTARYCONFIG_H

#include "import/StrictJson.h"
#include "spec/Spec.h"

namespace tenon::import {

/// Which of a model's layers, where they differ.
enum class LayerKind { Full, Sliding };

/// What is not among the keys of rotary positions.
struct RotarySizes {
  int64_t headSize = 0;
  int64_t length = 0;  ///< Of the longest input.
  bool scales = true;  ///< Whether the model's class takes scalings that are supported.
};

/// Whether layers with a window have rotary positions of their own.
bool hasSlidingRotary(const Config &config);

/// The rotary positions of layers of a kind: from `rope_parameters`, one for all kinds or one for each, or from the
/// older `rope_theta` and `rope_scaling`. `config` has been completed (ConfigDefaults.h).
spec::Rotary readRotary(Config &config, LayerKind kind, const RotarySizes &sizes);

} // namespace tenon::import

#endif // TENON_IMPORT_ROTARYCONFIG_H
