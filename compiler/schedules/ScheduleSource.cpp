//===- ScheduleSource.cpp - Where schedules come from ---------------------===//

#include "schedules/ScheduleSource.h"

#include "llvm/ADT/StringExtras.h"

using namespace tenon;

std::string tenon::signatureOf(const kernels::ScheduleSpace &space) {
  std::string text = "sizes " + llvm::join(space.sizes, " ") + "\n";
  for (const kernels::NestSpace &nest : space.nests) {
    text += nest.family + "\n";
    for (const kernels::Parameter &parameter : nest.parameters) {
      text += "  " + parameter.name + " " + std::to_string(parameter.chosen) + " of";
      for (int64_t value : parameter.values)
        text += " " + std::to_string(value);
      text += "\n";
    }
  }
  return signatureOf(text);
}
