//===- ScheduleFile.h - Schedules that a file gives -------------*- C++ -*-===//

#ifndef TENON_SCHEDULES_SCHEDULEFILE_H
#define TENON_SCHEDULES_SCHEDULEFILE_H

#include "schedules/ScheduleReader.h"
#include "schedules/ScheduleSource.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <set>

namespace tenon {

/// What `tenon compile --schedules` reads: schedules by a kernel's name or signature.
class ScheduleFile : public ScheduleSource {
public:
  /// The error has all that is wrong with the file by itself, each with its place.
  static llvm::Expected<std::unique_ptr<ScheduleFile>> open(llvm::StringRef path);
  static llvm::Expected<std::unique_ptr<ScheduleFile>> read(std::unique_ptr<llvm::MemoryBuffer> buffer);

  /// Every kernel is asked for once for each target. An illegal schedule is as good as none here; `finish` reports it.
  std::optional<kernels::Schedule> find(const ScheduledKernel &kernel, const kernels::TargetModel &target,
                                        const kernels::ScheduleSpace &space) override;

  /// After the last kernel: the schedules that are illegal for their kernels, and those that no kernel asked for.
  llvm::Error finish();

private:
  explicit ScheduleFile(std::unique_ptr<llvm::MemoryBuffer> buffer)
      : buffer(std::move(buffer)), diagnostics(*this->buffer) {}

  std::unique_ptr<llvm::MemoryBuffer> buffer;
  spec::Diagnostics diagnostics;
  std::vector<PlacedKernel> kernels;
  std::set<std::string> names, signatures; ///< Of the kernels that asked.
};

} // namespace tenon

#endif // TENON_SCHEDULES_SCHEDULEFILE_H
