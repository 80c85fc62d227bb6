//===- ScheduleFile.cpp - Schedules that a file gives ---------------------===//

#include "schedules/ScheduleFile.h"

#include "spec/Fields.h"
#include "spec/YamlFile.h"

using namespace llvm;
using namespace tenon;

Expected<std::unique_ptr<ScheduleFile>> ScheduleFile::open(StringRef path) {
  auto buffer = spec::readYamlFile(path, "a file of schedules");
  if (!buffer)
    return buffer.takeError();
  return read(std::move(*buffer));
}

Expected<std::unique_ptr<ScheduleFile>> ScheduleFile::read(std::unique_ptr<MemoryBuffer> buffer) {
  std::unique_ptr<ScheduleFile> file(new ScheduleFile(std::move(buffer)));
  spec::YamlNode root = spec::readYamlTree(*file->buffer, file->diagnostics);
  if (!file->diagnostics.hasErrors())
    file->kernels = readSchedules(root, file->diagnostics);
  if (Error error = file->diagnostics.takeError())
    return std::move(error);
  return file;
}

std::optional<kernels::Schedule> ScheduleFile::find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                                    const kernels::ScheduleSpace &space) {
  std::string signature = signatureOf(kernel.description.text());
  names.insert(kernel.name);
  signatures.insert(signature);
  std::optional<kernels::Schedule> found;
  StringRef key;
  for (const PlacedKernel &each : kernels)
    for (const PlacedSchedule &given : each.schedules) {
      bool isMeant = (each.key == kernel.name || each.key == signature) && given.schedule.target == target.name;
      if (!isMeant)
        continue;
      if (!key.empty())
        diagnostics.error(each.range, "'" + each.key + "' is the same kernel as '" + key + "'");
      else if (auto fault = kernels::faultOf(given.schedule, space))
        diagnostics.error(given.placeOf(*fault), "'" + each.key + "' for " + target.name + ": " + fault->message);
      else
        found = kernels::completed(given.schedule, space);
      key = each.key;
    }
  return found;
}

Error ScheduleFile::finish() {
  SmallVector<StringRef> known(names.begin(), names.end());
  for (const PlacedKernel &each : kernels) {
    if (names.count(each.key) || signatures.count(each.key))
      continue;
    StringRef meant = spec::nearest(each.key, known);
    diagnostics.error(each.range, "the model has no kernel '" + each.key + "'" +
                                      (meant.empty() ? "" : "; did you mean '" + meant.str() + "'?"));
    if (meant.empty())
      diagnostics.note(each.range, "its kernels are " + spec::commaSeparated(known) + ", or those by signature");
  }
  return diagnostics.takeError();
}
