/*===- library.h - What a compiled model library exports ----------*- C -*-===//
//
// The contract between `tenon compile` and the runtime. A library exports one symbol, `tenon_library_v1`. Before it is
// loaded, the ELF note `.note.tenon` tells whether it is whole and fits this machine.
//
//===----------------------------------------------------------------------===*/

#ifndef TENON_LIBRARY_H
#define TENON_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENON_LIBRARY_VERSION 2u
#define TENON_LIBRARY_SYMBOL "tenon_library_v1"

/* The ELF note: name "Tenon" (6 bytes with its NUL), type TENON_NOTE_TYPE, and this as its descriptor, little endian. */
#define TENON_NOTE_TYPE 0x544e4c31u /* "TNL1" */

typedef struct tenon_note {
  uint32_t version; /* TENON_LIBRARY_VERSION */
  uint32_t machine; /* ELF e_machine of the kernels */
  /* Least instruction set that one of the kernel tables needs: 2, 3, 4 for x86-64-v2, -v3, -v4; 0 elsewhere. */
  uint32_t least_level;
  uint32_t reserved;
  uint64_t file_size;  /* bytes of the whole library file */
  uint64_t hash[2];    /* XXH3-128 (low, high) of the file with these 16 bytes zero, less the excluded span */
  uint64_t excluded_offset; /* embedded weights, which are not hashed: file offset and bytes; 0, 0 for none */
  uint64_t excluded_size;
} tenon_note;

/* A kernel by Halide's argv convention: arguments[0] points to the user context pointer, then one pointer to a
 * halide_buffer_t per argument and result. Returns 0, or a Halide error code. */
typedef int32_t (*tenon_kernel_fn)(void **arguments);

/* What a driver needs from its caller for one call. */
typedef struct tenon_call {
  const uint8_t *weights;         /* first byte of the packed weights' tensor data; aligned to 64 bytes */
  const tenon_kernel_fn *kernels; /* table of the chosen target, indexed as the manifest's "kernels" */
  void *context;                  /* handed to every kernel as its user context */
  /* Working memory for this call: at least `bytes`, aligned to 64; NULL where there is none, which ends the call with
   * TENON_DRIVER_NO_MEMORY. Called at most once; stays valid until the call returns. */
  void *(*reserve)(void *context, size_t bytes);
  /* The entry point's inputs, its states and its outputs, as the manifest lists them: dense, row-major, aligned to the
   * element. States are read and changed in place. An output that nobody wants may be NULL. */
  void *const *arguments;
  const int64_t *dims; /* the values of the entry point's "dims", in the manifest's order */
} tenon_call;

#define TENON_DRIVER_NO_MEMORY (-1000)
/* A buffer that a kernel would be given has more than 2^31 - 1 elements. */
#define TENON_DRIVER_TOO_LARGE (-1001)
/* What a kernel returns whose scratch memory cannot be had: halide_error_code_out_of_memory. */
#define TENON_KERNEL_NO_MEMORY (-11)

/* Tokens of one sequence that a page of a state holds: token t is in page t / TENON_PAGE_TOKENS of its sequence. */
#define TENON_PAGE_TOKENS 16

/* Runs one entry point. Returns 0, TENON_DRIVER_NO_MEMORY, TENON_DRIVER_TOO_LARGE or the error code of the kernel that failed. */
typedef int32_t (*tenon_entry_fn)(const tenon_call *call);

typedef struct tenon_target_table {
  const char *name;               /* "x86-64-v3" */
  uint32_t level;                 /* as least_level in the note, for this table */
  uint32_t reserved;
  const tenon_kernel_fn *kernels; /* kernel_count entries */
} tenon_target_table;

/* Setters of the library's private Halide runtime. */
typedef int (*tenon_do_par_for_fn)(void *context, int (*task)(void *context, int index, uint8_t *closure), int min,
                                   int size, uint8_t *closure);
typedef void *(*tenon_malloc_fn)(void *context, size_t bytes);
typedef void (*tenon_free_fn)(void *context, void *pointer);
typedef void (*tenon_error_fn)(void *context, const char *message);

typedef struct tenon_library {
  uint32_t version;     /* TENON_LIBRARY_VERSION */
  uint32_t struct_size; /* sizeof(tenon_library) */
  const char *manifest; /* JSON, UTF-8, manifest_size bytes; see docs/library.md */
  uint64_t manifest_size;
  const char *tokenizer; /* tokenizer.json as it was, tokenizer_size bytes; NULL for none */
  uint64_t tokenizer_size;
  const uint8_t *weights; /* with --embed: the weight file's bytes, weights_size of them; else NULL */
  uint64_t weights_size;
  const tenon_entry_fn *entries; /* indexed as the manifest's "entries" */
  uint32_t entry_count;
  uint32_t kernel_count;
  const tenon_target_table *targets; /* best first */
  uint32_t target_count;
  uint32_t reserved;
  tenon_do_par_for_fn (*set_do_par_for)(tenon_do_par_for_fn);
  tenon_malloc_fn (*set_malloc)(tenon_malloc_fn);
  tenon_free_fn (*set_free)(tenon_free_fn);
  tenon_error_fn (*set_error_handler)(tenon_error_fn);
  const char *target_tokenizer; /* of what the decoder writes, target_tokenizer_size bytes; NULL where `tokenizer` is */
  uint64_t target_tokenizer_size;
} tenon_library;

#ifdef __cplusplus
}
#endif

#endif /* TENON_LIBRARY_H */
