//===- ApplySchedules.cpp - Schedules in place of the defaults ------------===//

#include "schedules/ApplySchedules.h"

#include "schedules/ModuleTargets.h"
#include "tenon/Dialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace tenon;

/// The kernel's schedules, those that the source knows in the place of its own.
static llvm::Expected<ArrayAttr> schedulesOf(KernelOp kernel, ModuleOp module, ScheduleSource &source) {
  kernels::KernelDescription description = kernel.describe();
  SmallVector<Attribute> schedules;
  for (auto own : kernel.getSchedules().getAsRange<ScheduleAttr>()) {
    schedules.push_back(own);
    llvm::Expected<kernels::TargetModel> target = targetOf(module, own.getTarget());
    if (!target)
      return target.takeError();
    std::string error;
    std::optional<kernels::ScheduleSpace> space = kernels::scheduleSpace(description, *target, error);
    if (!space)
      return llvm::createStringError(error);
    if (auto found = source.find({kernel.getName().str(), description}, *target, *space))
      schedules.back() = ScheduleAttr::get(kernel.getContext(), *found);
  }
  return ArrayAttr::get(kernel.getContext(), schedules);
}

llvm::Error tenon::applySchedules(ModuleOp module, ScheduleSource &source) {
  llvm::StringMap<ArrayAttr> known; // Kernels of one name are one.
  llvm::Error error = llvm::Error::success();
  module.walk([&](KernelOp kernel) {
    ArrayAttr &schedules = known[kernel.getName()];
    if (!schedules) {
      llvm::Expected<ArrayAttr> found = schedulesOf(kernel, module, source);
      if (!found) {
        error = llvm::joinErrors(std::move(error), found.takeError());
        return WalkResult::interrupt();
      }
      schedules = *found;
    }
    kernel.setSchedulesAttr(schedules);
    return WalkResult::advance();
  });
  return error;
}
