//===- Progress.cpp - What is being done, on a terminal -------------------===//

#include "Progress.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

using namespace tenon::tools;
using namespace std::chrono_literals;

Progress::Progress() : terminal(isatty(STDERR_FILENO)), start(std::chrono::steady_clock::now()), last(start) {}

Progress::~Progress() { clear(); }

void Progress::clear() {
  if (shown)
    std::fputs("\r\033[K", stderr);
  shown = false;
}

void Progress::update(const std::string &step, uint64_t done, uint64_t total) {
  auto now = std::chrono::steady_clock::now();
  if (!terminal || now - start < 300ms || (now - last < 50ms && done != total))
    return;
  last = now;
  shown = true;
  if (total == 0) {
    std::fprintf(stderr, "\r\033[K%s", step.c_str());
    return;
  }
  constexpr int kWidth = 30;
  int filled = static_cast<int>(kWidth * std::min(1.0, static_cast<double>(done) / static_cast<double>(total)));
  std::string bar(filled, '#');
  bar.resize(kWidth, '.');
  std::fprintf(stderr, "\r\033[K%-8s [%s] %3d %%", step.c_str(), bar.c_str(),
               static_cast<int>(std::min<uint64_t>(100, 100 * done / total)));
  std::fflush(stderr);
}
