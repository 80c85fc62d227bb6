//===- Expression.cpp - What an expression reads --------------------------===//

#include "expressions/Expression.h"
#include <algorithm>

using namespace tenon::expressions;

unsigned tenon::expressions::operandCount(Operation operation) {
  if (operation <= Operation::Score)
    return 0;
  if (operation <= Operation::ToInt)
    return 1;
  return operation == Operation::Select ? 3 : 2;
}

Variables Expression::variables() const {
  Variables read;
  for (const Node &node : expressionNodes) {
    read.query |= node.operation == Operation::Query;
    read.key |= node.operation == Operation::Key;
    read.head |= node.operation == Operation::Head;
    read.batch |= node.operation == Operation::Batch;
    read.score |= node.operation == Operation::Score;
  }
  return read;
}

unsigned Expression::tableCount() const {
  unsigned count = 0;
  for (const Node &node : expressionNodes)
    if (node.operation == Operation::Table)
      count = std::max<unsigned>(count, node.integer + 1);
  return count;
}

bool Expression::isNeutral() const {
  const Node &node = root();
  return node.operation == Operation::Score || (node.operation == Operation::BoolLiteral && node.integer);
}
