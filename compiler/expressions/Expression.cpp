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
    read.segment |= node.operation == Operation::Segment;
    read.querySegment |= node.operation == Operation::QuerySegment;
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

Expression Expression::with(Operation variable, int32_t value) const {
  Expression result = *this;
  for (Node &node : result.expressionNodes)
    if (node.operation == variable)
      node = {Operation::IntLiteral, Type::Int, value};
  return result;
}

bool Expression::isNeutral() const {
  const Node &node = root();
  return node.operation == Operation::Score || (node.operation == Operation::BoolLiteral && node.integer);
}
