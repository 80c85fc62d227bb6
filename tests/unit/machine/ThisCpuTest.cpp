//===- ThisCpuTest.cpp - What the system says of CPUs ----------------------===//

#include "machine/ThisCpu.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace tenon::machine;

namespace {

/// As Linux describes CPUs: a folder for each, and others.
class Cpus : public testing::Test {
protected:
  Cpus() : folder(std::filesystem::temp_directory_path() / ("cpus-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder / "cpufreq");
  }
  ~Cpus() override { std::filesystem::remove_all(folder); }

  void add(int number, const std::string &siblings) {
    std::filesystem::path topology = folder / ("cpu" + std::to_string(number)) / "topology";
    std::filesystem::create_directories(topology);
    std::ofstream(topology / "thread_siblings_list") << siblings << "\n";
  }

  std::filesystem::path folder;
};

} // namespace

TEST_F(Cpus, CpusOfOneCoreAreOne) {
  for (int core = 0; core < 3; ++core)
    for (int thread = 0; thread < 2; ++thread)
      add(core + 3 * thread, std::to_string(core) + "," + std::to_string(core + 3));
  EXPECT_EQ(physicalCores(folder.string()), 3u);
}

TEST_F(Cpus, CoresOfOneThread) {
  add(0, "0");
  add(1, "1");
  EXPECT_EQ(physicalCores(folder.string()), 2u);
}

TEST_F(Cpus, ASystemThatSaysNothingHasNone) {
  EXPECT_EQ(physicalCores(folder.string()), 0u);
  EXPECT_EQ(physicalCores((folder / "none").string()), 0u);
}

TEST(ThisCpu, CachesGrow) {
  Caches caches = cachesOfThisCpu();
  if (caches.first && caches.second)
    EXPECT_LT(caches.first, caches.second);
  if (caches.second && caches.last)
    EXPECT_LE(caches.second, caches.last);
}
