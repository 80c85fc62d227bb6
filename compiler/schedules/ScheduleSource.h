//===- ScheduleSource.h - Where schedules come from -------------*- C++ -*-===//

#ifndef TENON_SCHEDULES_SCHEDULESOURCE_H
#define TENON_SCHEDULES_SCHEDULESOURCE_H

#include "kernels/Kernels.h"
#include "runtime/support/ContentHash.h"

#include <optional>
#include <string>

namespace tenon {

/// A kernel that wants a schedule, under its name in the module.
struct ScheduledKernel {
  std::string name;
  const kernels::KernelDescription &description;
};

/// Knows schedules that the analytic model does not choose.
class ScheduleSource {
public:
  virtual ~ScheduleSource() = default;

  /// A legal schedule of `kernel` for `target`, or none where nothing is known.
  virtual std::optional<kernels::Schedule> find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                                const kernels::ScheduleSpace &space) = 0;
};

/// What tells kernels apart, whatever model they are of: a hash of the description's text.
inline std::string signatureOf(const std::string &descriptionText) { return contentHash(descriptionText); }

/// What tells apart the schedules that a kernel may have on a target, and what the analytic model chooses of them:
/// where it is another, a choice between the two says nothing any more.
std::string signatureOf(const kernels::ScheduleSpace &space);

} // namespace tenon

#endif // TENON_SCHEDULES_SCHEDULESOURCE_H
