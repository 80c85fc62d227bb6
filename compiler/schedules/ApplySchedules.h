//===- ApplySchedules.h - Schedules in place of the defaults ----*- C++ -*-===//

#ifndef TENON_SCHEDULES_APPLYSCHEDULES_H
#define TENON_SCHEDULES_APPLYSCHEDULES_H

#include "schedules/ScheduleSource.h"
#include "llvm/Support/Error.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tenon {

/// Asks `source` for a schedule of each kernel of kernel IR, for each target that the kernel has one for, and puts it
/// in the place of the kernel's own.
llvm::Error applySchedules(mlir::ModuleOp module, ScheduleSource &source);

} // namespace tenon

#endif // TENON_SCHEDULES_APPLYSCHEDULES_H
