//===- ThisCpu.h - What the system says of this CPU -------------*- C++ -*-===//

#ifndef TENON_MACHINE_THISCPU_H
#define TENON_MACHINE_THISCPU_H

#include <cstddef>
#include <string>

namespace tenon::machine {

/// Bytes that one core has of each cache, of the last one all cores together; 0 for a cache that there is not, or that
/// the system says nothing of.
struct Caches {
  size_t first, second, last;
};

Caches cachesOfThisCpu();

/// Cores, each of which may be several CPUs to the system; 0 where that says nothing of them. `cpus` is where Linux
/// describes its CPUs.
unsigned physicalCores(const std::string &cpus = "/sys/devices/system/cpu");

} // namespace tenon::machine

#endif // TENON_MACHINE_THISCPU_H
