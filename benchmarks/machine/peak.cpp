//===- peak.cpp - What this machine can do --------------------------------===//
//
// Prints, as JSON, what one thread and what several at the same time can do at most: float32 arithmetic in registers
// and of a product's tile fed from the first and from the second cache, and reading from each cache and from memory.
//
//   tenon-machine-peak [THREADS]
//
//===----------------------------------------------------------------------===//

#include "machine/Limits.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace tenon::machine;

namespace {

void print(const char *name, const Arithmetic &arithmetic) {
  std::printf("\"%s\": {\"registers\": %.1f, \"first_cache\": %.1f, \"second_cache\": %.1f},\n ", name,
              arithmetic.registers, arithmetic.firstCache, arithmetic.secondCache);
}

} // namespace

int main(int argc, char **argv) {
  long threads = argc > 1 ? std::strtol(argv[1], nullptr, 10) : static_cast<long>(std::thread::hardware_concurrency());
  if (threads < 1 || threads > 4096 || argc > 2) {
    std::fprintf(stderr, "usage: tenon-machine-peak [THREADS]\n");
    return 2;
  }
  std::string error;
  std::optional<Limits> limits = measureLimits(static_cast<unsigned>(threads), error);
  if (!limits) {
    std::fprintf(stderr, "tenon-machine-peak: error: %s\n", error.c_str());
    return 1;
  }
  std::printf(
      "{\"threads\": %u, \"caches\": {\"first\": %zu, \"second\": %zu, \"last\": %zu}, \"memory_bytes\": %zu,\n ",
      limits->threads, limits->caches.first, limits->caches.second, limits->caches.last, limits->memoryBytes);
  print("avx2", limits->avx2);
  if (limits->avx512)
    print("avx512", *limits->avx512);
  const Reading &read = limits->read;
  std::printf("\"read_gbs\": {\"first_cache\": %.1f, \"second_cache\": %.1f, \"last_cache\": %.1f, \"memory\": %.1f, "
              "\"memory_huge_pages\": %.1f}}\n",
              read.firstCache, read.secondCache, read.lastCache, read.memory, read.memoryHugePages);
}
