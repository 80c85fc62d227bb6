//===- Rotary.h - The angles of rotary positions ----------------*- C++ -*-===//

#ifndef TENON_SPEC_ROTARY_H
#define TENON_SPEC_ROTARY_H

#include "spec/Spec.h"

namespace tenon::spec {

/// The rotary positions of `attention` in `stack`: nothing where queries and keys do not turn. `dims` is never 0.
std::optional<Rotary> rotaryOf(const Stack &stack, const AttentionSublayer &attention);

/// The angle by which each of the `rotary.dims` / 2 pairs turns per position, in radians, in a table of `length`
/// positions.
std::vector<double> rotaryFrequencies(const Rotary &rotary, int64_t length);

/// The attention factor of YaRN that its paper recommends.
double yarnAttentionFactor(double factor);

/// The factor on the cosines and sines.
double rotaryFactor(const Rotary &rotary);

} // namespace tenon::spec

#endif // TENON_SPEC_ROTARY_H
