/* What libraries written by hand share: the note, the setters, a kernel for each of three targets. */

#ifndef FAKE_COMMON_H
#define FAKE_COMMON_H

#include "tenon/library.h"

#if defined(__x86_64__)
#define MACHINE 62
#define LEAST_LEVEL 1
#else
#define MACHINE 183
#define LEAST_LEVEL 0
#endif

#ifndef FAKE_TABLE_VERSION
#define FAKE_TABLE_VERSION TENON_LIBRARY_VERSION
#endif
#ifndef FAKE_KERNEL_COUNT
#define FAKE_KERNEL_COUNT 1
#endif

struct elf_note {
  uint32_t name_size, descriptor_size, type;
  char name[8];
  tenon_note note;
} __attribute__((packed, aligned(4)));

__attribute__((section(".note.tenon"), used, retain)) const struct elf_note fake_note = {
    6, sizeof(tenon_note), TENON_NOTE_TYPE, "Tenon", {TENON_LIBRARY_VERSION, MACHINE, LEAST_LEVEL, 0, 0, {0, 0}, 0, 0}};

static tenon_do_par_for_fn do_par_for;
static tenon_malloc_fn kernel_malloc;
static tenon_free_fn kernel_free;
static tenon_error_fn kernel_error;

#define SETTER(name, type, variable)                                                                                   \
  static type name(type value) {                                                                                       \
    type before = variable;                                                                                            \
    variable = value;                                                                                                  \
    return before;                                                                                                     \
  }
SETTER(set_do_par_for, tenon_do_par_for_fn, do_par_for)
SETTER(set_malloc, tenon_malloc_fn, kernel_malloc)
SETTER(set_free, tenon_free_fn, kernel_free)
SETTER(set_error_handler, tenon_error_fn, kernel_error)

/* The kernel writes the level of its table to where its argument points. */
#define KERNEL(level)                                                                                                  \
  static int32_t kernel_v##level(void **arguments) {                                                                   \
    *(int32_t *)arguments[1] = level;                                                                                  \
    return 0;                                                                                                          \
  }                                                                                                                    \
  static const tenon_kernel_fn kernels_v##level[] = {kernel_v##level};
KERNEL(1)
KERNEL(3)
KERNEL(9)

static const tenon_target_table targets[] = {
    {"x86-64-v9", 9, 0, kernels_v9},
#if defined(__x86_64__)
    {"x86-64-v3", 3, 0, kernels_v3},
#endif
    {"baseline", LEAST_LEVEL, 0, kernels_v1},
};

#endif
