//===- Cpu.h - What this CPU and this process can use -----------*- C++ -*-===//

#ifndef TENON_RUNTIME_CPU_H
#define TENON_RUNTIME_CPU_H

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::runtime {

/// The ELF e_machine that this runtime was compiled for.
uint16_t machine();

/// The x86-64 level (1 to 4) that CPU and operating system support; 0 on other machines.
uint32_t cpuLevel();

/// "x86-64-v3 (AVX2, FMA, BMI2)".
std::string describeLevel(uint32_t level);

/// How many CPUs this process may use: affinity, and the cgroup's quota rounded up. At least 1.
unsigned availableCpus();

/// The CPUs that a cgroup v2 `cpu.max` line ("200000 100000", "max 100000") grants; 0 for no limit or another text.
unsigned cpusOfQuota(std::string_view cpuMax);

/// The same of cgroup v1's two files, quota (-1 for none) and period in microseconds.
unsigned cpusOfQuota(int64_t quota, int64_t period);

/// While one lives, this thread computes as kernels expect: round to nearest, denormals kept. Then the host program's
/// settings are back.
class FloatingPointScope {
public:
  FloatingPointScope();
  ~FloatingPointScope();
  FloatingPointScope(const FloatingPointScope &) = delete;
  FloatingPointScope &operator=(const FloatingPointScope &) = delete;

private:
  uint64_t saved;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_CPU_H
