//===- Placement.h - On which CPU a thread is -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_PLACEMENT_H
#define TENON_RUNTIME_PLACEMENT_H

#include <span>
#include <sys/types.h>

namespace tenon::runtime {

/// The CPU that the calling thread is on; -1 where the system does not say.
int currentCpu();

/// Has the system take a thread of this process from the CPUs in `busy`, numbers below 0 aside, to another one that the
/// thread may be on. Afterwards it may be on all of them as before: it is moved once, not bound. False where there is no other.
bool moveThread(pid_t thread, std::span<const int> busy);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_PLACEMENT_H
