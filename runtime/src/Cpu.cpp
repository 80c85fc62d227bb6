//===- Cpu.cpp - What this CPU and this process can use -------------------===//

#include "Cpu.h"

#include "Failure.h"

#include <algorithm>
#include <charconv>
#include <elf.h>
#include <fstream>
#include <memory>
#include <sched.h>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tenon::runtime {
namespace {

bool parseNumber(std::string_view text, int64_t &value) {
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

std::string firstLine(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

unsigned affinityCpus() {
  // The kernel refuses a set that is smaller than its own, so the size is doubled until it is not.
  for (size_t count = 1024; count <= (size_t(1) << 20); count *= 2) {
    std::unique_ptr<cpu_set_t, void (*)(cpu_set_t *)> set(CPU_ALLOC(count), [](cpu_set_t *s) { CPU_FREE(s); });
    size_t bytes = CPU_ALLOC_SIZE(count);
    if (set && sched_getaffinity(0, bytes, set.get()) == 0)
      return unsigned(CPU_COUNT_S(bytes, set.get()));
  }
  return std::thread::hardware_concurrency();
}

unsigned smaller(unsigned limit, unsigned other) {
  if (limit == 0 || other == 0)
    return std::max(limit, other);
  return std::min(limit, other);
}

unsigned groupQuota(const std::string &directory, bool unified) {
  if (unified)
    return cpusOfQuota(firstLine(directory + "/cpu.max"));
  int64_t quota, period;
  if (parseNumber(firstLine(directory + "/cpu.cfs_quota_us"), quota) &&
      parseNumber(firstLine(directory + "/cpu.cfs_period_us"), period))
    return cpusOfQuota(quota, period);
  return 0;
}

bool listsController(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    if (item == name)
      return true;
    list.remove_prefix(std::min(list.size(), item.size() + 1));
  }
  return false;
}

/// The least quota of this process's groups and of those that hold them.
unsigned quotaCpus() {
  unsigned limit = 0;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos)
      continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    bool unified = controllers.empty();
    if (!unified && !listsController(controllers, "cpu"))
      continue;
    std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (std::string path = line.substr(second + 1);;) {
      limit = smaller(limit, groupQuota(root + path, unified));
      size_t slash = path.rfind('/');
      if (path.empty() || slash == std::string::npos)
        break;
      path.resize(slash);
    }
  }
  return limit;
}

} // namespace

uint16_t machine() {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#else
#error "the runtime knows x86-64 and AArch64"
#endif
}

uint32_t cpuLevel() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4"))
    return 4;
  if (__builtin_cpu_supports("x86-64-v3"))
    return 3;
  return __builtin_cpu_supports("x86-64-v2") ? 2 : 1;
#else
  return 0;
#endif
}

std::string describeLevel(uint32_t level) {
  switch (level) {
  case 0:
    return "no level";
  case 1:
    return "x86-64";
  case 2:
    return "x86-64-v2 (SSE4.2, POPCNT)";
  case 3:
    return "x86-64-v3 (AVX2, FMA, BMI2)";
  case 4:
    return "x86-64-v4 (AVX-512 F, BW, CD, DQ, VL)";
  default:
    return concat("x86-64-v", level);
  }
}

unsigned cpusOfQuota(std::string_view cpuMax) {
  size_t space = cpuMax.find(' ');
  int64_t quota, period;
  if (space == std::string_view::npos || !parseNumber(cpuMax.substr(0, space), quota) ||
      !parseNumber(cpuMax.substr(space + 1), period))
    return 0;
  return cpusOfQuota(quota, period);
}

unsigned cpusOfQuota(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0)
    return 0;
  return unsigned(std::min<int64_t>((quota - 1) / period + 1, TENON_MAX_THREADS));
}

unsigned availableCpus() { return std::max(1u, smaller(affinityCpus(), quotaCpus())); }

FloatingPointScope::FloatingPointScope() {
#if defined(__x86_64__)
  saved = _mm_getcsr();
  _mm_setcsr(0x1f80); // the processor's default: all exceptions masked, nearest, no flush to zero, denormals read
#else
  asm volatile("mrs %0, fpcr" : "=r"(saved));
  asm volatile("msr fpcr, %0" ::"r"(uint64_t(0)));
#endif
}

FloatingPointScope::~FloatingPointScope() {
#if defined(__x86_64__)
  _mm_setcsr(unsigned(saved));
#else
  asm volatile("msr fpcr, %0" ::"r"(saved));
#endif
}

} // namespace tenon::runtime
