//===- JinjaExpressionParser.h - Expressions of a chat template -*- C++ -*-===//

#ifndef TENON_RUNTIME_JINJAEXPRESSIONPARSER_H
#define TENON_RUNTIME_JINJAEXPRESSIONPARSER_H

#include "Jinja.h"
#include "JinjaLexer.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace tenon::runtime::jinja {

/// Deeper than any template, far from the end of the stack.
inline constexpr size_t deepest = 100;

/// Reads what stands in one tag, from left to right.
class ExpressionParser {
public:
  explicit ExpressionParser(const std::vector<Token> &tokens) : tokens(tokens) {}

  const Token &peek() const { return tokens[at]; }
  bool atEnd() const { return peek().kind == Token::Kind::End; }
  bool isOperator(std::string_view text) const { return peek().kind == Token::Kind::Operator && peek().text == text; }
  bool isName(std::string_view text) const { return peek().kind == Token::Kind::Name && peek().text == text; }
  bool acceptOperator(std::string_view text) { return isOperator(text) && ++at; }
  bool acceptName(std::string_view text) { return isName(text) && ++at; }
  void expectOperator(std::string_view text) {
    if (!acceptOperator(text))
      unexpected(text);
  }
  std::string takeName() {
    if (peek().kind != Token::Kind::Name)
      unexpected("a name");
    return tokens[at++].text;
  }
  void expectEnd() const {
    if (!atEnd())
      unexpected("the end of the tag");
  }
  [[noreturn]] void unexpected(std::string_view expected) const {
    fail("chat template, line ", peek().line, ": expected ", expected, ", found ",
         atEnd() ? "the end of the tag" : concat("'", peek().text, "'"));
  }

  ExpressionPointer parse() {
    Nesting nesting(*this);
    ExpressionPointer value = parseOr();
    while (isName("if")) {
      ExpressionPointer whole = make(Expression::Kind::Conditional);
      ++at;
      whole->children.push_back(parseOr());
      whole->children.push_back(std::move(value));
      whole->children.push_back(acceptName("else") ? parse() : nullptr);
      value = std::move(whole);
    }
    return value;
  }

  /// One expression, or several with commas between them, which make a list.
  ExpressionPointer parseTuple() {
    ExpressionPointer first = parse();
    if (!isOperator(","))
      return first;
    ExpressionPointer list = make(Expression::Kind::List);
    list->children.push_back(std::move(first));
    while (acceptOperator(","))
      if (!atEnd())
        list->children.push_back(parse());
    return list;
  }

  /// Without a conditional, as behind the `in` of a loop, where an `if` is the loop's.
  ExpressionPointer parseOr() {
    return parseLeft({"or"}, true, [this] { return parseAnd(); });
  }

private:
  class Nesting {
  public:
    explicit Nesting(ExpressionParser &parser) : parser(parser) {
      if (++parser.depth > deepest)
        fail("chat template, line ", parser.peek().line, ": nested more than ", deepest, " deep");
    }
    ~Nesting() { --parser.depth; }

  private:
    ExpressionParser &parser;
  };

  ExpressionPointer make(Expression::Kind kind, std::string text = "") const {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->line = peek().line;
    made->text = std::move(text);
    return made;
  }

  /// Operators of one precedence that group from the left.
  template <typename Operand>
  ExpressionPointer parseLeft(std::initializer_list<std::string_view> operators, bool words, Operand operand) {
    ExpressionPointer left = operand();
    for (;;) {
      auto found = std::find_if(operators.begin(), operators.end(),
                                [&](std::string_view text) { return words ? isName(text) : isOperator(text); });
      if (found == operators.end())
        return left;
      ExpressionPointer whole = make(Expression::Kind::Binary, std::string(*found));
      ++at;
      whole->children.push_back(std::move(left));
      whole->children.push_back(operand());
      left = std::move(whole);
    }
  }

  ExpressionPointer parseAnd() {
    return parseLeft({"and"}, true, [this] { return parseNot(); });
  }

