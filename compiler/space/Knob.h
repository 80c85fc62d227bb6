//===- Knob.h - A choice between the poles ----------------------*- C++ -*-===//

#ifndef TENON_SPACE_KNOB_H
#define TENON_SPACE_KNOB_H

#include "spec/Spec.h"
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon::space {

/// Another value that a knob could have.
struct Turn {
  std::string value;
  std::function<void(spec::Model &)> apply; ///< Makes a model with the value of one with the knob's. It may be none.
  std::string refusal = {};                 ///< Why it is no choice by itself; empty where the reader judges.
};

/// One choice of those that lie between an encoder-decoder and a decoder alone, at one place of a model.
struct Knob {
  std::string name;
  std::string place;                                      ///< "decoder.cross from encoder", "decoder with encoder".
  std::string value;                                      ///< The model's.
  std::optional<std::string> encoderDecoder, decoderOnly; ///< At the poles; nothing where a pole has either.
  std::vector<Turn> turns;

  bool differsFrom(const std::optional<std::string> &pole) const { return pole && *pole != value; }
};

/// All knobs that the model has, kind after kind.
std::vector<Knob> knobsOf(const spec::Model &model);

} // namespace tenon::space

#endif // TENON_SPACE_KNOB_H
