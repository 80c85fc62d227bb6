//===- Autoschedule.cpp - Kernels scheduled by Halide's plugins -----------===//

#include "Autoschedule.h"

#include "kernels/Plan.h"
#include "kernels/Targets.h"

#include <Halide.h>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

using namespace Halide;
using namespace tenon::kernels;

namespace tenon::benchmarks {

namespace {

struct Plugin {
  const char *name, *library;
};
constexpr Plugin kPlugins[] = {{"Adams2019", "autoschedule_adams2019"},
                               {"Mullapudi2016", "autoschedule_mullapudi2016"},
                               {"Li2018", "autoschedule_li2018"}};

const Plugin &pluginOf(const std::string &name) {
  for (const Plugin &plugin : kPlugins)
    if (plugin.name == name)
      return plugin;
  throw std::runtime_error("there is no autoscheduler \"" + name + "\"");
}

/// Not every plugin lets exceptions pass: what is wrong is said, and the process ends.
class Reporter : public CompileTimeErrorReporter {
public:
  void warning(const char *) override {}
  [[noreturn]] void error(const char *message) override {
    std::fputs(message, stderr);
    std::fflush(stderr);
    std::_Exit(1);
  }
};

/// Extents as Halide orders them.
void estimateArguments(kernels::Region &region, const test::Call &call) {
  for (size_t i = 0; i < region.arguments.size(); ++i) {
    const std::vector<int64_t> &shape = call.arguments[i].shape;
    for (size_t d = 0; d < shape.size(); ++d)
      region.arguments[i].dim(static_cast<int>(d)).set_estimate(0, static_cast<int>(shape[shape.size() - 1 - d]));
  }
}

/// Results of one nest have one shape.
void estimateOutputs(Plan &plan, const test::Call &call) {
  size_t result = 0;
  for (Func &output : plan.outputs) {
    const std::vector<int64_t> &shape = call.results.at(result).shape;
    output.set_estimates({{0, static_cast<int>(shape[1])}, {0, static_cast<int>(shape[0])}});
    result += static_cast<size_t>(output.outputs());
  }
}

} // namespace

std::vector<std::string> autoschedulerNames() {
  std::vector<std::string> names;
  for (const Plugin &plugin : kPlugins)
    names.push_back(plugin.name);
  return names;
}

Autoscheduled autoschedule(const KernelCase &each, const std::string &scheduler, const std::string &target,
                           int threads) {
  static Reporter reporter;
  set_custom_compile_time_error_reporter(&reporter);
  load_plugin(std::string(HALIDE_PLUGINS "/lib") + pluginOf(scheduler).library + ".so");
  kernels::Region region(each.kernel);
  Plan plan = planRegion(region);
  estimateArguments(region, each.call);
  estimateOutputs(plan, each.call);
  // As our own kernels have it: buffers are made from the shapes that the kernel is compiled for.
  Target machine = kernelTarget(*findTarget(target)).with_feature(Target::NoAsserts);
  Pipeline pipeline(plan.outputs);
  Autoscheduled made;
  made.schedule =
      pipeline.apply_autoscheduler(machine, {scheduler, {{"parallelism", std::to_string(threads)}}}).schedule_source;
  Module module = pipeline.compile_to_module({region.arguments.begin(), region.arguments.end()}, "kernel", machine,
                                             LinkageType::ExternalPlusArgv);
  Buffer<uint8_t> bytes = module.compile_to_buffer();
  made.object = {reinterpret_cast<const char *>(bytes.data()), bytes.size_in_bytes()};
  return made;
}

} // namespace tenon::benchmarks
