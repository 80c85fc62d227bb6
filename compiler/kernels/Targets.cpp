//===- Targets.cpp - What is known of each target --------------------------===//

#include "kernels/Targets.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>

namespace tenon::kernels {

namespace {

/// Cache sizes are the least of the CPUs that have the level's instructions in servers and laptops of the last years;
/// two cores are what every one of them has.
const TargetModel targets[] = {
    {"x86-64-v3", 3, 32, 16, 32 * 1024, 256 * 1024, 2},
    {"x86-64-v4", 4, 64, 32, 32 * 1024, 1024 * 1024, 2},
};

const CpuFigure figures[] = {
    {"l1", &TargetModel::level1Bytes, true, int64_t(1) << 30, "first-level cache"},
    {"l2", &TargetModel::level2Bytes, true, int64_t(1) << 30, "second-level cache"},
    {"cores", &TargetModel::cores, false, 4096, "cores"},
};

const CpuFigure *findFigure(std::string_view name) {
  auto found = std::ranges::find(figures, name, &CpuFigure::name);
  return found == std::end(figures) ? nullptr : found;
}

/// A number of the figure, "48K", "8"; 0 for another text.
int64_t readValue(std::string_view text, const CpuFigure &figure) {
  int64_t value = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string_view unit(end, text.data() + text.size());
  int shift = !figure.isBytes || unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : -1;
  bool isWhole = code == std::errc() && (unit.empty() || shift > 0);
  return isWhole && value >= 1 && value <= figure.most >> shift ? value << shift : 0;
}

/// Sets what `part`, "l2=2M", says. Returns what is wrong with it.
std::string setFigure(TargetModel &target, std::string_view part, std::set<std::string_view> &given) {
  std::string_view name = part.substr(0, part.find('='));
  const CpuFigure *figure = findFigure(name);
  if (!figure) {
    std::string known;
    for (const CpuFigure &each : figures)
      known += std::string(known.empty() ? "" : ", ") + each.name;
    return "figure '" + std::string(name) + "' is not known; known: " + known;
  }
  if (!given.insert(name).second)
    return "figure '" + std::string(name) + "' is given twice";
  std::string_view text = part.size() > name.size() ? part.substr(name.size() + 1) : "";
  target.*figure->value = readValue(text, *figure);
  if (target.*figure->value > 0)
    return "";
  return "expected " + std::string(name) + "=NUMBER, " +
         (figure->isBytes ? "bytes as 512K or 2M from 1 to " + std::to_string(figure->most >> 20) + "M"
                          : "from 1 to " + std::to_string(figure->most)) +
         ", found '" + std::string(part) + "'";
}

} // namespace

std::span<const CpuFigure> cpuFigures() { return figures; }

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

std::optional<TargetModel> readTarget(const std::string &text, std::string &error) {
  size_t end = std::min(text.find('+'), text.size());
  const TargetModel *known = findTarget(text.substr(0, end));
  if (!known) {
    error = unknownTarget(text.substr(0, end));
    return std::nullopt;
  }
  TargetModel target = *known;
  std::set<std::string_view> given;
  while (end < text.size()) {
    size_t begin = end + 1;
    end = std::min(text.find('+', begin), text.size());
    std::string fault = setFigure(target, std::string_view(text).substr(begin, end - begin), given);
    if (!fault.empty()) {
      error = "target '" + text + "': " + fault;
      return std::nullopt;
    }
  }
  return target;
}

std::string figureText(int64_t value, const CpuFigure &figure) {
  for (auto [shift, unit] : {std::pair(20, "M"), std::pair(10, "K")})
    if (figure.isBytes && value % (int64_t(1) << shift) == 0)
      return std::to_string(value >> shift) + unit;
  return std::to_string(value);
}

std::string textOf(const TargetModel &target) {
  const TargetModel *known = findTarget(target.name);
  std::string text = target.name;
  for (const CpuFigure &figure : figures)
    if (!known || target.*figure.value != known->*figure.value)
      text += std::string("+") + figure.name + "=" + figureText(target.*figure.value, figure);
  return text;
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
