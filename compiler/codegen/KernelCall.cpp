//===- KernelCall.cpp - Calls of compiled kernels -------------------------===//

#include "codegen/KernelCall.h"

#include "HalideRuntime.h"

#include <cstdlib>
#include <dlfcn.h>
#include <vector>

using namespace llvm;
using namespace tenon;

namespace {

int runInOrder(void *context, int (*task)(void *, int, uint8_t *), int min, int size, uint8_t *closure) {
  for (int i = min; i < min + size; ++i)
    if (int status = task(context, i, closure))
      return status;
  return 0;
}

void *allocate(void *, size_t bytes) { return std::aligned_alloc(128, (bytes + 127) / 128 * 128); }
void release(void *, void *memory) { std::free(memory); }

/// The user context of a call is the string that errors go to.
void keepError(void *context, const char *message) { *static_cast<std::string *>(context) = message; }

} // namespace

Expected<KernelLibrary> KernelLibrary::open(StringRef path) {
  // Without a slash dlopen would search elsewhere.
  std::string name = path.contains('/') ? path.str() : "./" + path.str();
  void *handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return createStringError("%s", ::dlerror());
  auto *table = static_cast<const tenon_library *>(::dlsym(handle, TENON_LIBRARY_SYMBOL));
  if (!table || table->version != TENON_LIBRARY_VERSION) {
    ::dlclose(handle);
    return createStringError("%s: the library has no table of version %u", name.c_str(), TENON_LIBRARY_VERSION);
  }
  table->set_do_par_for(runInOrder);
  table->set_malloc(allocate);
  table->set_free(release);
  table->set_error_handler(keepError);
  return KernelLibrary(handle, table);
}

KernelLibrary::~KernelLibrary() {
  if (handle)
    ::dlclose(handle);
}

const tenon_kernel_fn *KernelLibrary::kernels(StringRef target) const {
  for (const tenon_target_table &entry : ArrayRef(table->targets, table->target_count))
    if (target == entry.name)
      return entry.kernels;
  return nullptr;
}

Error KernelLibrary::call(tenon_kernel_fn kernel, ArrayRef<KernelBuffer> arguments) const {
  std::vector<halide_buffer_t> buffers(arguments.size());
  std::vector<std::vector<halide_dimension_t>> dimensions(arguments.size());
  std::string message;
  void *context = &message;
  std::vector<void *> vector{&context};
  for (auto [argument, buffer, sizes] : zip(arguments, buffers, dimensions)) {
    int32_t stride = 1;
    for (int64_t size : reverse(argument.shape)) {
      sizes.push_back(halide_dimension_t(0, static_cast<int32_t>(size), stride));
      stride *= static_cast<int32_t>(size);
    }
    buffer = {};
    buffer.host = static_cast<uint8_t *>(argument.data);
    buffer.type = halide_type_t(argument.isFloat ? halide_type_float : halide_type_int, 32, 1);
    buffer.dimensions = static_cast<int32_t>(sizes.size());
    buffer.dim = sizes.data();
    vector.push_back(&buffer);
  }
  if (int32_t status = kernel(vector.data()))
    return createStringError("the kernel ended with status %d: %s", status, message.c_str());
  return Error::success();
}
