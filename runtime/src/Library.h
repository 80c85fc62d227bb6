//===- Library.h - Loading a compiled library -------------------*- C++ -*-===//

#ifndef TENON_RUNTIME_LIBRARY_H
#define TENON_RUNTIME_LIBRARY_H

#include "tenon/library.h"

#include <string>

namespace tenon::runtime {

/// The functions that a library's private Halide runtime calls. They are the same for all libraries and find the
/// session through the context.
struct KernelHooks {
  tenon_do_par_for_fn doParFor;
  tenon_malloc_fn malloc;
  tenon_free_fn free;
  tenon_error_fn error;
};

/// A library in this process.
class Library {
public:
  /// Checks the note of the file at `path`, then loads it and installs the hooks.
  Library(const std::string &path, const KernelHooks &hooks);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  const tenon_library &table() const { return *exported; }

  /// The kernels for `name`, or with "" the first that this CPU runs.
  const tenon_target_table &target(const std::string &name) const;

private:
  void *handle = nullptr;
  const tenon_library *exported = nullptr;
};

} // namespace tenon::runtime

#endif // TENON_RUNTIME_LIBRARY_H
