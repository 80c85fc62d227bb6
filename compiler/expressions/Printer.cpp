//===- Printer.cpp - Canonical text ---------------------------------------===//

#include "expressions/Spelling.h"
#include <charconv>
#include <cmath>

using namespace tenon::expressions;

const BinaryOperator *tenon::expressions::findOperator(Operation operation) {
  for (const BinaryOperator &candidate : binaryOperators)
    if (candidate.operation == operation)
      return &candidate;
  return nullptr;
}

Precedence tenon::expressions::precedenceOf(const Node &node) {
  if (const BinaryOperator *binary = findOperator(node.operation))
    return binary->precedence;
  bool negative = (node.operation == Operation::IntLiteral && node.integer < 0) ||
                  (node.operation == Operation::FloatLiteral && std::signbit(node.real));
  bool unary = node.operation == Operation::Negate || node.operation == Operation::Not;
  return unary || negative ? UnaryLevel : PrimaryLevel;
}

bool tenon::expressions::needsParentheses(const Node &user, const Node &node, unsigned position) {
  Precedence outer = precedenceOf(user);
  if (outer == PrimaryLevel)
    return false;
  // Operators group to the left, so an equal one on the right stands in parentheses.
  return precedenceOf(node) < outer || (position == 1 && precedenceOf(node) == outer);
}

namespace {

std::string printFloat(float value) {
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  char text[32];
  auto [end, code] = std::to_chars(text, text + sizeof(text), value);
  std::string printed(text, end);
  // What looks like an integer would be read as one.
  if (printed.find_first_of(".e") == std::string::npos)
    printed += ".0";
  return printed;
}

std::string printLeaf(const Node &node) {
  switch (node.operation) {
  case Operation::BoolLiteral:
    return node.integer ? "true" : "false";
  case Operation::IntLiteral:
    return std::to_string(node.integer);
  case Operation::FloatLiteral:
    return printFloat(node.real);
  default:
    for (const Name &variable : variableNames)
      if (variable.operation == node.operation)
        return std::string(variable.name);
    return "";
  }
}

std::string functionName(const Node &node) {
  for (const Function &function : functions)
    if (function.operation == node.operation)
      return std::string(function.name);
  return "table" + std::to_string(node.integer);
}

} // namespace

std::string Expression::print() const {
  return fold<std::string>(*this, [&](const Node &node, std::span<const std::string> operands) {
    if (operands.empty())
      return printLeaf(node);
    auto written = [&](unsigned i) {
      return needsParentheses(node, operand(node, i), i) ? "(" + operands[i] + ")" : operands[i];
    };
    if (node.operation == Operation::Negate)
      return "-" + written(0);
    if (node.operation == Operation::Not)
      return "!" + written(0);
    if (const BinaryOperator *binary = findOperator(node.operation))
      return written(0) + " " + std::string(binary->symbol) + " " + written(1);
    std::string call = functionName(node) + "(" + operands[0];
    for (const std::string &argument : operands.subspan(1))
      call += ", " + argument;
    return call + ")";
  });
}
