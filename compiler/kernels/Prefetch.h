//===- Prefetch.h - Lines asked for ahead of loops that stream --*- C++ -*-===//

#ifndef TENON_KERNELS_PREFETCH_H
#define TENON_KERNELS_PREFETCH_H

#include <Halide.h>
#include <map>
#include <string>
#include <vector>

namespace tenon::kernels {

/// How a loop nest reads a buffer of panels [P, K, N]: row after row of a panel, as often as there are blocks of rows,
/// then the next one. Distances in bytes; 0 asks for nothing.
struct Stream {
  std::vector<std::string> repeated; ///< The loops that read the same panel again, as the schedule calls them, outermost first.
  int lines = 1; ///< Of 64 bytes, that an iteration reads of a row of a panel.
  int near = 0;                      ///< How far ahead lines are brought to the first-level cache.
  int panel = 0; ///< To the next panel, brought to the second-level cache: each repetition asks for its share of the lines.
};

/// A lowering pass: innermost loops ask for lines of the streams that they read. Halide's own directive asks for every
/// fourth line alone, and keeps them out of the second-level cache.
class PrefetchStreams : public Halide::Internal::IRMutator {
public:
  /// `streams` by the name of the buffer.
  explicit PrefetchStreams(std::map<std::string, Stream> streams) : streams(std::move(streams)) {}

protected:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For *loop) override;
  Halide::Internal::Stmt visit(const Halide::Internal::Store *store) override;

private:
  bool wasAsked(const Halide::Expr &element, int64_t elementBytes) const;
  std::vector<Halide::Internal::Stmt> requests(const Halide::Internal::Load &load);

  std::map<std::string, Stream> streams;
  std::vector<const Halide::Internal::For *> loops; ///< Around the innermost one.
  bool isInnermost = false;
  std::vector<Halide::Expr> asked; ///< First elements of the lines that the iteration has asked for.
};

} // namespace tenon::kernels

#endif // TENON_KERNELS_PREFETCH_H
