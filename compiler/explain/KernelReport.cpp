//===- KernelReport.cpp - A kernel and how it is computed -----------------===//

#include "explain/KernelReport.h"

#include "explain/ModelPicture.h"
#include "kernels/Kernels.h"
#include "schedules/ScheduleReader.h"
#include "schedules/ScheduleSource.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SetVector.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::explain;

namespace {

/// The operation as it stands in its function, but without its schedules, which are told apart.
std::string irOf(KernelOp kernel) {
  mlir::ArrayAttr schedules = kernel.getSchedulesAttr();
  kernel.setSchedulesAttr(mlir::ArrayAttr::get(kernel.getContext(), {}));
  std::string text;
  raw_string_ostream stream(text);
  mlir::AsmState names(kernel->getParentOfType<mlir::FunctionOpInterface>());
  kernel->print(stream, names);
  kernel.setSchedulesAttr(schedules);
  return text;
}

json::Array casesOf(const kernels::Schedule &schedule) {
  json::Array cases;
  for (const kernels::ScheduleCase &each : schedule.cases) {
    json::Array nests;
    for (const kernels::NestSchedule &nest : each.nests) {
      json::Object parameters;
      for (const auto &[name, value] : nest.parameters)
        parameters[name] = value;
      nests.push_back(json::Object{{"family", nest.family}, {"parameters", std::move(parameters)}});
    }
    cases.push_back(json::Object{{"when", kernels::textOf(each.when)}, {"nests", std::move(nests)}});
  }
  return cases;
}

/// What the database has of a kernel: the winner in this setting, or how many there are in others.
Expected<std::optional<json::Object>> tunedOf(StringRef signature, const std::string &schedule,
                                              const tune::Setting &setting, const tune::Database &database) {
  auto winners = database.winners(signature);
  if (!winners)
    return winners.takeError();
  int64_t elsewhere = 0;
  for (const tune::Winner &winner : *winners) {
    if (!(winner.setting == setting)) {
      ++elsewhere;
      continue;
    }
    return json::Object{{"ratio", winner.ratio},
                        {"schedule", winner.schedule},
                        {"calls", winner.calls},
                        {"weights", winner.weights},
                        {"used", winner.schedule == schedule}};
  }
  if (elsewhere == 0)
    return std::nullopt;
  return json::Object{{"elsewhere", elsewhere}};
}

} // namespace

Expected<json::Object> explain::describeKernel(const KernelUses &uses, const spec::Model *model,
                                               const std::string &schedule, const tune::Setting &setting,
                                               const kernels::TargetModel &target, const tune::Database *database) {
  KernelOp op = uses.kernel;
  std::string name = op.getName().str();
  kernels::KernelDescription description = op.describe();
  std::string text = description.text(), signature = signatureOf(text), error;
  auto space = kernels::scheduleSpace(description, target, error);
  if (!space)
    return createStringError("kernel '%s': %s", name.c_str(), error.c_str());
  auto read = readScheduleText(schedule, setting.target, name);
  if (!read)
    return read.takeError();
  kernels::Schedule chosen = kernels::chosenSchedule(setting.target, *space);
  json::Object kernel{{"name", name},
                      {"signature", signature},
                      {"ir", irOf(op)},
                      {"cases", casesOf(*read)},
                      {"default", chosen.text() == schedule}};
  json::Array operations;
  op.getBody().walk([&](ComputeOpInterface each) { operations.push_back(each.describe().kind); });
  kernel["operations"] = std::move(operations);
  SetVector<unsigned> lines;
  json::Array parameters;
  for (StringRef parameter : uses.parameters) {
    if (uses.hasParameters)
      parameters.push_back(parameter.str());
    if (unsigned line = model ? lineOfParameter(*model, parameter) : 0)
      lines.insert(line);
  }
  kernel["parameters"] = std::move(parameters);
  kernel["lines"] = json::Array(lines);
  if (database) {
    auto tuned = tunedOf(signature, schedule, setting, *database);
    if (!tuned)
      return tuned.takeError();
    if (*tuned)
      kernel["tuned"] = std::move(**tuned);
  }
  return std::move(kernel);
}
