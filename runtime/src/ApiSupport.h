//===- ApiSupport.h - What the C interface's functions share ----*- C++ -*-===//

#ifndef TENON_RUNTIME_APISUPPORT_H
#define TENON_RUNTIME_APISUPPORT_H

#include "Failure.h"
#include "text/TextError.h"

#include <exception>
#include <new>
#include <stdexcept>

namespace tenon::runtime {

/// Sets this thread's message and returns the status.
tenon_status report(tenon_status status, std::string_view message) noexcept;

/// Runs the body of one C function and turns whatever it throws into a status.
template <typename Body> tenon_status guarded(Body body) noexcept {
  try {
    body();
    return TENON_OK;
  } catch (const Failure &failure) {
    return report(failure.status, failure.message);
  } catch (const text::TextError &failure) {
    return report(TENON_ERROR_TOKENIZER, failure.what());
  } catch (const std::bad_alloc &) {
    return report(TENON_ERROR_NO_MEMORY, "no memory");
  } catch (const std::length_error &) {
    return report(TENON_ERROR_NO_MEMORY, "no memory: a container would be larger than it can be");
  } catch (const std::exception &failure) {
    return report(TENON_ERROR_INTERNAL, failure.what());
  } catch (...) {
    return report(TENON_ERROR_INTERNAL, "an exception of a kind that the runtime does not know");
  }
}

/// Calls what the caller gave and returns whether the result is not 0. What it throws, of any type, becomes a status.
template <typename Call> bool calledBack(Call call) {
  try {
    return call() != 0;
  } catch (const std::exception &thrown) {
    fail(TENON_ERROR_CALLBACK, "the callback threw an exception: ", thrown.what());
  } catch (...) {
    fail(TENON_ERROR_CALLBACK, "the callback threw something that is no std::exception");
  }
}

template <typename T> void requirePointer(T *pointer, const char *name) {
  if (!pointer)
    fail(TENON_ERROR_INVALID_ARGUMENT, name, " is null");
}

inline void requireStructSize(size_t found, size_t expected, const char *name) {
  if (found != expected)
    fail(TENON_ERROR_STRUCT_SIZE, "struct_size of ", name, " is ", found, ", expected ", expected);
}

} // namespace tenon::runtime

#endif // TENON_RUNTIME_APISUPPORT_H
