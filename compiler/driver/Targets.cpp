//===- Targets.cpp - Targets as users name them ---------------------------===//

#include "driver/Targets.h"

#include "machine/ThisCpu.h"
#include "runtime/src/Cpu.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace tenon;

/// The best that this machine's CPU runs; null where there is none.
static const kernels::TargetModel *bestTarget() {
  const kernels::TargetModel *best = nullptr;
  for (const std::string &name : kernels::targetNames())
    if (const kernels::TargetModel *target = kernels::findTarget(name); target->level <= runtime::cpuLevel())
      best = target;
  return best;
}

/// The target with what the system says of this machine's CPU.
static kernels::TargetModel onThisCpu(kernels::TargetModel target) {
  auto take = [](int64_t &figure, size_t known) {
    if (known > 0)
      figure = static_cast<int64_t>(known);
  };
  machine::Caches caches = machine::cachesOfThisCpu();
  take(target.level1Bytes, caches.first);
  take(target.level2Bytes, caches.second);
  take(target.cores, machine::physicalCores());
  return target;
}

Expected<kernels::TargetModel> tenon::readTargetText(StringRef text) {
  std::string error;
  if (text == "native") {
    if (const kernels::TargetModel *best = bestTarget())
      return onThisCpu(*best);
    return createStringError("target 'native': this CPU has %s, expected one that runs %s",
                             runtime::describeLevel(runtime::cpuLevel()).c_str(),
                             join(kernels::targetNames(), " or ").c_str());
  }
  auto [name, figures] = text.split('+');
  bool isNative = figures == "native";
  if (!isNative && is_contained(split(figures, '+'), "native"))
    return createStringError("target '%s': expected figures or native, found both", text.str().c_str());
  std::optional<kernels::TargetModel> target = kernels::readTarget(isNative ? name.str() : text.str(), error);
  if (!target)
    return createStringError(error);
  return isNative ? onThisCpu(*target) : *target;
}

Expected<std::vector<kernels::TargetModel>> tenon::readTargetTexts(ArrayRef<std::string> texts) {
  std::vector<kernels::TargetModel> targets;
  for (const std::string &text : texts) {
    auto target = readTargetText(text);
    if (!target)
      return target.takeError();
    if (is_contained(map_range(targets, [](const auto &known) { return known.name; }), target->name))
      return createStringError("target '%s' is given twice", target->name.c_str());
    targets.push_back(std::move(*target));
  }
  return targets;
}

Expected<std::string> tenon::targetName(StringRef text) {
  if (text.empty())
    return "";
  auto target = readTargetText(text);
  if (!target)
    return target.takeError();
  return target->name;
}
