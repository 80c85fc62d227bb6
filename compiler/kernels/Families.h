//===- Families.h - What each family of kernels consists of -----*- C++ -*-===//

#ifndef TENON_KERNELS_FAMILIES_H
#define TENON_KERNELS_FAMILIES_H

#include "kernels/Plan.h"

namespace tenon::kernels {

/// The parts of a family, each in its folder.
struct FamilyRules {
  const Algorithms &(*algorithms)();
  Space (*space)(const KernelDescription &kernel, const TargetModel &target);
  void (*schedule)(Region &region, const LoopNest &nest, const Machine &machine, const Parameters &parameters);
};

const FamilyRules &rulesOf(Family family);

} // namespace tenon::kernels

#endif // TENON_KERNELS_FAMILIES_H
