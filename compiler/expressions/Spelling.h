//===- Spelling.h - Names and precedence, as parser and printer share them ===//

#ifndef TENON_EXPRESSIONS_SPELLING_H
#define TENON_EXPRESSIONS_SPELLING_H

#include "expressions/Expression.h"

namespace tenon::expressions {

/// From loosest to tightest; binary operators group to the left.
enum Precedence { OrLevel = 1, AndLevel, EqualityLevel, OrderLevel, SumLevel, ProductLevel, UnaryLevel, PrimaryLevel };

struct BinaryOperator {
  std::string_view symbol;
  Operation operation;
  Precedence precedence;
};

inline constexpr BinaryOperator binaryOperators[] = {
    {"||", Operation::Or, OrLevel},           {"&&", Operation::And, AndLevel},
    {"==", Operation::Equal, EqualityLevel},  {"!=", Operation::NotEqual, EqualityLevel},
    {"<=", Operation::LessEqual, OrderLevel}, {">=", Operation::GreaterEqual, OrderLevel},
    {"<", Operation::Less, OrderLevel},       {">", Operation::Greater, OrderLevel},
    {"+", Operation::Add, SumLevel},          {"-", Operation::Subtract, SumLevel},
    {"*", Operation::Multiply, ProductLevel}, {"/", Operation::Divide, ProductLevel},
    {"%", Operation::Modulo, ProductLevel},
};

/// The functions with a fixed name; tables are called table0, table1, ...
struct Function {
  std::string_view name;
  Operation operation;
};

inline constexpr Function functions[] = {
    {"select", Operation::Select}, {"min", Operation::Min},   {"max", Operation::Max},   {"abs", Operation::Abs},
    {"exp", Operation::Exp},       {"log", Operation::Log},   {"tanh", Operation::Tanh}, {"sqrt", Operation::Sqrt},
    {"float", Operation::ToFloat}, {"int", Operation::ToInt},
};

struct Name {
  std::string_view name;
  Operation operation;
  Type type;
};

inline constexpr Name variableNames[] = {
    {"q", Operation::Query, Type::Int},
    {"k", Operation::Key, Type::Int},
    {"h", Operation::Head, Type::Int},
    {"b", Operation::Batch, Type::Int},
    {"s", Operation::Score, Type::Float},
    {"segment", Operation::Segment, Type::Int},
    {"query_segment", Operation::QuerySegment, Type::Int},
};

/// The operator of a binary operation that is written between its operands, or null.
const BinaryOperator *findOperator(Operation operation);

Precedence precedenceOf(const Node &node);

/// Whether `node`, the operand `position` of `user`, is written in parentheses.
bool needsParentheses(const Node &user, const Node &node, unsigned position);

} // namespace tenon::expressions

#endif // TENON_EXPRESSIONS_SPELLING_H
