//===- Compile.cpp - Schedules chosen, checked and compiled ---------------===//

#include "kernels/Families.h"
#include "kernels/Guarded.h"
#include "kernels/LoopLimits.h"
#include "kernels/Targets.h"
#include "support/ScratchDirectory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

using namespace Halide;

namespace tenon::kernels {

namespace {

const TargetModel &targetOf(const Schedule &schedule) {
  if (const TargetModel *target = findTarget(schedule.target))
    return *target;
  std::string known;
  for (const std::string &name : targetNames())
    known += (known.empty() ? "" : ", ") + name;
  throw RegionError("unknown target \"" + schedule.target + "\", expected one of " + known);
}

NestSpace spaceOf(const Region &region, const LoopNest &nest, const TargetModel &target) {
  const NestRules &rules = rulesOf(nest);
  Space values = rules.space(region, nest, target);
  NestSpace space{rules.name, {}};
  for (const auto &[name, meaning] : rules.decisions)
    if (auto found = values.find(name); found != values.end())
      space.parameters.push_back({name, found->second.chosen, found->second.values, meaning});
  if (space.parameters.size() != values.size())
    throw RegionError("family " + space.family + " has a parameter that it does not define");
  return space;
}

ScheduleSpace spaceOf(const Region &region, const Plan &plan, const TargetModel &target) {
  ScheduleSpace space;
  for (const auto &[name, size] : plan.sizes)
    space.sizes.push_back(name);
  for (const LoopNest &nest : plan.nests)
    space.nests.push_back(spaceOf(region, nest, target));
  return space;
}

/// `schedule` with all of its parameters. Throws where it is illegal.
Schedule checked(const Schedule &schedule, const ScheduleSpace &space) {
  if (auto fault = faultOf(schedule, space))
    throw RegionError("schedule: " + fault->message);
  return completed(schedule, space);
}

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw RegionError("cannot read " + path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// The call of a function of the module, whose failure is the caller's.
Internal::Stmt callOf(const std::string &function, const std::vector<Expr> &arguments) {
  using namespace Halide::Internal;
  Expr status = Variable::make(Int(32), "status");
  return LetStmt::make("status", Internal::Call::make(Int(32), function, arguments, Internal::Call::Extern),
                       AssertStmt::make(status == 0, status));
}

/// Halide gives its wrapper for argument vectors a name of its own: this is the same function under the caller's.
Internal::LoweredFunc entryPoint(const std::string &symbol, const std::string &wrapper) {
  using namespace Halide::Internal;
  LoweredArgument vector("arguments", Argument::InputScalar, type_of<void **>(), 0, ArgumentEstimates{});
  return LoweredFunc(symbol, std::vector<LoweredArgument>{vector},
                     callOf(wrapper, {Variable::make(type_of<void **>(), vector.name)}), LinkageType::External,
                     NameMangling::C);
}

/// One case of a schedule as functions.
struct CompiledCase {
  std::vector<Comparison> when;
  std::map<std::string, Expr> sizes;
  std::string function;
  std::vector<Internal::LoweredArgument> arguments;
};

/// The function `name` that looks at the sizes of its arguments and calls the first case that they fulfil.
Internal::LoweredFunc dispatcher(const std::string &name, const std::vector<CompiledCase> &cases) {
  using namespace Halide::Internal;
  const std::vector<LoweredArgument> &arguments = cases.front().arguments;
  auto argument = [](const LoweredArgument &each) {
    return each.is_buffer() ? Variable::make(type_of<halide_buffer_t *>(), each.name + ".buffer")
                            : Variable::make(each.type, each.name);
  };
  std::vector<Expr> values;
  for (const LoweredArgument &each : arguments)
    values.push_back(argument(each));
  Stmt body = callOf(cases.back().function, values);
  for (size_t i = cases.size() - 1; i-- > 0;) {
    Expr fulfilled = const_true();
    for (const Comparison &each : cases[i].when)
      fulfilled = fulfilled && cases.front().sizes.at(each.size) <= static_cast<int>(each.atMost);
    body = IfThenElse::make(fulfilled, callOf(cases[i].function, values), body);
  }
  // What the sizes are made of, as lowering defines it.
  for (const LoweredArgument &each : arguments)
    for (int dimension = 0; each.is_buffer() && dimension < each.dimensions; ++dimension)
      body = LetStmt::make(each.name + ".extent." + std::to_string(dimension),
                           Internal::Call::make(Int(32), Internal::Call::buffer_get_extent, {argument(each), dimension},
                                                Internal::Call::Extern),
                           body);
  return LoweredFunc(name, arguments, body, LinkageType::ExternalPlusArgv, NameMangling::C);
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

/// A kernel under a schedule, case by case, as one module.
class KernelModule {
public:
  KernelModule(const KernelDescription &kernel, const Schedule &schedule, const std::string &symbol)
      : kernel(kernel), target(targetOf(schedule)), symbol(symbol), schedule(schedule),
        module(symbol, kernelTarget(target)) {}

  /// The code is to look at what halide_malloc and parallel loops return: those checks are made with the code, for the
  /// target that the module names, while the many that lowering puts into loops are not there any more.
  const Module &make() {
    bool isOne = schedule.cases.size() == 1;
    std::vector<CompiledCase> cases;
    for (size_t i = 0; cases.empty() || i < schedule.cases.size(); ++i)
      cases.push_back(addCase(i, isOne ? symbol + "_body" : symbol + "_case" + std::to_string(i),
                              isOne ? LinkageType::ExternalPlusArgv : LinkageType::Internal));
    if (!isOne)
      module.append(dispatcher(symbol + "_body", cases));
    module.append(entryPoint(symbol, symbol + "_body_argv"));
    return module;
  }

private:
  CompiledCase addCase(size_t number, const std::string &function, LinkageType linkage) {
    // Schedules are of functions, so that every case has its own.
    Region region(kernel);
    Plan plan = planRegion(region);
    if (number == 0)
      schedule = checked(schedule, spaceOf(region, plan, target));
    const ScheduleCase &chosen = schedule.cases[number];
    Machine machine{vectorLanes(target), static_cast<int>(target.vectorRegisters)};
    for (size_t i = 0; i < plan.nests.size(); ++i)
      rulesOf(plan.nests[i]).schedule(region, plan.nests[i], machine, chosen.nests[i].parameters);
    // The host driver makes every buffer from the shapes that the kernel was compiled for: checks of them would cost
    // compile time and find nothing.
    Pipeline pipeline(plan.outputs);
    if (!region.lastIterations.empty())
      pipeline.add_custom_lowering_pass(new LimitLoops(region.lastIterations));
    if (!region.streams.empty())
      pipeline.add_custom_lowering_pass(new PrefetchStreams(region.streams));
    Module lowered = pipeline.compile_to_module({region.arguments.begin(), region.arguments.end()}, function,
                                                kernelTarget(target).with_feature(Target::NoAsserts), linkage);
    append(lowered);
    return {chosen.when, plan.sizes, function, lowered.get_function_by_name(function).args};
  }

  void append(const Module &lowered) {
    if (lowered.any_strict_float())
      module.set_any_strict_float(true);
    for (const Buffer<void> &buffer : lowered.buffers())
      module.append(buffer);
    for (const Internal::LoweredFunc &each : lowered.functions())
      module.append(each);
  }

  const KernelDescription &kernel;
  const TargetModel &target;
  std::string symbol;
  Schedule schedule;
  Module module;
};

} // namespace

std::optional<ScheduleSpace> scheduleSpace(const KernelDescription &kernel, const TargetModel &target,
                                           std::string &error) {
  ScheduleSpace space;
  auto find = [&] {
    Region region(kernel);
    Plan plan = planRegion(region);
    space = spaceOf(region, plan, target);
  };
  return guarded(find, error) ? std::optional(space) : std::nullopt;
}

std::optional<Schedule> defaultSchedule(const KernelDescription &kernel, const TargetModel &target,
                                        std::string &error) {
  std::optional<ScheduleSpace> space = scheduleSpace(kernel, target, error);
  return space ? std::optional(chosenSchedule(target.name, *space)) : std::nullopt;
}

bool compileKernel(const KernelDescription &kernel, const Schedule &schedule, const std::string &symbol, Output kind,
                   std::string &output, std::string &error) {
  return guarded([&] { output = write(KernelModule(kernel, schedule, symbol).make(), kind); }, error);
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
