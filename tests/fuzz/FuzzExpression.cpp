//===- FuzzExpression.cpp - The parser of masks and scores ----------------===//

#include "expressions/Analysis.h"
#include "expressions/Evaluate.h"
#include <cstdlib>

using namespace tenon::expressions;

namespace {

double lookup(unsigned table, int32_t i, int32_t j) { return table + 0.5 * i - j; }

/// What is read prints as what reads the same again, and can be evaluated anywhere; an error points into the text.
void check(std::string_view text, Kind kind) {
  ParseResult read = parse(text, kind);
  if (!read) {
    const Error &error = read.error();
    if (error.message.empty() || error.begin > error.end || error.end > text.size() ||
        (error.begin == error.end && error.end != text.size()))
      std::abort();
    return;
  }
  ParseResult again = parse(read->print(), kind);
  if (!again || again->print() != read->print())
    std::abort();
  constexpr int32_t largest = std::numeric_limits<int32_t>::max();
  const Point<double> points[] = {{0, 0, 0, 0, 0}, {5, 3, 2, 1, -1.5}, {3, 5, 7, 0, 1e30}, {largest, 1, 1, 1, NAN}};
  Evaluator<double> evaluator(*read);
  for (const Point<double> &point : points) {
    if (kind == Kind::Score)
      evaluator.score(point, lookup);
    else
      evaluator.mask(point, lookup);
  }
  if (kind == Kind::Mask && windowOf(*read) && *windowOf(*read) < 1)
    std::abort();
  if (kind == Kind::Mask && seesLaterKeys(*read) != seesLaterKeys(*again))
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view text(reinterpret_cast<const char *>(data), size);
  check(text, Kind::Mask);
  check(text, Kind::Score);
  return 0;
}
