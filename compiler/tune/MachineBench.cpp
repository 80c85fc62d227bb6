//===- MachineBench.cpp - A kernel measured where it will run -------------===//

#include "tune/MachineBench.h"

#include "codegen/KernelLink.h"

#include "llvm/Support/ThreadPool.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

Expected<std::unique_ptr<Workshop>> Workshop::create(mlir::MLIRContext *context) {
  auto scratch = ScratchDirectory::create();
  if (!scratch) {
    std::error_code code = errnoAsErrorCode();
    return createStringError(code, "a temporary directory cannot be made: %s", code.message().c_str());
  }
  auto cache = KernelCache::open(scratch->file("kernels"));
  if (!cache)
    return cache.takeError();
  return std::unique_ptr<Workshop>(new Workshop{std::move(*scratch), std::move(*cache), context});
}

/// Several at a time; what is not compiled is a problem of its candidate.
std::vector<bool> MachineBench::compile(const std::vector<kernels::Schedule> &schedules,
                                        std::vector<Candidate> &candidates) {
  DefaultThreadPool pool(hardware_concurrency(static_cast<unsigned>(schedules.size())));
  for (size_t index = 0; index < schedules.size(); ++index)
    pool.async([&, index] {
      auto object = workshop.cache.object(description, schedules[index]);
      if (!object)
        candidates[index].problem = toString(object.takeError());
    });
  pool.wait();
  std::vector<bool> isCode;
  for (const Candidate &candidate : candidates)
    isCode.push_back(candidate.problem.empty());
  return isCode;
}

Expected<std::vector<Candidate>> MachineBench::prepare(const std::vector<kernels::Schedule> &schedules) {
  std::vector<Candidate> candidates(schedules.size());
  std::vector<bool> isCode = compile(schedules, candidates);
  std::vector<LinkedKernel> kernels;
  for (size_t index = 0; index < schedules.size(); ++index)
    if (isCode[index])
      kernels.push_back({description, schedules[index]});
  if (kernels.empty())
    return candidates;
  std::string path = workshop.scratch.file("candidates-" + std::to_string(workshop.libraries++) + ".so"), error;
  if (Error failed = linkKernels(kernels, target, workshop.cache, workshop.context, path))
    return std::move(failed);
  std::shared_ptr<CandidateLibrary> library = CandidateLibrary::open(path, error);
  if (!library)
    return createStringError(error);
  for (size_t index = 0, place = 0; index < schedules.size(); ++index)
    if (isCode[index])
      check(candidates[index], library, place++);
  return candidates;
}

void MachineBench::check(Candidate &candidate, const std::shared_ptr<CandidateLibrary> &library, size_t index) {
  tenon_kernel_fn kernel = library->kernel(index);
  for (const RecordedCall &call : recorded)
    if (!recording.givesSameBits(call, kernel)) {
      candidate.problem = "it does not give what the default schedule gives";
      candidate.timed.clear();
      return;
    } else {
      // The library stays open as long as somebody may run it.
      candidate.timed.push_back(
          [this, library, kernel, call](unsigned runs) { return recording.time(call, kernel, runs, coldWeights); });
    }
}
