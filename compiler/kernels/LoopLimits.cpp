//===- LoopLimits.cpp - Loops that end where a value says -----------------===//

#include "kernels/LoopLimits.h"

using namespace Halide;
using namespace Halide::Internal;

namespace tenon::kernels {

Stmt LimitLoops::visit(const For *loop) {
  auto found = last.find(loop->name);
  if (found == last.end())
    return IRMutator::visit(loop);
  Expr number = Load::make(Int(32), found->second, 0, Buffer<>(), Parameter(), const_true(), ModulusRemainder());
  return For::make(loop->name, loop->min, min(loop->extent, number + 1 - loop->min), loop->for_type,
                   loop->partition_policy, loop->device_api, mutate(loop->body));
}

} // namespace tenon::kernels
