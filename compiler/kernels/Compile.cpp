//===- Compile.cpp - Schedules chosen, checked and compiled ---------------===//

#include "kernels/Families.h"
#include "kernels/Targets.h"
#include "support/ScratchDirectory.h"

#include <algorithm>
#include <cstring>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>

using namespace Halide;

namespace tenon::kernels {

namespace {

/// The family of a region's most demanding operation.
Family familyOfRegion(const KernelDescription &kernel) {
  Family family = Family::Rowwise;
  for (const Operation &operation : kernel.operations)
    family = std::max(family, familyOf(operation.kind));
  return family;
}

/// The parameters of the region's family. Nests of other families in it have their own defaults.
Space spaceOf(const KernelDescription &kernel, const TargetModel &target) {
  return rulesOf(familyOfRegion(kernel)).space(kernel, target);
}

std::string listText(const std::vector<int64_t> &values) {
  std::string text;
  for (int64_t value : values)
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

/// Throws where `schedule` names what the region does not have or gives it an illegal value. What it leaves out has its
/// default.
Parameters checkedParameters(const Space &space, const Schedule &schedule) {
  Parameters parameters;
  for (const auto &[name, parameter] : space)
    parameters[name] = parameter.chosen;
  for (const auto &[name, value] : schedule.parameters) {
    auto found = space.find(name);
    if (found == space.end()) {
      std::string known;
      for (const auto &[each, parameter] : space)
        known += (known.empty() ? "" : ", ") + each;
      throw RegionError("schedule: unknown parameter \"" + name + "\", this kernel has " + known);
    }
    const std::vector<int64_t> &values = found->second.values;
    if (!std::count(values.begin(), values.end(), value))
      throw RegionError("schedule: expected \"" + name + "\" to be one of " + listText(values) + ", found " +
                        std::to_string(value));
    parameters[name] = value;
  }
  return parameters;
}

/// A region may hold nests of other families than its own; those have their defaults.
void scheduleNest(Region &region, const LoopNest &nest, const TargetModel &target, const Space &space,
                  Parameters parameters) {
  Machine machine{vectorLanes(target), static_cast<int>(target.vectorRegisters)};
  const FamilyRules &rules = rulesOf(nest.family);
  for (const auto &[name, parameter] : rules.space(region.description, target))
    if (!space.count(name))
      parameters[name] = parameter.chosen;
  rules.schedule(region, nest, machine, parameters);
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw RegionError("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Halide gives its wrapper for argument vectors a name of its own: this is the same function under the caller's.
Internal::LoweredFunc entryPoint(const std::string &symbol, const std::string &wrapper) {
  using namespace Halide::Internal;
  LoweredArgument vector("arguments", Argument::InputScalar, type_of<void **>(), 0, ArgumentEstimates{});
  Expr call =
      Internal::Call::make(Int(32), wrapper, {Variable::make(type_of<void **>(), vector.name)}, Internal::Call::Extern);
  Expr status = Variable::make(Int(32), "status");
  Stmt body = LetStmt::make("status", call, AssertStmt::make(status == 0, status));
  return LoweredFunc(symbol, std::vector<LoweredArgument>{vector}, body, LinkageType::External, NameMangling::C);
}

/// The same functions, whose code is to look at what halide_malloc and parallel loops return: those checks are made with
/// the code, for the target that the module names, while the many that lowering puts into loops are not there any more.
Module withChecksOfMemory(const Module &lowered, const TargetModel &target) {
  Module module(lowered.name(), kernelTarget(target));
  module.set_any_strict_float(lowered.any_strict_float());
  for (const Buffer<void> &buffer : lowered.buffers())
    module.append(buffer);
  for (const Internal::LoweredFunc &function : lowered.functions())
    module.append(function);
  return module;
}

std::string textOf(const Buffer<uint8_t> &bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size_in_bytes()};
}

std::string write(const Module &module, Output kind) {
  if (kind == Output::Object)
    return textOf(module.compile_to_buffer());
  if (kind == Output::LoweredLoops) {
    std::ostringstream text;
    text << module;
    return text.str();
  }
  // Halide writes this to files alone.
  std::optional<ScratchDirectory> directory = ScratchDirectory::create();
  if (!directory)
    throw RegionError(std::string("a temporary directory cannot be made: ") + std::strerror(errno));
  module.compile({{OutputFileType::assembly, directory->file("output")}});
  return readFile(directory->file("output"));
}

std::string compileRegion(const KernelDescription &kernel, const Schedule &schedule, const std::string &symbol,
                          Output kind) {
  const TargetModel *target = findTarget(schedule.target);
  if (!target) {
    std::string known;
    for (const std::string &name : targetNames())
      known += (known.empty() ? "" : ", ") + name;
    throw RegionError("unknown target \"" + schedule.target + "\", expected one of " + known);
  }
  Region region(kernel);
  Space space = spaceOf(kernel, *target);
  Parameters parameters = checkedParameters(space, schedule);
  Plan plan = planRegion(region);
  for (const LoopNest &nest : plan.nests)
    scheduleNest(region, nest, *target, space, parameters);

  std::vector<Argument> arguments(region.arguments.begin(), region.arguments.end());
  // The host driver makes every buffer from the shapes that the kernel was compiled for: checks of them would cost compile
  // time and find nothing.
  Pipeline pipeline(plan.outputs);
  if (!region.streams.empty())
    pipeline.add_custom_lowering_pass(new PrefetchStreams(region.streams));
  Module lowered = pipeline.compile_to_module(arguments, symbol + "_body",
                                              kernelTarget(*target).with_feature(Target::NoAsserts),
                                              LinkageType::ExternalPlusArgv);
  lowered.append(entryPoint(symbol, symbol + "_body_argv"));
  return write(withChecksOfMemory(lowered, *target), kind);
}

/// Errors are thrown; warnings are about schedules and pipelines as such, which the tests settle.
class Reporter : public CompileTimeErrorReporter {
public:
  void warning(const char *message) override {}
  [[noreturn]] void error(const char *message) override { throw CompileError(message); }
};

void installReporter() {
  static Reporter reporter;
  static std::once_flag once;
  std::call_once(once, [] { set_custom_compile_time_error_reporter(&reporter); });
}

/// No exception passes: the text of one becomes the error.
template <typename Action> bool guarded(Action action, std::string &error) {
  try {
    installReporter();
    action();
    return true;
  } catch (const Halide::Error &failure) {
    error = std::string("the kernel compiler rejects this kernel: ") + failure.what();
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  while (!error.empty() && error.back() == '\n')
    error.pop_back();
  return false;
}

} // namespace

/// The space of a region that some family computes; none, with `error` set, of another.
static std::optional<Space> verifiedSpace(const KernelDescription &kernel, const TargetModel &target,
                                          std::string &error) {
  Space space;
  auto find = [&] {
    verifyDescription(kernel);
    space = spaceOf(kernel, target);
  };
  return guarded(find, error) ? std::optional(space) : std::nullopt;
}

std::optional<Schedule> defaultSchedule(const KernelDescription &kernel, const TargetModel &target,
                                        std::string &error) {
  std::optional<Space> space = verifiedSpace(kernel, target, error);
  if (!space)
    return std::nullopt;
  Schedule schedule{target.name, {}};
  for (const auto &[name, parameter] : *space)
    schedule.parameters[name] = parameter.chosen;
  return schedule;
}

std::optional<ScheduleSpace> scheduleSpace(const KernelDescription &kernel, const TargetModel &target,
                                           std::string &error) {
  std::optional<Space> space = verifiedSpace(kernel, target, error);
  if (!space)
    return std::nullopt;
  ScheduleSpace values;
  for (const auto &[name, parameter] : *space)
    values[name] = parameter.values;
  return values;
}

bool compileKernel(const KernelDescription &kernel, const Schedule &schedule, const std::string &symbol, Output kind,
                   std::string &output, std::string &error) {
  return guarded([&] { output = compileRegion(kernel, schedule, symbol, kind); }, error);
}

bool compileRuntime(std::string &output, std::string &error) {
  return guarded(
      [&] {
        // What a module that lacks the runtime is linked with: one that has nothing else.
        output = textOf(Module("runtime", runtimeTarget()).compile_to_buffer());
      },
      error);
}

} // namespace tenon::kernels
