//===- Families.h - What each family of kernels consists of -----*- C++ -*-===//

#ifndef TENON_KERNELS_FAMILIES_H
#define TENON_KERNELS_FAMILIES_H

#include "kernels/Plan.h"

namespace tenon::kernels {

/// The parts of a family, each in its folder.
struct FamilyRules {
  const Algorithms &(*algorithms)();
  const NestRules *tiled, *oneByOne; ///< The nests over tiles of rows, and over rows that come one by one.
};

const FamilyRules &rulesOf(Family family);
const NestRules &rulesOf(const LoopNest &nest);

} // namespace tenon::kernels

#endif // TENON_KERNELS_FAMILIES_H
