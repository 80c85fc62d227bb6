//===- Mutations.h - Files with something wrong -----------------*- C++ -*-===//

#ifndef TENON_TESTS_WEIGHTS_MUTATIONS_H
#define TENON_TESTS_WEIGHTS_MUTATIONS_H

#include <functional>
#include <string>

namespace tenon::test {

/// Calls `visit` with `file` cut off at every byte, longer by some, and with every byte and every four aligned or
/// misaligned ones replaced.
inline void forEachMutation(const std::string &file, const std::function<void(const std::string &)> &visit) {
  for (size_t size = 0; size < file.size(); ++size)
    visit(file.substr(0, size));
  visit(file + "more");
  for (size_t at = 0; at < file.size(); ++at)
    for (char with : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
      std::string other = file;
      other[at] = with;
      visit(other);
      for (size_t i = at; i < at + 4 && i < file.size(); ++i)
        other[i] = with;
      visit(other);
    }
}

} // namespace tenon::test

#endif // TENON_TESTS_WEIGHTS_MUTATIONS_H
