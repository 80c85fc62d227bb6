//===- Visits.cpp - What a mask leaves of the keys -------------------------===//

#include "kernels/Kernels.h"
#include "kernels/attention/Expressions.h"
#include "kernels/attention/Keys.h"
#include "kernels/attention/Operands.h"

#include <algorithm>
#include <sstream>

using namespace Halide;

namespace tenon::kernels {

namespace {

/// The range in which `operation` looks for a sequence's keys of one segment.
KeyRange rangeOf(const Operation &operation, size_t segment, Expr sequence) {
  std::optional<expressions::Expression> mask = expressionOf(operation, "mask");
  auto table = [](int n, Expr i, Expr j) {
    return Internal::Call::make(Float(32), "table" + std::to_string(n), {i, j}, Internal::Call::PureExtern);
  };
  int heads = static_cast<int>(integerAttribute(operation, "heads"));
  Point point{
      Expr(), Expr(), Expr(), sequence, Expr(), static_cast<int>(segment), static_cast<int>(querySegmentOf(operation)),
      table};
  return mask ? keyRange(*mask, point, heads) : KeyRange{0, Expr()};
}

std::optional<int64_t> valueOf(Expr bound, int64_t first, int64_t last, size_t sequence) {
  std::map<std::string, Expr> known = {{"first_query", static_cast<int>(first)},
                                       {"last_query", static_cast<int>(last)},
                                       {"sequence", static_cast<int>(sequence)}};
  auto value = Internal::as_const_int(Internal::simplify(Internal::substitute(known, bound)));
  return value ? std::optional<int64_t>(*value) : std::nullopt;
}

/// As the kernel computes it, in numbers.
std::optional<int64_t> blocksOfTile(const KeyRange &range, int64_t first, int64_t last, int64_t keys, size_t sequence) {
  if (range.last.defined()) {
    std::optional<int64_t> bound = valueOf(range.last, first, last, sequence);
    if (!bound)
      return std::nullopt;
    keys = std::min(keys, std::max<int64_t>(*bound, -1) + 1);
  }
  int64_t firstBlock = 0;
  if (range.first.defined()) {
    std::optional<int64_t> bound = valueOf(range.first, first, last, sequence);
    if (!bound)
      return std::nullopt;
    firstBlock = std::clamp<int64_t>(*bound, 0, keys) / kKeyBlock;
  }
  return (keys - firstBlock * kKeyBlock + kKeyBlock - 1) / kKeyBlock;
}

std::string boundText(Expr bound, const char *unknown) {
  std::ostringstream text;
  bound.defined() ? text << bound : text << unknown;
  return text.str();
}

const Expr sequenceVariable = Internal::Variable::make(Int(32), "sequence");

} // namespace

std::string keyRangeText(const KernelDescription &kernel) {
  std::string text;
  for (const Operation &operation : kernel.operations)
    if (operation.kind == "attention") {
      size_t segments = AttentionOperands(operation).segments.size();
      for (size_t i = 0; i < segments; ++i) {
        KeyRange range = rangeOf(operation, i, sequenceVariable);
        text += (segments > 1 ? "segment " + std::to_string(i) + ": " : "") + "keys " + boundText(range.first, "0") +
                " to " + boundText(range.last, "the last") + "\n";
      }
    }
  return text;
}

std::optional<int64_t> visitedKeyBlocks(const KernelDescription &kernel, const std::vector<int64_t> &lengths,
                                        const std::vector<int64_t> &past, const SourceLengths &sources) {
  int64_t blocks = 0;
  for (const Operation &operation : kernel.operations) {
    if (operation.kind != "attention")
      continue;
    AttentionOperands operands(operation);
    for (size_t i = 0; i < operands.segments.size(); ++i) {
      const SegmentOperands &segment = operands.segments[i];
      if (segment.offset != kAbsent || operands.offset != kAbsent || (!segment.isOwn() && !sources.count(i)))
        return std::nullopt;
      KeyRange range = rangeOf(operation, i, sequenceVariable);
      for (size_t b = 0; b < lengths.size(); ++b)
        for (int64_t row = 0; row < lengths[b]; row += kernel.rowTile) {
          int64_t first = past[b] + row, end = past[b] + lengths[b], keys = segment.isOwn() ? end : sources.at(i)[b];
          int64_t last = std::min(first + kernel.rowTile, end) - 1;
          std::optional<int64_t> ofTile = blocksOfTile(range, first, last, keys, b);
          if (!ofTile)
            return std::nullopt;
          blocks += *ofTile;
        }
    }
  }
  return blocks;
}

} // namespace tenon::kernels
