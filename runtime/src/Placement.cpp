//===- Placement.cpp - On which CPU a thread is ---------------------------===//

#include "Placement.h"

#include <sched.h>

namespace tenon::runtime {

int currentCpu() { return sched_getcpu(); }

bool moveThread(pid_t thread, std::span<const int> busy) {
  // Without memory of its own: the caller is in a region. Systems with more CPUs than a set has refuse to fill it.
  cpu_set_t allowed, others;
  if (sched_getaffinity(thread, sizeof(allowed), &allowed) != 0)
    return false;
  others = allowed;
  for (int cpu : busy)
    if (cpu >= 0 && cpu < CPU_SETSIZE)
      CPU_CLR(cpu, &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(thread, sizeof(others), &others) != 0)
    return false;
  return sched_setaffinity(thread, sizeof(allowed), &allowed) == 0;
}

} // namespace tenon::runtime
