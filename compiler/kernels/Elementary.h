//===- Elementary.h - Elementary functions for vectors ----------*- C++ -*-===//
//
// Polynomials in float32, free of branches and of library calls, so that they stay in vector registers. NaN gives NaN.
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

/// One of the activations that `activationNames` lists.
Halide::Expr activation(const std::string &function, Halide::Expr x);

std::set<std::string> activationNames();

} // namespace tenon::kernels

#endif // TENON_KERNELS_ELEMENTARY_H
