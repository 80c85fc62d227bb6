//===- tenon-evaluate.cpp - Values of an expression over a grid -----------===//
//
//   tenon-evaluate mask|score TEXT BATCHES HEADS QUERIES KEYS < scores > values
//
// For tests/numerics/check_expressions.py. Scores and values are float64, [batch, head, query, key] without gaps; a
// mask's values are 0 and 1, and it reads no scores. Every table has 4 rows and 256 columns; element (i, j) of table n
// is n + i / 4 - j / 128.
//
//===----------------------------------------------------------------------===//

#include "expressions/Evaluate.h"
#include <cstdio>
#include <cstdlib>

using namespace tenon::expressions;

namespace {

double lookup(unsigned table, int32_t i, int32_t j) {
  return table + clampIndex(i, 4) / 4.0 - clampIndex(j, 256) / 128.0;
}

int report(const char *text, const Error &error) {
  std::fprintf(stderr, "%s\n%*s^ %s\n", text, static_cast<int>(error.begin), "", error.message.c_str());
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  std::string_view kindName = argc == 7 ? argv[1] : "";
  if (kindName != "mask" && kindName != "score") {
    std::fprintf(stderr, "usage: tenon-evaluate mask|score TEXT BATCHES HEADS QUERIES KEYS\n");
    return 2;
  }
  Kind kind = kindName == "mask" ? Kind::Mask : Kind::Score;
  ParseResult expression = parse(argv[2], kind);
  if (!expression)
    return report(argv[2], expression.error());
  int32_t batches = std::atoi(argv[3]), heads = std::atoi(argv[4]), queries = std::atoi(argv[5]);
  int32_t keys = std::atoi(argv[6]);
  Evaluator<double> evaluator(*expression);
  for (int32_t b = 0; b < batches; ++b)
    for (int32_t h = 0; h < heads; ++h)
      for (int32_t q = 0; q < queries; ++q)
        for (int32_t k = 0; k < keys; ++k) {
          Point<double> point{q, k, h, b, 0};
          if (kind == Kind::Score && std::fread(&point.score, sizeof(double), 1, stdin) != 1) {
            std::fprintf(stderr, "error: fewer scores than points\n");
            return 1;
          }
          double value = kind == Kind::Mask ? evaluator.mask(point, lookup) : evaluator.score(point, lookup);
          std::fwrite(&value, sizeof(double), 1, stdout);
        }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
