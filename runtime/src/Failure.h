//===- Failure.h - How the runtime reports what went wrong ------*- C++ -*-===//
//
// Inside the runtime a failure is an exception that carries a status; the C interface turns it into the status and the
// thread's message.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_FAILURE_H
#define TENON_RUNTIME_FAILURE_H

#include "tenon/tenon.h"

#include <concepts>
#include <string>
#include <string_view>

namespace tenon::runtime {

struct Failure {
  tenon_status status;
  std::string message;
};

inline void append(std::string &to, std::string_view text) { to += text; }
inline void append(std::string &to, std::integral auto value) { to += std::to_string(value); }

/// The arguments one after the other: strings, and integers in decimal whatever the locale.
template <typename... Parts> std::string concat(const Parts &...parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

template <typename... Parts> [[noreturn]] void fail(tenon_status status, const Parts &...parts) {
  throw Failure{status, concat(parts...)};
}

} // namespace tenon::runtime

#endif // TENON_RUNTIME_FAILURE_H
