//===- KernelReport.h - A kernel and how it is computed ---------*- C++ -*-===//

#ifndef TENON_EXPLAIN_KERNELREPORT_H
#define TENON_EXPLAIN_KERNELREPORT_H

#include "explain/KernelUses.h"
#include "kernels/Kernels.h"
#include "spec/Spec.h"
#include "tune/Database.h"

#include "llvm/Support/JSON.h"

namespace tenon::explain {

/// What a kernel computes, by which schedule on the setting's target, and what a database knows of it there. `model`
/// and `database` may be null.
llvm::Expected<llvm::json::Object> describeKernel(const KernelUses &uses, const spec::Model *model,
                                                  const std::string &schedule, const tune::Setting &setting,
                                                  const kernels::TargetModel &target, const tune::Database *database);

} // namespace tenon::explain

#endif // TENON_EXPLAIN_KERNELREPORT_H
