//===- Jinja.h - The part of Jinja that chat templates use ------*- C++ -*-===//
//
// Jinja 2 with the settings of Hugging Face's apply_chat_template: trim_blocks, lstrip_blocks, loop controls, and the
// functions raise_exception and strftime_now. A template that uses anything else is refused by name.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_JINJA_H
#define TENON_RUNTIME_JINJA_H

#include "JinjaValue.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime::jinja {

struct Expression {
  enum class Kind {
    Constant,
    Name,        ///< text
    List,        ///< children
    Dict,        ///< children: key, value, key, value, ...
    Attribute,   ///< children[0].text
    Index,       ///< children[0][children[1]]
    Slice,       ///< children[0][children[1]:children[2]:children[3]], the last three may be null
    Call,        ///< children[0](children[1...], named)
    Filter,      ///< children[0] | text(children[1...], named)
    Test,        ///< children[0] is text(children[1...])
    Unary,       ///< text children[0]
    Binary,      ///< children[0] text children[1]
    Conditional, ///< children[1] if children[0] else children[2], which may be null
  };

  Kind kind;
  size_t line;
  std::string text;
  Value constant;
  std::vector<std::unique_ptr<Expression>> children;
  std::vector<std::pair<std::string, std::unique_ptr<Expression>>> named;
};

using ExpressionPointer = std::unique_ptr<Expression>;

struct Statement {
  enum class Kind {
    Text,      ///< text
    Output,    ///< expression
    If,        ///< expression, body, otherwise
    For,       ///< targets in expression, if condition: body; otherwise without a whole round
    Set,       ///< targets = expression; without an expression, the text of body
    SetMember, ///< targets[0].text = expression
    Macro,     ///< text(targets, with defaults): body
    Break,
    Continue,
  };

  Kind kind;
  size_t line;
  std::string text;
  std::vector<std::string> targets;
  ExpressionPointer expression, condition;
  std::vector<ExpressionPointer> defaults; ///< one for each of a macro's targets, null for none
  std::vector<Statement> body, otherwise;
};

/// Fails with TENON_ERROR_CHAT_TEMPLATE and the line of what is not understood.
std::vector<Statement> parse(std::string_view source);

/// The text that a template makes of the variables.
std::string render(const std::vector<Statement> &statements, const Dict &variables);

} // namespace tenon::runtime::jinja

#endif // TENON_RUNTIME_JINJA_H
