//===- Guarded.h - Where Halide's exceptions end ----------------*- C++ -*-===//

#ifndef TENON_KERNELS_GUARDED_H
#define TENON_KERNELS_GUARDED_H

#include <functional>
#include <string>

namespace tenon::kernels {

/// Runs `action`. No exception passes: false, and the text of one as `error`.
bool guarded(const std::function<void()> &action, std::string &error);

} // namespace tenon::kernels

#endif // TENON_KERNELS_GUARDED_H
