/* Options that AddressSanitizer reads at startup, in every program of a build with it.
 *
 * allow_user_poisoning: Debian's LLVM and MLIR are not instrumented, so what our instrumented copies of their inline
 * allocators poison, the libraries' own copies hand out without unpoisoning.
 * use_sigaltstack: LLVM sets a signal stack of its own, which the sanitizer would unmap as its own when a thread ends.
 * allocator_may_return_null: memory that there is not is a null pointer, as without the sanitizer.
 * detect_stack_use_after_return: Halide compiles on a stack of its own (makecontext), which fake stacks do not follow. */

__attribute__((used, visibility("default"))) const char *__asan_default_options(void) {
  return "allow_user_poisoning=0:use_sigaltstack=0:allocator_may_return_null=1:detect_stack_use_after_return=0";
}
