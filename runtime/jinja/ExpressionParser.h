//===- ExpressionParser.h - Expressions of a template -----------*- C++ -*-===//

#ifndef TENON_JINJA_EXPRESSIONPARSER_H
#define TENON_JINJA_EXPRESSIONPARSER_H

#include "jinja/Ast.h"
#include "jinja/Lexer.h"

#include <initializer_list>

namespace tenon::jinja {

/// Reads the words of a template from left to right, with the precedences of Jinja's own parser.
class ExpressionParser {
protected:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens(std::move(tokens)) {}

  const Token &peek(size_t ahead = 0) const { return tokens[std::min(at + ahead, tokens.size() - 1)]; }
  bool is(Token::Kind kind) const { return peek().kind == kind; }
  bool isOperator(std::string_view text, size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::Operator && peek(ahead).text == text;
  }
  bool isName(std::string_view text, size_t ahead = 0) const {
    return peek(ahead).kind == Token::Kind::Name && peek(ahead).text == text;
  }
  bool acceptOperator(std::string_view text) { return isOperator(text) && ++at; }
  bool acceptName(std::string_view text) { return isName(text) && ++at; }
  void expectOperator(std::string_view text) {
    if (!acceptOperator(text))
      unexpected(text);
  }
  void expectName(std::string_view text) {
    if (!acceptName(text))
      unexpected(text);
  }
  void expect(Token::Kind kind, std::string_view what) {
    if (!is(kind))
      unexpected(what);
    ++at;
  }
  std::string takeName();
  [[noreturn]] void unexpected(std::string_view expected) const;

  ExpressionPointer parseExpression();
  /// Without a conditional, as behind the `in` of a loop, where an `if` is the loop's.
  ExpressionPointer parseOr();
  /// One expression, or several with commas between them. Ends before a name `end`, and at the end of a tag.
  ExpressionPointer parseTuple(bool conditionals = true, std::string_view end = {}, bool inParentheses = false);
  /// What is assigned to: names, and tuples of them; `members` of namespaces too. Ends before a name `end`.
  ExpressionPointer parseTarget(bool members, std::string_view end = {});
  ExpressionPointer parseFilters(ExpressionPointer value, bool first);
  CallArguments parseArguments();

  ExpressionPointer make(Expression::Kind kind, std::string text = {}) const;
  void adopt(Expression &parent, ExpressionPointer child) const;

  /// One level further in. Deeper than any template, far from the end of the stack.
  class Nesting {
  public:
    explicit Nesting(ExpressionParser &parser) : parser(parser) {
      if (++parser.depth > 100)
        failAt(parser.peek().line, "it is nested more than 100 deep");
    }
    Nesting(const Nesting &) = delete;
    Nesting &operator=(const Nesting &) = delete;
    ~Nesting() { --parser.depth; }

  private:
    ExpressionParser &parser;
  };

  /// Jinja refuses a filter or test that it does not have when it reads the template, except inside of an `if`.
  void checkKnown() const;
  struct Unknown {
    std::string message;
    size_t line;
  };
  std::vector<Unknown> unknown;
  bool optional = false; ///< inside of an `if`
  bool usesCaller = false, usesKwargs = false, usesVarargs = false;
  size_t at = 0;

private:
  using Parse = ExpressionPointer (ExpressionParser::*)();
  ExpressionPointer parseLeft(std::initializer_list<std::string_view> operators, bool names, Parse operand);
  ExpressionPointer parseAnd();
  ExpressionPointer parseNot();
  ExpressionPointer parseCompare();
  ExpressionPointer parseSum();
  ExpressionPointer parseJoin();
  ExpressionPointer parseProduct();
  ExpressionPointer parsePower();
  ExpressionPointer parseUnary();
  ExpressionPointer parseSigned(bool filters);
  ExpressionPointer parsePostfix(ExpressionPointer value);
  ExpressionPointer parseFilterExpression(ExpressionPointer value);
  ExpressionPointer parseMember(ExpressionPointer value);
  ExpressionPointer parseSubscript(ExpressionPointer value);
  ExpressionPointer parseSlice(ExpressionPointer value, ExpressionPointer first);
  ExpressionPointer parseCall(ExpressionPointer value);
  ExpressionPointer parseTest(ExpressionPointer value);
  ExpressionPointer parsePrimary();
  ExpressionPointer parseName();
  ExpressionPointer parseNumber();
  ExpressionPointer parseStrings();
  ExpressionPointer parseBrackets(std::string_view closing, Expression::Kind kind);
  ExpressionPointer parseTargetPart(bool members);
  std::string takeDottedName();
  void note(std::string_view kind, const std::string &name, size_t line, bool known);

  std::vector<Token> tokens;
  size_t depth = 0;
};

} // namespace tenon::jinja

#endif // TENON_JINJA_EXPRESSIONPARSER_H
