//===- Bandwidth.h - How fast this machine reads memory ---------*- C++ -*-===//

#ifndef TENON_TOOLS_BANDWIDTH_H
#define TENON_TOOLS_BANDWIDTH_H

#include <cstdint>

namespace tenon::tools {

/// Bytes per second that so many threads read from a buffer far larger than the caches: the best of several passes.
double readBandwidth(uint32_t threads);

} // namespace tenon::tools

#endif // TENON_TOOLS_BANDWIDTH_H
