//===- DocumentationTest.cpp - docs/expressions.md says what is so --------===//

#include "expressions/Analysis.h"
#include "expressions/Sugar.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace tenon::expressions;

namespace {

using Row = std::vector<std::string>;

std::string trimmed(const std::string &text) {
  size_t first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// The cells of the table below a heading cell, with \| as |.
std::vector<Row> tableOf(const std::string &heading) {
  std::ifstream page(TENON_DOCS "/expressions.md");
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| " + heading + " |"))
      inside = true;
    else if (inside && !line.starts_with("|"))
      break;
    else if (inside && !line.starts_with("|---")) {
      rows.emplace_back(1);
      for (size_t i = 1; i < line.size(); ++i) {
        bool escaped = line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|';
        if (line[i] == '|')
          rows.back().emplace_back();
        else
          rows.back().back() += escaped ? line[++i] : line[i];
      }
      for (std::string &cell : rows.back())
        cell = trimmed(cell);
    }
  }
  return rows;
}

std::string code(const std::string &cell) {
  size_t first = cell.find('`'), last = cell.find('`', first + 1);
  return last == std::string::npos ? "" : cell.substr(first + 1, last - first - 1);
}

void expectCanonical(const std::string &text, Kind kind) {
  ParseResult result = parse(text, kind);
  ASSERT_TRUE(result) << text << ": " << result.error().message;
  EXPECT_EQ(result->print(), text);
}

TEST(ExpressionsPage, WordsOfTheSpec) {
  std::vector<Row> rows = tableOf("spec");
  ASSERT_EQ(rows.size(), 6u);
  const Expression expected[] = {*parse("true", Kind::Mask), causal(), window(4096), prefix(32), softcap(50),
                                 alibi(3, AlibiStyle::Bloom)};
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(code(rows[i][1]), expected[i].print());
}

TEST(ExpressionsPage, ExamplesAreCanonical) {
  std::vector<Row> rows = tableOf("what");
  ASSERT_EQ(rows.size(), 9u);
  for (const Row &row : rows) {
    std::string text = code(row[1]);
    bool mask = text.starts_with("mask: ");
    expectCanonical(text.substr(text.find(' ') + 1), mask ? Kind::Mask : Kind::Score);
  }
  EXPECT_EQ(parse("s+2*((k-q))", Kind::Score)->print(), "s + float(2 * (k - q))");
}

TEST(ExpressionsPage, Proofs) {
  std::vector<Row> rows = tableOf("mask");
  ASSERT_EQ(rows.size(), 9u);
  for (const Row &row : rows) {
    std::string text = code(row[0]);
    expectCanonical(text, Kind::Mask);
    EXPECT_EQ(seesLaterKeys(text), row[1].starts_with("yes")) << text;
    std::optional<int32_t> keys = windowOf(text);
    EXPECT_EQ(keys ? std::to_string(*keys) : "all", row[2]) << text;
  }
}

} // namespace
