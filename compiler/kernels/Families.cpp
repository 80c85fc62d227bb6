//===- Families.cpp - What each family of kernels consists of -------------===//

#include "kernels/Families.h"

namespace tenon::kernels {

namespace {

struct Entry {
  Family family;
  FamilyRules rules;
};

constexpr Entry kFamilies[] = {
    {Family::Rowwise, {rowwiseAlgorithms, &rowwiseNests, &rowwiseNests}},
    {Family::Pooling, {poolingAlgorithms, &poolingNests, &poolingNests}},
    {Family::Unfold, {unfoldAlgorithms, &unfoldNests, &unfoldNests}},
    {Family::Depthwise, {depthwiseAlgorithms, &depthwiseNests, &depthwiseNests}},
    {Family::Scan, {scanAlgorithms, &scanNests, &scanNests}},
    {Family::CacheAppend, {cacheAppendAlgorithms, &cacheAppendNests, &cacheAppendNests}},
    {Family::Attention, {attentionAlgorithms, &attentionNests, &rowAttentionNests}},
    {Family::Linear, {linearAlgorithms, &linearNests, &rowLinearNests}},
};

} // namespace

const FamilyRules &rulesOf(Family family) {
  for (const Entry &each : kFamilies)
    if (each.family == family)
      return each.rules;
  throw RegionError("family " + std::to_string(static_cast<int>(family)) + " has no rules");
}

const NestRules &rulesOf(const LoopNest &nest) {
  const FamilyRules &family = rulesOf(nest.family);
  return nest.rowTile == kTileRows ? *family.tiled : *family.oneByOne;
}

Family familyOf(const std::string &operationKind) {
  for (const Entry &each : kFamilies)
    if (each.rules.algorithms().count(operationKind))
      return each.family;
  throw RegionError("no family of kernels computes the kind \"" + operationKind + "\"");
}

std::vector<FamilyDefinition> familyDefinitions() {
  std::vector<FamilyDefinition> definitions;
  for (const Entry &each : kFamilies)
    for (const NestRules *rules : {each.rules.tiled, each.rules.oneByOne}) {
      if (!definitions.empty() && definitions.back().name == rules->name)
        continue;
      definitions.push_back({rules->name, rules->computes, {}});
      for (const NestRules::Decision &decision : rules->decisions)
        definitions.back().parameters.push_back({decision.name, decision.meaning});
    }
  return definitions;
}

} // namespace tenon::kernels
