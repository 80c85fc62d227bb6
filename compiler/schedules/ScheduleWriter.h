//===- ScheduleWriter.h - Schedules to YAML ---------------------*- C++ -*-===//

#ifndef TENON_SCHEDULES_SCHEDULEWRITER_H
#define TENON_SCHEDULES_SCHEDULEWRITER_H

#include "kernels/Schedule.h"

#include <string>
#include <vector>

namespace tenon {

/// A kernel with its schedules for different targets.
struct KernelSchedules {
  std::string key;       ///< Its name, or its signature.
  std::string signature; ///< For a comment; empty for none.
  std::vector<kernels::Schedule> schedules;
};

/// A file of schedules, as `readSchedules` reads it.
std::string writeSchedules(const std::vector<KernelSchedules> &kernels);

} // namespace tenon

#endif // TENON_SCHEDULES_SCHEDULEWRITER_H
