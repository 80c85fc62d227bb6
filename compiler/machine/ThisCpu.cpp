//===- ThisCpu.cpp - What the system says of this CPU ---------------------===//

#include "machine/ThisCpu.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

using namespace tenon::machine;

/// 0 for what the system does not say.
static size_t systemNumber(int name) {
  long number = sysconf(name);
  return number > 0 ? static_cast<size_t>(number) : 0;
}

Caches tenon::machine::cachesOfThisCpu() {
  return {systemNumber(_SC_LEVEL1_DCACHE_SIZE), systemNumber(_SC_LEVEL2_CACHE_SIZE),
          systemNumber(_SC_LEVEL3_CACHE_SIZE)};
}

unsigned tenon::machine::physicalCores(const std::string &cpus) {
  // CPUs of one core have the same list of siblings.
  std::set<std::string> cores;
  std::error_code code;
  for (const auto &entry : std::filesystem::directory_iterator(cpus, code)) {
    std::ifstream file(entry.path() / "topology" / "thread_siblings_list");
    std::string siblings;
    if (std::getline(file, siblings) && !siblings.empty())
      cores.insert(siblings);
  }
  return static_cast<unsigned>(cores.size());
}
