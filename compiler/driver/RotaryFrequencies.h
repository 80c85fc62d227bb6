//===- RotaryFrequencies.h - Angles of scaled rotary positions --*- C++ -*-===//

#ifndef TENON_DRIVER_ROTARYFREQUENCIES_H
#define TENON_DRIVER_ROTARYFREQUENCIES_H

#include "spec/Spec.h"

#include <vector>

namespace tenon {

/// The angle that each of `dims` / 2 pairs turns by from one position to the next, in radians, for inputs of up to
/// `length` tokens.
std::vector<double> rotaryFrequencies(const spec::Rotary &rotary, int64_t dims, int64_t length);

} // namespace tenon

#endif // TENON_DRIVER_ROTARYFREQUENCIES_H
