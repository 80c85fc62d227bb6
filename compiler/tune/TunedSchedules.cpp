//===- TunedSchedules.cpp - Winners for the compiler ----------------------===//

#include "tune/TunedSchedules.h"

#include "schedules/ApplySchedules.h"
#include "schedules/ScheduleReader.h"
#include "tune/WinnersFile.h"

#include "mlir/IR/BuiltinOps.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

std::optional<kernels::Schedule> DatabaseSchedules::find(const ScheduledKernel &kernel,
                                                         const kernels::TargetModel &target,
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

std::string DatabaseSchedules::note() const {
  std::string text = database.path() + ": " + std::to_string(known) + " of " + std::to_string(asked) +
                     " schedules are tuned for this machine with " + std::to_string(machine.kind.threads) + " threads";
  if (otherMachines > 0)
    text += "; " + std::to_string(otherMachines) + " were tuned on other machines or with other threads only";
  if (otherCompilers > 0)
    text += "; " + std::to_string(otherCompilers) + " by another version of tenon only: tune again";
  return text;
}

FileSchedules::FileSchedules(std::string name, std::vector<Winner> all, MachineClass machines)
    : name(std::move(name)), machines(std::move(machines)) {
  for (Winner &winner : all) {
    std::string signature = winner.kernel.signature;
    winners.emplace(std::move(signature), std::move(winner));
  }
}

std::optional<kernels::Schedule> FileSchedules::find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                                     const kernels::ScheduleSpace &space) {
  ++asked;
  if (winners.empty())
    return std::nullopt;
  std::string spaceSignature = signatureOf(space);
  const Winner *latest = nullptr;
  bool isElsewhere = false, isOfOther = false;
  auto [begin, end] = winners.equal_range(signatureOf(kernel.description.text()));
  for (const auto &[signature, winner] : llvm::make_range(begin, end)) {
    if (winner.setting.target != target.name)
      continue;
    bool isHere = winner.setting.machine.kind == machines;
    isElsewhere |= !isHere;
    isOfOther |= isHere && winner.space != spaceSignature;
    if (isHere && winner.space == spaceSignature && (!latest || latest->tunedAt < winner.tunedAt))
      latest = &winner;
  }
  // A value that is not in the space cannot have won there.
  auto schedule = latest ? expectedToOptional(readScheduleText(latest->schedule, target.name, name)) : std::nullopt;
  if (!schedule || kernels::faultOf(*schedule, space)) {
    otherSpaces += isOfOther || latest;
    otherMachines += isElsewhere && !isOfOther && !latest;
    return std::nullopt;
  }
  ++known;
  return kernels::completed(*schedule, space);
}

std::string FileSchedules::note() const {
  if (known + otherSpaces + otherMachines == 0)
    return "";
  std::string text = name + ": " + std::to_string(known) + " of " + std::to_string(asked) +
                     " schedules are tuned for " + machines.text();
  if (otherMachines > 0)
    text += "; " + std::to_string(otherMachines) + " were tuned for other machines only";
  if (otherSpaces > 0)
    text += "; " + std::to_string(otherSpaces) + " were tuned when other schedules, or another default, were there";
  return text;
}

static Error applyFile(mlir::ModuleOp module, StringRef name, Expected<std::vector<Winner>> winners,
                       const MachineClass &machines, std::vector<std::string> &notes) {
  if (!winners)
    return winners.takeError();
  FileSchedules tuned(name.str(), std::move(*winners), machines);
  if (Error error = applySchedules(module, tuned))
    return error;
  if (std::string note = tuned.note(); !note.empty())
    notes.push_back(std::move(note));
  return Error::success();
}

static Error applyDatabase(mlir::ModuleOp module, StringRef path, const Machine &machine,
                           std::vector<std::string> &notes) {
  auto database = Database::open(path, Access::Read);
  if (!database)
    return database.takeError();
  DatabaseSchedules tuned(std::move(*database), machine);
  if (Error error = applySchedules(module, tuned))
    return error;
  notes.push_back(tuned.note());
  return tuned.finish();
}

Expected<std::vector<std::string>> tune::applyWinners(mlir::ModuleOp module, bool shipped, StringRef database,
                                                      const Machine &machine) {
  std::vector<std::string> notes;
  if (shipped) {
    MemoryBufferRef text(shippedWinners(), "winners of tenon");
    if (Error error = applyFile(module, text.getBufferIdentifier(), readWinners(text), machine.kind, notes))
      return std::move(error);
  }
  if (!database.empty()) {
    bool isText = isWinnersFile(database);
    if (Error error = isText ? applyFile(module, database, readWinnersFile(database), machine.kind, notes)
                             : applyDatabase(module, database, machine, notes))
      return std::move(error);
  }
  return notes;
}
