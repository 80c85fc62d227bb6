//===- Guarded.cpp - Where Halide's exceptions end ------------------------===//

#include "kernels/Guarded.h"

#include <Halide.h>
#include <mutex>

using namespace Halide;

namespace tenon::kernels {

namespace {

/// Errors are thrown; warnings are about schedules and pipelines as such, which the tests settle.
class Reporter : public CompileTimeErrorReporter {
public:
  void warning(const char *message) override {}
  [[noreturn]] void error(const char *message) override { throw CompileError(message); }
};

void installReporter() {
  static Reporter reporter;
  static std::once_flag once;
  std::call_once(once, [] { set_custom_compile_time_error_reporter(&reporter); });
}

} // namespace

bool guarded(const std::function<void()> &action, std::string &error) {
  try {
    installReporter();
    action();
    return true;
  } catch (const Halide::Error &failure) {
    error = std::string("the kernel compiler rejects this kernel: ") + failure.what();
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  while (!error.empty() && error.back() == '\n')
    error.pop_back();
  return false;
}

} // namespace tenon::kernels
