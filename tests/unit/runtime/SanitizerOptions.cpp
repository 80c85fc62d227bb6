//===- SanitizerOptions.cpp - What the sanitizers' runtimes ask for -------===//
//
// Under ThreadSanitizer too, memory that there is not is a null pointer, and the child of a process with threads may start
// threads of its own. AddressSanitizer's options come from cmake/SanitizerOptions.c.
//
//===----------------------------------------------------------------------===//

extern "C" const char *__tsan_default_options() { return "allocator_may_return_null=1:die_after_fork=0"; }
