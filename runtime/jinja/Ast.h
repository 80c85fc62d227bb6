//===- Ast.h - A template that has been read --------------------*- C++ -*-===//

#ifndef TENON_JINJA_AST_H
#define TENON_JINJA_AST_H

#include "jinja/Value.h"

namespace tenon::jinja {

struct Expression;
using ExpressionPointer = std::unique_ptr<Expression>;

/// What stands in the parentheses of a call, a filter or a test.
struct CallArguments {
  std::vector<ExpressionPointer> positional;
  std::vector<std::pair<std::string, ExpressionPointer>> named;
  ExpressionPointer list, dict; ///< of *list and **dict; may be null
};

struct Expression {
  enum class Kind {
    Constant,    ///< constant
    Name,        ///< text
    List,        ///< children
    Tuple,       ///< children
    Dict,        ///< children: key, value, key, value, ...
    Attribute,   ///< children[0].text; of a target, the member of a namespace
    Index,       ///< children[0][children[1]]
    Slice,       ///< children[0][children[1]:children[2]:children[3]], the last three may be null
    Call,        ///< children[0](arguments)
    Filter,      ///< children[0] | text(arguments); without children, of the text of a block
    Test,        ///< children[0] is text(arguments)
    Unary,       ///< text children[0]
    Binary,      ///< children[0] text children[1]
    Compare,     ///< children[0] operators[0] children[1] operators[1] children[2] ...
    Join,        ///< children[0] ~ children[1] ~ ...
    Conditional, ///< children[1] if children[0] else children[2], which may be null
  };

  Kind kind;
  size_t line;
  size_t depth = 1; ///< of what stands in it
  std::string text;
  Value constant;
  std::vector<ExpressionPointer> children;
  std::vector<std::string> operators;
  CallArguments arguments;
};

struct Statement {
  enum class Kind {
    Text,     ///< text
    Output,   ///< values
    If,       ///< values[i]: bodies[i], then bodies[values.size()] where there is one
    For,      ///< targets[0] in values[0], if condition: bodies[0]; without a whole round bodies[1]
    Set,      ///< targets[0] = values[0]; without, the text of bodies[0], through `condition`, its filter
    With,     ///< targets[i] = values[i], in bodies[0]
    Macro,    ///< text(targets, with values as defaults, null for none): bodies[0]
    Call,     ///< `condition`, a call, with bodies[0] as its caller, a macro of targets and values
    Filter,   ///< the text of bodies[0] through values[0]
    Scope,    ///< bodies[0], whose names are its own
    Break,
    Continue,
  };
  using Body = std::vector<Statement>;

  Kind kind;
  size_t line;
  std::string text;
  std::vector<ExpressionPointer> targets, values;
  ExpressionPointer condition;
  std::vector<Body> bodies;
  bool recursive = false;                                        ///< of a For
  bool usesCaller = false, usesKwargs = false, usesVarargs = false; ///< of a Macro or Call
};

using Body = Statement::Body;

/// What the rest of Jinja's names are for.
bool knowsFilter(std::string_view name);
bool knowsTest(std::string_view name);

} // namespace tenon::jinja

#endif // TENON_JINJA_AST_H
