//===- Targets.cpp - What is known of each target --------------------------===//

#include "kernels/Targets.h"

namespace tenon::kernels {

namespace {

/// Cache sizes are the least of the CPUs that have the level's instructions in servers and laptops of the last years.
const TargetModel targets[] = {
    {"x86-64-v3", 3, 32, 16, 32 * 1024, 256 * 1024},
    {"x86-64-v4", 4, 64, 32, 32 * 1024, 1024 * 1024},
};

} // namespace

const TargetModel *findTarget(const std::string &name) {
  for (const TargetModel &target : targets)
    if (target.name == name)
      return &target;
  return nullptr;
}

std::vector<std::string> targetNames() {
  std::vector<std::string> names;
  for (const TargetModel &target : targets)
    names.push_back(target.name);
  return names;
}

std::string unknownTarget(const std::string &name) {
  std::string known;
  for (const TargetModel &target : targets)
    known += (known.empty() ? "" : ", ") + target.name;
  return "target '" + name + "' is not known; known: " + known;
}

Halide::Target kernelTarget(const TargetModel &model) {
  using Halide::Target;
  std::vector<Target::Feature> features = {Target::SSE41, Target::AVX,       Target::F16C,        Target::FMA,
                                           Target::AVX2,  Target::NoRuntime, Target::UserContext, Target::NoBoundsQuery};
  if (model.vectorBytes == 64) {
    features.push_back(Target::AVX512);
    features.push_back(Target::AVX512_Skylake);
  }
  return Target(Target::Linux, Target::X86, 64, features);
}

Halide::Target runtimeTarget() {
  using Halide::Target;
  return Target(Target::Linux, Target::X86, 64, {Target::UserContext});
}

int vectorLanes(const TargetModel &model) { return static_cast<int>(model.vectorBytes / sizeof(float)); }

} // namespace tenon::kernels
