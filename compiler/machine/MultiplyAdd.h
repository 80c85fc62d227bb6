//===- MultiplyAdd.h - Arithmetic at full speed -----------------*- C++ -*-===//

#ifndef TENON_MACHINE_MULTIPLYADD_H
#define TENON_MACHINE_MULTIPLYADD_H

namespace tenon::machine {

/// Makes the compiler believe that the result is used.
inline void keep(float result) { asm volatile("" : : "x"(result)); }

/// Independent chains of float32 multiply-adds in registers, as fast as a core can; gives the operations done. The CPU
/// must have the instructions of the name.
double multiplyAddAvx2();
double multiplyAddAvx512();

} // namespace tenon::machine

#endif // TENON_MACHINE_MULTIPLYADD_H
