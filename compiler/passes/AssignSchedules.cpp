//===- AssignSchedules.cpp - Names and schedules for kernels --------------===//

#include "kernels/Kernels.h"
#include "passes/Passes.h"
#include "schedules/ModuleTargets.h"
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

namespace {

struct AssignSchedules : tenon::impl::AssignSchedulesBase<AssignSchedules> {
  using AssignSchedulesBase::AssignSchedulesBase;

  void runOnOperation() override {
    std::vector<kernels::TargetModel> models;
    for (const std::string &text : targets) {
      std::string error;
      std::optional<kernels::TargetModel> model = kernels::readTarget(text, error);
      if (!model) {
        getOperation().emitError() << error;
        return signalPassFailure();
      }
      models.push_back(std::move(*model));
    }
    setTargets(getOperation(), models);
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
                       ArrayRef<kernels::TargetModel> models) {
    llvm::StringMap<ScheduleAttr> given;
    for (auto schedule : kernel.getSchedules().getAsRange<ScheduleAttr>())
      given[schedule.getTarget()] = schedule;
    SmallVector<Attribute> schedules;
    for (const kernels::TargetModel &model : models) {
      std::string error;
      const kernels::ScheduleSpace *space = spaceOf(description, model, error);
      if (!space)
        return kernel.emitError() << error;
      kernels::Schedule schedule = kernels::chosenSchedule(model.name, *space);
      if (ScheduleAttr own = given.lookup(model.name)) {
        schedule = own.describe();
        if (auto fault = kernels::faultOf(schedule, *space))
          return kernel.emitError() << "schedule for " << model.name << ": " << fault->message;
        schedule = kernels::completed(std::move(schedule), *space);
      }
      schedules.push_back(ScheduleAttr::get(&getContext(), schedule));
    }
    kernel.setSchedulesAttr(ArrayAttr::get(&getContext(), schedules));
    return success();
  }

  /// Kernels are divided into nests once. Null, with `error` set, where no family computes the region.
  const kernels::ScheduleSpace *spaceOf(const kernels::KernelDescription &description,
                                        const kernels::TargetModel &model, std::string &error) {
    auto [entry, inserted] = spaces.try_emplace(model.name + "\n" + description.text());
    if (inserted)
      entry->second = kernels::scheduleSpace(description, model, error);
    return entry->second ? &*entry->second : nullptr;
  }

  llvm::StringMap<std::optional<kernels::ScheduleSpace>> spaces;
};

} // namespace
