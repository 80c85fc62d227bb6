//===- ScheduleWriter.cpp - Schedules to YAML -----------------------------===//

#include "schedules/ScheduleWriter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;

static void writeCase(llvm::raw_ostream &out, const kernels::ScheduleCase &each) {
  out << "      - ";
  if (!each.when.empty())
    out << "when: " << kernels::textOf(each.when) << "\n        ";
  out << "nests:\n";
  for (const kernels::NestSchedule &nest : each.nests) {
    out << "          - " << nest.family << ": {";
    llvm::interleaveComma(nest.parameters, out,
                          [&](const auto &parameter) { out << parameter.first << ": " << parameter.second; });
    out << "}\n";
  }
}

std::string tenon::writeSchedules(const std::vector<KernelSchedules> &kernels) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << "schedules: 1\nkernels:" << (kernels.empty() ? " {}\n" : "\n");
  for (const KernelSchedules &kernel : kernels) {
    out << "  " << kernel.key << ":";
    if (!kernel.signature.empty())
      out << " # " << kernel.signature;
    out << "\n";
    for (const kernels::Schedule &schedule : kernel.schedules) {
      out << "    " << schedule.target << ":\n";
      for (const kernels::ScheduleCase &each : schedule.cases)
        writeCase(out, each);
    }
  }
  return text;
}
