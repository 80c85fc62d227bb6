//===- AsWritten.h - Arithmetic that is rounded as it is written -*- C++ -*-===//

#ifndef TENON_KERNELS_ASWRITTEN_H
#define TENON_KERNELS_ASWRITTEN_H

#include "kernels/Region.h"

namespace tenon::kernels {

/// Makes every sum, difference, product and quotient of floats one operation of its own, so that a value has the same
/// bits in whichever loop it is computed. LLVM may otherwise take them in another order, and make one multiply-add of
/// either product of x * y + z * w, as suits the loop. It still makes multiply-adds of
///  - a reduction's product that is added to its sum, which is where nearly all of the time goes, and
///  - a product and a constant, as in polynomials: what is hoisted out of a loop, is so with both.
/// `sumsOfLanes` are left alone, since Halide must see what they are.
void computeAsWritten(Region &region);

} // namespace tenon::kernels

#endif // TENON_KERNELS_ASWRITTEN_H
