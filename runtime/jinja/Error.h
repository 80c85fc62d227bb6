//===- Error.h - What is wrong with a template or a conversation -*- C++ -*-===//

#ifndef TENON_JINJA_ERROR_H
#define TENON_JINJA_ERROR_H

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::jinja {

/// Thrown by all of this library.
struct Error {
  std::string what;
  size_t line = 0;      ///< of the template; 0 until it is known
  bool refusal = false; ///< the template called raise_exception

  /// "line 3: ..."
  std::string message() const { return line ? "line " + std::to_string(line) + ": " + what : what; }
};

inline void append(std::string &to, std::string_view text) { to += text; }
inline void append(std::string &to, char c) { to += c; }
inline void append(std::string &to, std::integral auto value) { to += std::to_string(value); }

template <typename... Parts> std::string concat(const Parts &...parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

template <typename... Parts> [[noreturn]] void fail(const Parts &...parts) { throw Error{concat(parts...)}; }
template <typename... Parts> [[noreturn]] void failAt(size_t line, const Parts &...parts) {
  throw Error{concat(parts...), line};
}

} // namespace tenon::jinja

#endif // TENON_JINJA_ERROR_H