  ExpressionPointer parseNot() {
    Nesting nesting(*this);
    if (!isName("not"))
      return parseComparison();
    ExpressionPointer whole = make(Expression::Kind::Unary, "not");
    ++at;
    whole->children.push_back(parseNot());
    return whole;
  }

  ExpressionPointer parseComparison() {
    ExpressionPointer left = parseSum();
    for (;;) {
      std::string text;
      if (peek().kind == Token::Kind::Operator)
        for (std::string_view known : {"==", "!=", "<", ">", "<=", ">="})
          if (peek().text == known)
            text = known;
      bool negated = isName("not") && tokens[at + 1].kind == Token::Kind::Name && tokens[at + 1].text == "in";
      if (isName("in") || negated)
        text = negated ? "not in" : "in";
      if (text.empty())
        return left;
      ExpressionPointer whole = make(Expression::Kind::Binary, text);
      at += negated ? 2 : 1;
      whole->children.push_back(std::move(left));
      whole->children.push_back(parseSum());
      left = std::move(whole);
    }
  }

  ExpressionPointer parseSum() {
    return parseLeft({"+", "-"}, false, [this] { return parseJoin(); });
  }
  ExpressionPointer parseJoin() {
    return parseLeft({"~"}, false, [this] { return parseProduct(); });
  }
  ExpressionPointer parseProduct() {
    return parseLeft({"*", "/", "//", "%"}, false, [this] { return parseUnary(); });
  }

  ExpressionPointer parseUnary() {
    Nesting nesting(*this);
    if (!isOperator("-") && !isOperator("+"))
      return parsePostfix();
    ExpressionPointer whole = make(Expression::Kind::Unary, peek().text);
    ++at;
    whole->children.push_back(parseUnary());
    return whole;
  }

  ExpressionPointer parsePostfix() {
    ExpressionPointer value = parsePrimary();
    for (;;) {
      if (acceptOperator(".")) {
        ExpressionPointer whole = make(Expression::Kind::Attribute, takeName());
        whole->children.push_back(std::move(value));
        value = std::move(whole);
      } else if (isOperator("[")) {
        value = parseSubscript(std::move(value));
      } else if (isOperator("(")) {
        ExpressionPointer whole = make(Expression::Kind::Call);
        whole->children.push_back(std::move(value));
        parseArguments(*whole);
        value = std::move(whole);
      } else if (acceptOperator("|")) {
        ExpressionPointer whole = make(Expression::Kind::Filter, takeName());
        whole->children.push_back(std::move(value));
        if (isOperator("("))
          parseArguments(*whole);
        value = std::move(whole);
      } else if (acceptName("is")) {
        value = parseTest(std::move(value));
      } else {
        return value;
      }
    }
  }

  ExpressionPointer parseTest(ExpressionPointer value) {
    bool negated = acceptName("not");
    ExpressionPointer whole = make(Expression::Kind::Test, isOperator("==") ? "==" : "");
    whole->text = whole->text.empty() ? takeName() : (++at, "==");
    whole->children.push_back(std::move(value));
    bool operand = peek().kind == Token::Kind::String || peek().kind == Token::Kind::Integer ||
                   (peek().kind == Token::Kind::Name && !isName("and") && !isName("or") && !isName("else") &&
                    !isName("if") && !isName("is") && !isName("not") && !isName("in"));
    if (isOperator("("))
      parseArguments(*whole);
    else if (operand || isOperator("["))
      whole->children.push_back(parsePrimary());
    if (!negated)
      return whole;
    ExpressionPointer reversed = make(Expression::Kind::Unary, "not");
    reversed->children.push_back(std::move(whole));
    return reversed;
  }

