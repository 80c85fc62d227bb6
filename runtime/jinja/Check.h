//===- Check.h - Whether a text is a template -------------------*- C++ -*-===//

#ifndef TENON_JINJA_CHECK_H
#define TENON_JINJA_CHECK_H

#include <string>
#include <string_view>

namespace tenon::jinja {

/// Whether a text is a template; if not, `error` says why.
bool check(std::string_view source, std::string &error) noexcept;

} // namespace tenon::jinja

#endif // TENON_JINJA_CHECK_H
