//===- Progress.cpp - What is being done, on a terminal -------------------===//

#include "Progress.h"

#include <cstdio>
#include <unistd.h>

using namespace tenon::tools;
using namespace std::chrono_literals;

Progress::Progress() : terminal(isatty(STDERR_FILENO)), start(std::chrono::steady_clock::now()), last(start) {}

Progress::~Progress() {
  if (shown)
    std::fputs("\r\033[K", stderr);
}

void Progress::update(const std::string &step, uint64_t done, uint64_t total) {
  auto now = std::chrono::steady_clock::now();
  if (!terminal || now - start < 300ms || (now - last < 50ms && done < total))
    return;
  last = now;
  shown = true;
  constexpr int kWidth = 30;
  int filled = total ? static_cast<int>(kWidth * (static_cast<double>(done) / static_cast<double>(total))) : 0;
  std::string bar(filled, '#');
  bar.resize(kWidth, '.');
  std::fprintf(stderr, "\r\033[K%-8s [%s] %3d %%", step.c_str(), bar.c_str(),
               total ? static_cast<int>(100 * done / total) : 0);
  std::fflush(stderr);
}
