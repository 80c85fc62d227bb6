//===- Schedule.h - How a kernel is computed, as plain data -----*- C++ -*-===//
//
// A schedule says how a kernel is computed on one target, never what: a list of cases for ranges of the sizes that a
// call has, each with the parameters of every loop nest of the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_SCHEDULE_H
#define TENON_KERNELS_SCHEDULE_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tenon::kernels {

/// Whether one of a call's sizes is at most a number: `rows <= 8`.
struct Comparison {
  std::string size;
  int64_t atMost = 0;

  bool operator==(const Comparison &) const = default;
};

/// The parameters of one loop nest.
struct NestSchedule {
  std::string family;
  std::map<std::string, int64_t> parameters;

  bool operator==(const NestSchedule &) const = default;
};

/// The schedule of the calls whose sizes fulfil all comparisons; of all calls where there is none.
struct ScheduleCase {
  std::vector<Comparison> when;
  std::vector<NestSchedule> nests; ///< Of each loop nest, in the order of computation.

  bool operator==(const ScheduleCase &) const = default;
};

/// The decisions of a `#tenon.schedule`.
struct Schedule {
  std::string target;              ///< "x86-64-v3", "x86-64-v4".
  std::vector<ScheduleCase> cases; ///< The first that a call fulfils is taken; the last is for all that are left.

  bool operator==(const Schedule &) const = default;

  /// The cases in one line, as schedule files have them. Equal text for one target means equal code.
  std::string text() const;
};

/// `rows <= 8 and sequences <= 4`.
std::string textOf(const std::vector<Comparison> &comparisons);

/// A decision that a nest's schedule makes.
struct Parameter {
  std::string name;
  int64_t chosen;              ///< What the analytic model chooses.
  std::vector<int64_t> values; ///< All that are legal, that one among them.
  std::string meaning;         ///< A sentence.
};

struct NestSpace {
  std::string family;
  std::vector<Parameter> parameters;

  const Parameter *find(const std::string &name) const;
};

/// All schedules that a kernel has on a target.
struct ScheduleSpace {
  std::vector<std::string> sizes; ///< What cases may compare.
  std::vector<NestSpace> nests;   ///< In the order of computation.
};

/// Every case is code of its own: there are at most so many.
constexpr size_t kMaximumCases = 16;

/// What makes a schedule illegal, and where: the case and the nest, where it is about one, and the name of what stands
/// there.
struct ScheduleFault {
  std::string message;
  std::optional<size_t> caseNumber = {}, nest = {};
  std::string name = {};
};

/// The first fault of `schedule`, or none. What it leaves out is no fault.
std::optional<ScheduleFault> faultOf(const Schedule &schedule, const ScheduleSpace &space);

/// What the analytic model chooses: one case.
Schedule chosenSchedule(const std::string &target, const ScheduleSpace &space);

/// A legal schedule with all parameters: those that it leaves out have what the analytic model chooses.
Schedule completed(Schedule schedule, const ScheduleSpace &space);

/// A family of loop nests as schedules name it.
struct FamilyDefinition {
  struct Decision {
    std::string name, meaning;
  };
  std::string name, computes;
  std::vector<Decision> parameters;
};

/// All families with all parameters that nests of them may have: what docs/schedules.md is made of.
std::vector<FamilyDefinition> familyDefinitions();

/// The sizes that cases may compare, with what each counts.
std::vector<FamilyDefinition::Decision> sizeDefinitions();

} // namespace tenon::kernels

#endif // TENON_KERNELS_SCHEDULE_H
