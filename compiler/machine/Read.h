//===- Read.h - Memory read at full speed -----------------------*- C++ -*-===//

#ifndef TENON_MACHINE_READ_H
#define TENON_MACHINE_READ_H

#include <cstddef>

namespace tenon::machine {

/// Numbers of a block; what is read is a multiple of it, at an address that a cache line begins at.
constexpr size_t kReadBlock = 128;

/// Reads `count` numbers in order, with the widest loads of the instruction set.
void readAvx2(const float *data, size_t count);
void readAvx512(const float *data, size_t count);

} // namespace tenon::machine

#endif // TENON_MACHINE_READ_H
