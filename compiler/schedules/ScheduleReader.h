//===- ScheduleReader.h - Schedules as YAML ---------------------*- C++ -*-===//

#ifndef TENON_SCHEDULES_SCHEDULEREADER_H
#define TENON_SCHEDULES_SCHEDULEREADER_H

#include "kernels/Schedule.h"
#include "spec/YamlTree.h"

#include <map>
#include <optional>

namespace tenon {

/// A schedule with the places in a file that it was read from.
struct PlacedSchedule {
  struct Nest {
    llvm::SMRange family;
    std::map<std::string, llvm::SMRange> parameters;
  };
  struct Case {
    llvm::SMRange range;
    std::map<std::string, llvm::SMRange> sizes;
    std::vector<Nest> nests;
  };

  kernels::Schedule schedule;
  llvm::SMRange range;
  std::vector<Case> cases;

  /// Where the part stands that a fault is about.
  llvm::SMRange placeOf(const kernels::ScheduleFault &fault) const;
};

/// The schedules of one kernel, which a file names, or says the signature of.
struct PlacedKernel {
  std::string key;
  llvm::SMRange range;
  std::vector<PlacedSchedule> schedules; ///< For different targets.
};

/// Reads a list of cases. What is no schedule of any kernel is reported; whether it is one of the kernel in hand,
/// `kernels::faultOf` says.
std::optional<PlacedSchedule> readCases(const spec::YamlNode &node, const std::string &target,
                                        spec::Diagnostics &diagnostics);

/// Reads a file of schedules: docs/schedules.md describes the form. Errors are in `diagnostics`.
std::vector<PlacedKernel> readSchedules(const spec::YamlNode &root, spec::Diagnostics &diagnostics);

/// The schedule whose `Schedule::text()` is `text`, which `name` stands for in messages.
llvm::Expected<kernels::Schedule> readScheduleText(llvm::StringRef text, const std::string &target,
                                                   llvm::StringRef name);

} // namespace tenon

#endif // TENON_SCHEDULES_SCHEDULEREADER_H
