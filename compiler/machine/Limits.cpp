//===- Limits.cpp - What this machine can do at most ----------------------===//

#include "machine/Limits.h"

#include "machine/FedTile.h"
#include "machine/MultiplyAdd.h"
#include "machine/Read.h"
#include "machine/Together.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>
#include <vector>

using namespace tenon::machine;

namespace {

/// What else runs on the machine comes and goes: figures are looked at again and again, each time for a moment.
constexpr unsigned kPasses = 4, kRuns = 4, kMemoryRuns = 2;
/// A run's work: a millisecond for one core, much more than threads need to begin.
constexpr double kTileOperations = 2e8, kCacheBytes = 128e6;
constexpr size_t kLeastMemoryBytes = size_t(512) << 20;

/// Memory of one kind of pages, all of it there.
class Pages {
public:
  Pages(size_t bytes, int advice)
      : bytes(bytes), memory(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (!*this)
      return;
    madvise(memory, bytes, advice);
    std::fill_n(data(), bytes / sizeof(float), 1.0f);
  }
  ~Pages() {
    if (*this)
      munmap(memory, bytes);
  }
  Pages(const Pages &) = delete;
  Pages &operator=(const Pages &) = delete;

  explicit operator bool() const { return memory != MAP_FAILED; }
  float *data() const { return static_cast<float *>(memory); }

private:
  size_t bytes;
  void *memory;
};

/// Panels of a tile that lie one behind the other, read over and over.
struct Panels {
  size_t depth, count;
};

/// One panel that fills three quarters of the first cache together with the rows; or as many of a depth at which rows
/// stay in the first cache as fill half of the second.
Panels panelsIn(bool second, const FedTile &tile, const Caches &caches) {
  size_t step = tile.vectors * tile.lanes * sizeof(float);
  if (!second)
    return {caches.first * 3 / 4 / (step + tile.rows * sizeof(float)), 1};
  constexpr size_t kDepth = 256;
  return {kDepth, std::max<size_t>(1, caches.second / 2 / (kDepth * step))};
}

/// One way to reach a figure.
struct Attempt {
  double *figure;
  unsigned runs;
  Work work; ///< Billions of operations or bytes, in the part of the memory that a thread has.
};

/// Everything that is tried, over memory that each thread has a part of.
class Attempts {
public:
  explicit Attempts(Limits &limits)
      : limits(limits), small(limits.memoryBytes, MADV_NOHUGEPAGE), huge(limits.memoryBytes, MADV_HUGEPAGE),
        share(limits.memoryBytes / sizeof(float) / limits.threads / kReadBlock * kReadBlock) {}

  bool hasMemory() const { return small && huge; }
  void arithmetic(Arithmetic &figures, double (*registers)(), std::span<const FedTile> tiles);
  void reading(Reading &figures, bool wide);
  void run();

private:
  void tile(double &figure, const FedTile &tile, const Panels &panels);
  void read(double &figure, const Pages &pages, size_t bytes, double least, bool wide);

  Limits &limits;
  Pages small, huge;
  size_t share; ///< Numbers of each thread.
  std::vector<Attempt> attempts;
};

void Attempts::tile(double &figure, const FedTile &tile, const Panels &panels) {
  size_t panel = panels.depth * tile.vectors * tile.lanes, block = tile.rows * tile.vectors * tile.lanes;
  double operations = 2.0 * static_cast<double>(panels.depth * block);
  auto tiles = std::max(panels.count, static_cast<size_t>(kTileOperations / operations));
  attempts.push_back({&figure, kRuns, [=, this](unsigned thread) {
                        // The panels begin at a page, the rows behind them at a line.
                        float *b = huge.data() + thread * share, *a = b + panel * panels.count, *c = b + share - block;
                        for (size_t index = 0, place = 0; index < tiles; ++index) {
                          tile.run(a, b + place * panel, panels.depth, c);
                          place = place + 1 == panels.count ? 0 : place + 1;
                        }
                        keep(c[0]);
                        return 1e-9 * operations * static_cast<double>(tiles);
                      }});
}

void Attempts::arithmetic(Arithmetic &figures, double (*registers)(), std::span<const FedTile> tiles) {
  attempts.push_back({&figures.registers, 2 * kRuns, [=](unsigned) { return 1e-9 * registers(); }});
  for (const FedTile &shape : tiles) {
    tile(figures.firstCache, shape, panelsIn(false, shape, limits.caches));
    tile(figures.secondCache, shape, panelsIn(true, shape, limits.caches));
  }
}

/// `bytes` of each thread's, read until it is `least` at least.
void Attempts::read(double &figure, const Pages &pages, size_t bytes, double least, bool wide) {
  size_t count = std::min(share, bytes / sizeof(float) / kReadBlock * kReadBlock);
  if (!count)
    return;
  auto read = static_cast<double>(count * sizeof(float));
  auto repeats = std::max<size_t>(1, static_cast<size_t>(least / read));
  attempts.push_back({&figure, least ? kRuns : kMemoryRuns, [=, this, &pages](unsigned thread) {
                        for (size_t repeat = 0; repeat < repeats; ++repeat)
                          (wide ? readAvx512 : readAvx2)(pages.data() + thread * share, count);
                        return 1e-9 * read * static_cast<double>(repeats);
                      }});
}

/// What each thread reads from the last cache: more than its second cache holds, and a part of the last only, since
/// others use that too. 0 where there is no such size.
size_t lastCacheShare(const Caches &caches, unsigned threads) {
  size_t share = std::max(4 * caches.second, caches.last / 8 / threads);
  return share * threads <= caches.last / 2 ? share : 0;
}

void Attempts::reading(Reading &figures, bool wide) {
  const Caches &caches = limits.caches;
  read(figures.firstCache, huge, caches.first / 2, kCacheBytes, wide);
  read(figures.secondCache, huge, caches.second / 2, kCacheBytes, wide);
  read(figures.lastCache, huge, lastCacheShare(caches, limits.threads), kCacheBytes, wide);
  read(figures.memory, small, limits.memoryBytes, 0, wide);
  read(figures.memoryHugePages, huge, limits.memoryBytes, 0, wide);
}

void Attempts::run() {
  for (unsigned pass = 0; pass < kPasses; ++pass)
    for (const Attempt &attempt : attempts)
      *attempt.figure = std::max(*attempt.figure, mostPerSecond(limits.threads, attempt.runs, attempt.work));
}

} // namespace

std::optional<Limits> tenon::machine::measureLimits(unsigned threads, std::string &error) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
    error = "expected a CPU with AVX2 and FMA, found one without";
    return std::nullopt;
  }
  Limits limits;
  limits.threads = threads;
  limits.caches = cachesOfThisCpu();
  limits.memoryBytes = std::max(kLeastMemoryBytes, 2 * std::max(limits.caches.second, limits.caches.last));
  Attempts attempts(limits);
  if (!attempts.hasMemory()) {
    error = "no memory for two buffers of " + std::to_string(limits.memoryBytes >> 20) + " MB to read from";
    return std::nullopt;
  }
  bool wide = __builtin_cpu_supports("avx512f");
  attempts.arithmetic(limits.avx2, multiplyAddAvx2, fedTilesAvx2());
  if (wide)
    attempts.arithmetic(limits.avx512.emplace(), multiplyAddAvx512, fedTilesAvx512());
  attempts.reading(limits.read, wide);
  attempts.run();
  return limits;
}
