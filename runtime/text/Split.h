//===- Split.h - What becomes of the matches of a pattern ------*- C++ -*-===//

#ifndef TENON_TEXT_SPLIT_H
#define TENON_TEXT_SPLIT_H

#include "text/Json.h"
#include "text/Words.h"

#include <vector>

namespace tenon::text {

enum class SplitBehavior { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

SplitBehavior readSplitBehavior(const JsonValue &name);

/// A part of a word: what a pattern matched, or what lies between matches.
struct Segment {
  Span span;
  bool isMatch;
};

/// The segments of [`begin`, `end`) that its `matches` make.
void segmentsOf(const std::vector<Span> &matches, size_t begin, size_t end, bool invert,
                std::vector<Segment> &segments);

/// Appends the words that the segments of one word become.
void appendSplit(const std::vector<Segment> &segments, SplitBehavior behavior, std::vector<Span> &spans);

} // namespace tenon::text

#endif // TENON_TEXT_SPLIT_H
