//===- Elementary.h - Elementary functions for vectors ----------*- C++ -*-===//
//
// Polynomials in float32, free of branches and of library calls, so that they stay in vector registers. NaN gives NaN:
// code generation takes it that no computed value is one, so that a minimum, a maximum or a selection by comparison loses
// it, and a comparison that asks for it is dropped. `keepNaN` goes around each of these.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_KERNELS_ELEMENTARY_H
#define TENON_KERNELS_ELEMENTARY_H

#include <Halide.h>
#include <set>
#include <string>

namespace tenon::kernels {

/// 2^x for x <= 0 to about one unit in the last place; results under 2^-126 are zero.
Halide::Expr exp2Negative(Halide::Expr x);

/// `value`, which is computed from x, or x where that is NaN. Asks the bits, about which code generation takes nothing.
Halide::Expr keepNaN(Halide::Expr x, Halide::Expr value);

/// One of the activations that `activationNames` lists.
Halide::Expr activation(const std::string &function, Halide::Expr x);

std::set<std::string> activationNames();

} // namespace tenon::kernels

#endif // TENON_KERNELS_ELEMENTARY_H
