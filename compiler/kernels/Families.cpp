//===- Families.cpp - What each family of kernels consists of -------------===//

#include "kernels/Families.h"

namespace tenon::kernels {

namespace {

struct Entry {
  Family family;
  FamilyRules rules;
};

constexpr Entry kFamilies[] = {
    {Family::Rowwise, {rowwiseAlgorithms, rowwiseSpace, scheduleRowwise}},
    {Family::Pooling, {poolingAlgorithms, poolingSpace, schedulePooling}},
    {Family::Unfold, {unfoldAlgorithms, unfoldSpace, scheduleUnfold}},
    {Family::Depthwise, {depthwiseAlgorithms, depthwiseSpace, scheduleDepthwise}},
    {Family::Scan, {scanAlgorithms, scanSpace, scheduleScan}},
    {Family::CacheAppend, {cacheAppendAlgorithms, cacheAppendSpace, scheduleCacheAppend}},
    {Family::Attention, {attentionAlgorithms, attentionSpace, scheduleAttention}},
    {Family::Linear, {linearAlgorithms, linearSpace, scheduleLinear}},
};

} // namespace

const FamilyRules &rulesOf(Family family) {
  for (const Entry &each : kFamilies)
    if (each.family == family)
      return each.rules;
  throw RegionError("family " + std::to_string(static_cast<int>(family)) + " has no rules");
}

Family familyOf(const std::string &operationKind) {
  for (const Entry &each : kFamilies)
    if (each.rules.algorithms().count(operationKind))
      return each.family;
  throw RegionError("no family of kernels computes the kind \"" + operationKind + "\"");
}

} // namespace tenon::kernels
