//===- Split.cpp - What becomes of the matches of a pattern ---------------===//

#include "text/Split.h"

#include <ranges>

using namespace tenon::text;

SplitBehavior tenon::text::readSplitBehavior(const JsonValue &name) {
  static constexpr std::pair<std::string_view, SplitBehavior> kNames[] = {
      {"Removed", SplitBehavior::Removed},
      {"Isolated", SplitBehavior::Isolated},
      {"MergedWithPrevious", SplitBehavior::MergedWithPrevious},
      {"MergedWithNext", SplitBehavior::MergedWithNext},
      {"Contiguous", SplitBehavior::Contiguous}};
  std::string wanted = name.asString();
  for (const auto &[known, behavior] : kNames)
    if (wanted == known)
      return behavior;
  name.fail("behavior " + inQuotes(wanted) +
            " is not supported; supported are: Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
  return SplitBehavior::Isolated;
}

void tenon::text::segmentsOf(const std::vector<Span> &matches, size_t begin, size_t end, bool invert,
                             std::vector<Segment> &segments) {
  segments.clear();
  size_t done = begin;
  for (const Span &match : matches) {
    if (match.begin != done)
      segments.push_back({{done, match.begin}, invert});
    segments.push_back({match, !invert});
    done = match.end;
  }
  if (done != end)
    segments.push_back({{done, end}, invert});
}

/// Joins a match to the segment before it in the order of `segments`, unless that one is a match too.
template <typename Range, typename Join>
static void mergeMatches(const Range &segments, std::vector<Span> &out, Join join) {
  bool previousIsMatch = false;
  for (const Segment &segment : segments) {
    if (segment.isMatch && !previousIsMatch && !out.empty())
      join(out.back(), segment.span);
    else
      out.push_back(segment.span);
    previousIsMatch = segment.isMatch;
  }
}

static void joinEqual(const std::vector<Segment> &segments, std::vector<Span> &out) {
  bool previousIsMatch = false;
  for (const Segment &segment : segments) {
    if (segment.isMatch == previousIsMatch && !out.empty())
      out.back().end = segment.span.end;
    else
      out.push_back(segment.span);
    previousIsMatch = segment.isMatch;
  }
}

void tenon::text::appendSplit(const std::vector<Segment> &segments, SplitBehavior behavior, std::vector<Span> &spans) {
  std::vector<Span> parts;
  switch (behavior) {
  case SplitBehavior::Removed:
  case SplitBehavior::Isolated:
    for (const Segment &segment : segments)
      if (behavior == SplitBehavior::Isolated || !segment.isMatch)
        parts.push_back(segment.span);
    break;
  case SplitBehavior::MergedWithPrevious:
    mergeMatches(segments, parts, [](Span &to, Span match) { to.end = match.end; });
    break;
  case SplitBehavior::MergedWithNext:
    mergeMatches(std::ranges::subrange(segments.rbegin(), segments.rend()), parts,
                 [](Span &to, Span match) { to.begin = match.begin; });
    parts = {parts.rbegin(), parts.rend()};
    break;
  case SplitBehavior::Contiguous:
    joinEqual(segments, parts);
    break;
  }
  for (const Span &part : parts)
    if (part.begin != part.end)
      spans.push_back(part);
}
