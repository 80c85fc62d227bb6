//===- TunedSchedules.h - Winners for the compiler --------------*- C++ -*-===//

#ifndef TENON_TUNE_TUNEDSCHEDULES_H
#define TENON_TUNE_TUNEDSCHEDULES_H

#include "schedules/ScheduleSource.h"
#include "tune/Database.h"

namespace tenon::tune {

/// The schedules that won on a machine; what won elsewhere is no answer here.
class TunedSchedules : public ScheduleSource {
public:
  TunedSchedules(Database database, Machine machine) : database(std::move(database)), machine(std::move(machine)) {}

  std::optional<kernels::Schedule> find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                        const kernels::ScheduleSpace &space) override;

  /// After the last kernel: what went wrong with the database.
  llvm::Error finish() const { return problem.empty() ? llvm::Error::success() : llvm::createStringError(problem); }
  /// A line on how many kernels it knew and, where it knew others in another setting only, on these.
  std::string note() const;

private:
  Database database;
  Machine machine;
  std::string problem;
  unsigned asked = 0, known = 0, otherCompilers = 0, otherMachines = 0;
};

} // namespace tenon::tune

#endif // TENON_TUNE_TUNEDSCHEDULES_H