  ExpressionPointer parseSubscript(ExpressionPointer value) {
    ExpressionPointer whole = make(Expression::Kind::Index);
    ++at;
    whole->children.push_back(std::move(value));
    bool slice = isOperator(":");
    whole->children.push_back(slice ? nullptr : parse());
    while (acceptOperator(":")) {
      whole->kind = Expression::Kind::Slice;
      whole->children.push_back(isOperator(":") || isOperator("]") ? nullptr : parse());
    }
    if (whole->kind == Expression::Kind::Slice)
      whole->children.resize(4);
    expectOperator("]");
    return whole;
  }

  void parseArguments(Expression &whole) {
    expectOperator("(");
    while (!acceptOperator(")")) {
      bool named = peek().kind == Token::Kind::Name && tokens[at + 1].kind == Token::Kind::Operator &&
                   tokens[at + 1].text == "=";
      if (named) {
        std::string name = takeName();
        ++at;
        whole.named.emplace_back(std::move(name), parse());
      } else {
        whole.children.push_back(parse());
      }
      if (!isOperator(")"))
        expectOperator(",");
    }
  }

  ExpressionPointer constant(Value value) {
    ExpressionPointer made = make(Expression::Kind::Constant);
    made->constant = std::move(value);
    ++at;
    return made;
  }

  ExpressionPointer parseNumber() {
    const std::string &text = peek().text;
    int64_t integer = 0;
    double real = 0;
    bool whole = peek().kind == Token::Kind::Integer;
    std::errc error = whole ? std::from_chars(text.data(), text.data() + text.size(), integer).ec
                            : std::from_chars(text.data(), text.data() + text.size(), real).ec;
    if (error != std::errc())
      unexpected("a number of 64 bits");
    return constant(whole ? Value::integer(integer) : Value::real(real));
  }

  ExpressionPointer parsePrimary() {
    Nesting nesting(*this);
    switch (peek().kind) {
    case Token::Kind::Integer:
    case Token::Kind::Real:
      return parseNumber();
    case Token::Kind::String: {
      ExpressionPointer made = constant(Value::string(peek().text));
      while (peek().kind == Token::Kind::String)
        made->constant = Value::string(made->constant.asString("a string") + tokens[at++].text);
      return made;
    }
    case Token::Kind::Name:
      return parseNameOrConstant();
    case Token::Kind::Operator:
      return parseBracket();
    case Token::Kind::End:
      break;
    }
    unexpected("a value");
  }

  ExpressionPointer parseNameOrConstant() {
    for (const char *name : {"true", "True"})
      if (isName(name))
        return constant(Value::boolean(true));
    for (const char *name : {"false", "False"})
      if (isName(name))
        return constant(Value::boolean(false));
    for (const char *name : {"none", "None"})
      if (isName(name))
        return constant(Value::none());
    ExpressionPointer made = make(Expression::Kind::Name);
    made->text = takeName();
    return made;
  }

  ExpressionPointer parseBracket() {
    if (acceptOperator("(")) {
      ExpressionPointer first = isOperator(")") ? make(Expression::Kind::List) : parse();
      if (isOperator(",")) {
        ExpressionPointer list = make(Expression::Kind::List);
        list->children.push_back(std::move(first));
        first = std::move(list);
        while (acceptOperator(","))
          if (!isOperator(")"))
            first->children.push_back(parse());
      }
      expectOperator(")");
      return first;
    }
    bool list = isOperator("[");
    if (!list && !isOperator("{"))
      unexpected("a value");
    ExpressionPointer made = make(list ? Expression::Kind::List : Expression::Kind::Dict);
    ++at;
    std::string_view closing = list ? "]" : "}";
    while (!acceptOperator(closing)) {
      made->children.push_back(parse());
      if (!list) {
        expectOperator(":");
        made->children.push_back(parse());
      }
      if (!isOperator(closing))
        expectOperator(",");
    }
    return made;
  }

  const std::vector<Token> &tokens;
  size_t at = 0;
  size_t depth = 0;
};

} // namespace tenon::runtime::jinja

#endif // TENON_RUNTIME_JINJAEXPRESSIONPARSER_H
