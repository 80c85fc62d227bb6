//===- TunedSchedules.h - Winners for the compiler --------------*- C++ -*-===//

#ifndef TENON_TUNE_TUNEDSCHEDULES_H
#define TENON_TUNE_TUNEDSCHEDULES_H

#include "schedules/ScheduleSource.h"
#include "tune/Database.h"

#include <optional>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace tenon::tune {

/// The schedules that won on a machine, by the user's database; what won elsewhere is no answer.
class DatabaseSchedules : public ScheduleSource {
public:
  DatabaseSchedules(Database database, Machine machine) : database(std::move(database)), machine(std::move(machine)) {}

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

/// The winners of a file, which lives longer than compilers do: one answers on machines of its class, as long as the
/// kernel has the schedules to choose from that it was chosen from, and the default that it was faster than.
class FileSchedules : public ScheduleSource {
public:
  FileSchedules(std::string name, std::vector<Winner> winners, MachineClass machines);

  std::optional<kernels::Schedule> find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                        const kernels::ScheduleSpace &space) override;

  /// The same; empty where it knew nothing of any kernel.
  std::string note() const;

private:
  std::string name;                           ///< Of the file.
  std::multimap<std::string, Winner> winners; ///< By signature.
  MachineClass machines;
  unsigned asked = 0, known = 0, otherMachines = 0, otherSpaces = 0;
};

/// Gives the kernels of kernel IR the schedules that won on a machine like `machine`: those that ship with tenon, and
/// over them those of `database`, which is one or a file of winners; empty for none. A line on each that knew kernels.
llvm::Expected<std::vector<std::string>> applyWinners(mlir::ModuleOp module, bool shipped, llvm::StringRef database,
                                                      const Machine &machine);

} // namespace tenon::tune

#endif // TENON_TUNE_TUNEDSCHEDULES_H
