//===- AssignSchedules.cpp - Names and schedules for kernels --------------===//

#include "kernels/Kernels.h"
#include "passes/Passes.h"
#include "tenon/Dialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace tenon {
#define GEN_PASS_DEF_ASSIGNSCHEDULES
#include "passes/Passes.h.inc"
} // namespace tenon

using namespace tenon;

/// What a kernel does, in a word for each kind of operation: "norm_linear_activation".
static std::string kernelStem(const kernels::KernelDescription &description) {
  SmallVector<StringRef> words;
  for (const kernels::Operation &op : description.operations)
    if (op.kind != "split" && !llvm::is_contained(words, op.kind))
      words.push_back(op.kind);
  return words.empty() ? "copy" : llvm::join(words, "_");
}

static ScheduleAttr scheduleAttribute(MLIRContext *context, const kernels::Schedule &schedule) {
  Builder builder(context);
  SmallVector<NamedAttribute> parameters;
  for (const auto &[name, value] : schedule.parameters)
    parameters.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  return ScheduleAttr::get(context, schedule.target, builder.getDictionaryAttr(parameters));
}

static std::string listValues(const std::vector<int64_t> &values) {
  return llvm::join(llvm::map_range(values, [](int64_t value) { return std::to_string(value); }), ", ");
}

/// The parameters of `given` must be ones that the kernel has, with values that its family can schedule.
static LogicalResult checkSchedule(KernelOp kernel, ScheduleAttr given, const kernels::KernelDescription &description,
                                   const kernels::TargetModel &target) {
  std::string error;
  std::optional<kernels::ScheduleSpace> found = kernels::scheduleSpace(description, target, error);
  if (!found)
    return kernel.emitError() << error;
  const kernels::ScheduleSpace &space = *found;
  for (NamedAttribute parameter : given.getParameters()) {
    StringRef name = parameter.getName().getValue();
    auto found = space.find(name.str());
    if (found == space.end()) {
      auto names = llvm::join(llvm::make_first_range(space), ", ");
      return kernel.emitError() << "schedule parameter '" << name << "' is not one of this kernel's: " << names;
    }
    int64_t value = cast<IntegerAttr>(parameter.getValue()).getInt();
    if (!llvm::is_contained(found->second, value))
      return kernel.emitError() << "schedule parameter '" << name << "' is " << value << ", expected one of "
                                << listValues(found->second);
  }
  return success();
}

namespace {

struct AssignSchedules : tenon::impl::AssignSchedulesBase<AssignSchedules> {
  using AssignSchedulesBase::AssignSchedulesBase;

  void runOnOperation() override {
    SmallVector<const kernels::TargetModel *> models;
    for (const std::string &name : targets) {
      models.push_back(kernels::findTarget(name));
      if (!models.back()) {
        getOperation().emitError() << "target '" << name
                                   << "' is not known; known: " << llvm::join(kernels::targetNames(), ", ");
        return signalPassFailure();
      }
    }
    llvm::StringMap<std::string> names; // by description
    auto result = getOperation().walk([&](KernelOp kernel) {
      kernels::KernelDescription description = kernel.describe();
      auto [entry, inserted] = names.try_emplace(description.text());
      if (inserted)
        entry->second = kernelStem(description) + "_" + std::to_string(names.size() - 1);
      kernel.setName(entry->second);
      return failed(assign(kernel, description, models)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  LogicalResult assign(KernelOp kernel, const kernels::KernelDescription &description,
                       ArrayRef<const kernels::TargetModel *> models) {
    llvm::StringMap<ScheduleAttr> given;
    for (auto schedule : kernel.getSchedules().getAsRange<ScheduleAttr>())
      given[schedule.getTarget()] = schedule;
    SmallVector<Attribute> schedules;
    for (const kernels::TargetModel *model : models) {
      ScheduleAttr schedule = given.lookup(model->name);
      if (schedule && failed(checkSchedule(kernel, schedule, description, *model)))
        return failure();
      if (!schedule) {
        std::string error;
        std::optional<kernels::Schedule> chosen = kernels::defaultSchedule(description, *model, error);
        if (!chosen)
          return kernel.emitError() << error;
        schedule = scheduleAttribute(&getContext(), *chosen);
      }
      schedules.push_back(schedule);
    }
    kernel.setSchedulesAttr(ArrayAttr::get(&getContext(), schedules));
    return success();
  }
};

} // namespace
