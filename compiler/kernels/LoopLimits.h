//===- LoopLimits.h - Loops that end where a value says ---------*- C++ -*-===//

#ifndef TENON_KERNELS_LOOPLIMITS_H
#define TENON_KERNELS_LOOPLIMITS_H

#include <Halide.h>
#include <map>
#include <string>

namespace tenon::kernels {

/// A lowering pass for producers of which as much is read as a value says that is known only as the code runs: Halide
/// takes what bounds the value, and computes all up to there.
class LimitLoops : public Halide::Internal::IRMutator {
public:
  /// By the name of a loop, that of a function whose one value around the loop is the last iteration that is read.
  explicit LimitLoops(std::map<std::string, std::string> last) : last(std::move(last)) {}

protected:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For *loop) override;

private:
  std::map<std::string, std::string> last;
};

} // namespace tenon::kernels

#endif // TENON_KERNELS_LOOPLIMITS_H
