//===- TunedSchedules.cpp - Winners for the compiler ----------------------===//

#include "tune/TunedSchedules.h"

#include "schedules/ScheduleReader.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

std::optional<kernels::Schedule> TunedSchedules::find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                                      const kernels::ScheduleSpace &space) {
  ++asked;
  if (!problem.empty())
    return std::nullopt;
  auto winners = database.winners(signatureOf(kernel.description.text()));
  if (!winners) {
    problem = toString(winners.takeError());
    return std::nullopt;
  }
  Setting own{machine, target.name, kernels::generatorVersion()};
  bool isElsewhere = false, isOlder = false;
  for (const Winner &winner : *winners) {
    if (winner.setting.target != target.name)
      continue;
    isOlder |= winner.setting.generator != own.generator;
    isElsewhere |= !(winner.setting.machine == machine);
    if (!(winner.setting == own))
      continue;
    auto schedule = expectedToOptional(readScheduleText(winner.schedule, target.name, database.path()));
    auto fault = schedule ? kernels::faultOf(*schedule, space) : kernels::ScheduleFault{"it is none"};
    if (fault) {
      problem =
          database.path() + ": the schedule of kernel '" + kernel.name + "' for " + target.name + ": " + fault->message;
      return std::nullopt;
    }
    ++known;
    return kernels::completed(*schedule, space);
  }
  otherMachines += isElsewhere;
  otherCompilers += isOlder && !isElsewhere;
  return std::nullopt;
}

std::string TunedSchedules::note() const {
  std::string text = database.path() + ": " + std::to_string(known) + " of " + std::to_string(asked) +
                     " schedules are tuned for this machine with " + std::to_string(machine.threads) + " threads";
  if (otherMachines > 0)
    text += "; " + std::to_string(otherMachines) + " were tuned on other machines or with other threads only";
  if (otherCompilers > 0)
    text += "; " + std::to_string(otherCompilers) + " by another version of tenon only: tune again";
  return text;
}
