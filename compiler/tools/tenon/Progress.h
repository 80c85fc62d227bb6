//===- Progress.h - What is being done, on a terminal -----------*- C++ -*-===//

#ifndef TENON_TOOLS_PROGRESS_H
#define TENON_TOOLS_PROGRESS_H

#include <chrono>
#include <cstdint>
#include <string>

namespace tenon::tools {

/// One line on standard error that shows a bar for work that takes longer than a moment; nothing where standard error
/// is no terminal.
class Progress {
public:
  Progress();
  ~Progress();
  /// With a total of 0 there is no bar.
  void update(const std::string &step, uint64_t done, uint64_t total);
  /// Takes the line away, so that something else can be written.
  void clear();

private:
  bool terminal;
  bool shown = false;
  std::chrono::steady_clock::time_point start, last;
};

} // namespace tenon::tools

#endif // TENON_TOOLS_PROGRESS_H
