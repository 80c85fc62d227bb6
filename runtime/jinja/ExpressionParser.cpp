//===- ExpressionParser.cpp - Expressions of a template -------------------===//

#include "jinja/ExpressionParser.h"

#include <algorithm>
#include <charconv>

namespace tenon::jinja {

/// Of what stands in one expression; long sums of texts are the deepest that templates have.
static constexpr size_t deepest = 250;

using TokenKind = Token::Kind;

std::string ExpressionParser::takeName() {
  if (!is(TokenKind::Name))
    unexpected("a name");
  return tokens[at++].text;
}

std::string ExpressionParser::takeDottedName() {
  std::string name = takeName();
  while (acceptOperator("."))
    name += "." + takeName();
  return name;
}

void ExpressionParser::unexpected(std::string_view expected) const {
  bool tag = is(TokenKind::TagEnd) || is(TokenKind::OutputEnd);
  failAt(peek().line, "expected ", expected, ", found ",
         is(TokenKind::End)    ? "the end"
         : tag                 ? "the end of the tag"
         : is(TokenKind::Text) ? "text"
                               : "'" + peek().text + "'");
}

ExpressionPointer ExpressionParser::make(Expression::Kind kind, std::string text) const {
  auto made = std::make_unique<Expression>();
  made->kind = kind;
  made->line = peek().line;
  made->text = std::move(text);
  return made;
}

void ExpressionParser::adopt(Expression &parent, ExpressionPointer child) const {
  if (child && child->depth >= deepest)
    failAt(child->line, "an expression is nested more than ", deepest, " deep");
  parent.depth = std::max(parent.depth, child ? child->depth + 1 : 1);
  parent.children.push_back(std::move(child));
}

void ExpressionParser::note(std::string_view kind, const std::string &name, size_t line, bool known) {
  if (!known && !optional)
    unknown.push_back({concat("there is no ", kind, " named '", name, "'"), line});
}

void ExpressionParser::checkKnown() const {
  if (!unknown.empty())
    failAt(unknown[0].line, unknown[0].message);
}

ExpressionPointer ExpressionParser::parseExpression() {
  Nesting nesting(*this);
  size_t unknownBefore = unknown.size();
  ExpressionPointer value = parseOr();
  while (isName("if")) {
    ExpressionPointer whole = make(Expression::Kind::Conditional);
    ++at;
    adopt(*whole, parseOr());
    adopt(*whole, std::move(value));
    adopt(*whole, acceptName("else") ? parseExpression() : nullptr);
    unknown.resize(unknownBefore);
    value = std::move(whole);
  }
  return value;
}

ExpressionPointer ExpressionParser::parseLeft(std::initializer_list<std::string_view> operators, bool names,
                                              Parse operand) {
  ExpressionPointer left = (this->*operand)();
  for (;;) {
    auto found = std::find_if(operators.begin(), operators.end(),
                              [&](std::string_view text) { return names ? isName(text) : isOperator(text); });
    if (found == operators.end())
      return left;
    ExpressionPointer whole = make(Expression::Kind::Binary, std::string(*found));
    ++at;
    adopt(*whole, std::move(left));
    adopt(*whole, (this->*operand)());
    left = std::move(whole);
  }
}

ExpressionPointer ExpressionParser::parseOr() { return parseLeft({"or"}, true, &ExpressionParser::parseAnd); }
ExpressionPointer ExpressionParser::parseAnd() { return parseLeft({"and"}, true, &ExpressionParser::parseNot); }
ExpressionPointer ExpressionParser::parseSum() { return parseLeft({"+", "-"}, false, &ExpressionParser::parseJoin); }
ExpressionPointer ExpressionParser::parseProduct() {
  return parseLeft({"*", "/", "//", "%"}, false, &ExpressionParser::parsePower);
}
ExpressionPointer ExpressionParser::parsePower() { return parseLeft({"**"}, false, &ExpressionParser::parseUnary); }

ExpressionPointer ExpressionParser::parseNot() {
  Nesting nesting(*this);
  if (!isName("not"))
    return parseCompare();
  ExpressionPointer whole = make(Expression::Kind::Unary, "not");
  ++at;
  adopt(*whole, parseNot());
  return whole;
}

ExpressionPointer ExpressionParser::parseCompare() {
  ExpressionPointer left = parseSum(), whole;
  for (;;) {
    std::string text;
    for (std::string_view known : {"==", "!=", "<", ">", "<=", ">="})
      if (isOperator(known))
        text = known;
    bool negated = isName("not") && isName("in", 1);
    if (isName("in") || negated)
      text = negated ? "not in" : "in";
    if (text.empty())
      return whole ? std::move(whole) : std::move(left);
    if (!whole) {
      whole = make(Expression::Kind::Compare);
      adopt(*whole, std::move(left));
    }
    at += negated ? 2 : 1;
    whole->operators.push_back(std::move(text));
    adopt(*whole, parseSum());
  }
}

ExpressionPointer ExpressionParser::parseJoin() {
  ExpressionPointer first = parseProduct();
  if (!isOperator("~"))
    return first;
  ExpressionPointer whole = make(Expression::Kind::Join);
  adopt(*whole, std::move(first));
  while (acceptOperator("~"))
    adopt(*whole, parseProduct());
  return whole;
}

ExpressionPointer ExpressionParser::parseUnary() { return parseSigned(true); }

ExpressionPointer ExpressionParser::parseSigned(bool filters) {
  Nesting nesting(*this);
  ExpressionPointer value;
  if (isOperator("-") || isOperator("+")) {
    value = make(Expression::Kind::Unary, peek().text);
    ++at;
    adopt(*value, parseSigned(false));
  } else {
    value = parsePrimary();
  }
  value = parsePostfix(std::move(value));
  return filters ? parseFilterExpression(std::move(value)) : std::move(value);
}

ExpressionPointer ExpressionParser::parsePostfix(ExpressionPointer value) {
  for (;;) {
    if (isOperator("."))
      value = parseMember(std::move(value));
    else if (isOperator("["))
      value = parseSubscript(std::move(value));
    else if (isOperator("("))
      value = parseCall(std::move(value));
    else
      return value;
  }
}

ExpressionPointer ExpressionParser::parseFilterExpression(ExpressionPointer value) {
  for (;;) {
    if (isOperator("|"))
      value = parseFilters(std::move(value), false);
    else if (isName("is"))
      value = parseTest(std::move(value));
    else if (isOperator("("))
      value = parseCall(std::move(value));
    else
      return value;
  }
}

ExpressionPointer ExpressionParser::parseMember(ExpressionPointer value) {
  ++at;
  if (is(TokenKind::Integer)) {
    ExpressionPointer whole = make(Expression::Kind::Index);
    adopt(*whole, std::move(value));
    adopt(*whole, parseNumber());
    return whole;
  }
  ExpressionPointer whole = make(Expression::Kind::Attribute);
  whole->text = takeName();
  adopt(*whole, std::move(value));
  return whole;
}

ExpressionPointer ExpressionParser::parseSubscript(ExpressionPointer value) {
  ++at;
  if (isOperator(":"))
    return parseSlice(std::move(value), nullptr);
  ExpressionPointer first = isOperator("]") ? make(Expression::Kind::Tuple) : parseExpression();
  if (isOperator(":"))
    return parseSlice(std::move(value), std::move(first));
  ExpressionPointer whole = make(Expression::Kind::Index);
  adopt(*whole, std::move(value));
  if (isOperator(",")) {
    ExpressionPointer tuple = make(Expression::Kind::Tuple);
    adopt(*tuple, std::move(first));
    while (acceptOperator(","))
      adopt(*tuple, parseExpression());
    first = std::move(tuple);
  }
  adopt(*whole, std::move(first));
  expectOperator("]");
  return whole;
}

/// Behind `value[first`, before the colon.
ExpressionPointer ExpressionParser::parseSlice(ExpressionPointer value, ExpressionPointer first) {
  ExpressionPointer whole = make(Expression::Kind::Slice);
  adopt(*whole, std::move(value));
  adopt(*whole, std::move(first));
  expectOperator(":");
  adopt(*whole, isOperator(":") || isOperator("]") ? nullptr : parseExpression());
  adopt(*whole, acceptOperator(":") && !isOperator("]") ? parseExpression() : nullptr);
  expectOperator("]");
  return whole;
}

ExpressionPointer ExpressionParser::parseCall(ExpressionPointer value) {
  ExpressionPointer whole = make(Expression::Kind::Call);
  adopt(*whole, std::move(value));
  whole->arguments = parseArguments();
  return whole;
}

CallArguments ExpressionParser::parseArguments() {
  CallArguments arguments;
  expectOperator("(");
  bool first = true;
  while (!acceptOperator(")")) {
    if (!first)
      expectOperator(",");
    first = false;
    if (acceptOperator(")"))
      break;
    bool packed = arguments.list || arguments.dict;
    if (isOperator("*") && !packed) {
      ++at;
      arguments.list = parseExpression();
    } else if (isOperator("**") && !arguments.dict) {
      ++at;
      arguments.dict = parseExpression();
    } else if (is(TokenKind::Name) && isOperator("=", 1) && !arguments.dict) {
      std::string name = takeName();
      ++at;
      for (const auto &[known, value] : arguments.named)
        if (known == name)
          failAt(peek().line, "the argument ", name, " is given twice");
      arguments.named.emplace_back(std::move(name), parseExpression());
    } else if (!packed && arguments.named.empty()) {
      arguments.positional.push_back(parseExpression());
    } else {
      unexpected("arguments by name after those by name");
    }
  }
  return arguments;
}

ExpressionPointer ExpressionParser::parseFilters(ExpressionPointer value, bool first) {
  while (first || acceptOperator("|")) {
    first = false;
    size_t line = peek().line;
    ExpressionPointer whole = make(Expression::Kind::Filter, takeDottedName());
    note("filter", whole->text, line, knowsFilter(whole->text));
    if (value)
      adopt(*whole, std::move(value));
    if (isOperator("("))
      whole->arguments = parseArguments();
    value = std::move(whole);
  }
  return value;
}

ExpressionPointer ExpressionParser::parseTest(ExpressionPointer value) {
  ++at;
  bool negated = acceptName("not");
  size_t line = peek().line;
  ExpressionPointer whole = make(Expression::Kind::Test, takeDottedName());
  note("test", whole->text, line, knowsTest(whole->text));
  adopt(*whole, std::move(value));
  bool operand = is(TokenKind::Name) || is(TokenKind::String) || is(TokenKind::Integer) || is(TokenKind::Real) ||
                 isOperator("[") || isOperator("{");
  if (isOperator("(")) {
    whole->arguments = parseArguments();
  } else if (operand && !isName("else") && !isName("or") && !isName("and")) {
    if (isName("is"))
      failAt(peek().line, "tests cannot follow each other");
    whole->arguments.positional.push_back(parsePostfix(parsePrimary()));
  }
  if (!negated)
    return whole;
  ExpressionPointer reversed = make(Expression::Kind::Unary, "not");
  adopt(*reversed, std::move(whole));
  return reversed;
}

ExpressionPointer ExpressionParser::parsePrimary() {
  Nesting nesting(*this);
  switch (peek().kind) {
  case TokenKind::Integer:
  case TokenKind::Real:
    return parseNumber();
  case TokenKind::String:
    return parseStrings();
  case TokenKind::Name:
    return parseName();
  default:
    break;
  }
  if (acceptOperator("(")) {
    ExpressionPointer value = parseTuple(true, {}, true);
    expectOperator(")");
    return value;
  }
  if (acceptOperator("["))
    return parseBrackets("]", Expression::Kind::List);
  if (acceptOperator("{"))
    return parseBrackets("}", Expression::Kind::Dict);
  unexpected("a value");
}

ExpressionPointer ExpressionParser::parseNumber() {
  ExpressionPointer made = make(Expression::Kind::Constant);
  const std::string &text = peek().text;
  const char *start = text.data(), *end = start + text.size();
  int64_t integer = 0;
  double real = 0;
  std::errc error{};
  if (peek().kind == TokenKind::Real) {
    error = std::from_chars(start, end, real).ec;
    made->constant = Value::real(real);
  } else {
    char prefix = text.size() > 2 && text[0] == '0' ? char(text[1] | 0x20) : '\0';
    int base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
    error = std::from_chars(base == 10 ? start : start + 2, end, integer, base).ec;
    made->constant = Value::integer(integer);
  }
  if (error != std::errc())
    unexpected("a number of 64 bits");
  ++at;
  return made;
}

ExpressionPointer ExpressionParser::parseStrings() {
  ExpressionPointer made = make(Expression::Kind::Constant);
  std::string text;
  while (is(TokenKind::String))
    text += tokens[at++].text;
  made->constant = Value::constant(std::move(text));
  return made;
}

ExpressionPointer ExpressionParser::parseName() {
  ExpressionPointer made = make(Expression::Kind::Name);
  std::string name = takeName();
  made->kind = Expression::Kind::Constant;
  if (name == "true" || name == "True" || name == "false" || name == "False")
    made->constant = Value::boolean(name[0] == 't' || name[0] == 'T');
  else if (name == "none" || name == "None")
    made->constant = Value::none();
  else
    made->kind = Expression::Kind::Name;
  usesCaller |= name == "caller";
  usesKwargs |= name == "kwargs";
  usesVarargs |= name == "varargs";
  made->text = std::move(name);
  return made;
}

ExpressionPointer ExpressionParser::parseBrackets(std::string_view closing, Expression::Kind kind) {
  ExpressionPointer made = make(kind);
  while (!acceptOperator(closing)) {
    adopt(*made, parseExpression());
    if (kind == Expression::Kind::Dict) {
      expectOperator(":");
      adopt(*made, parseExpression());
    }
    if (!isOperator(closing))
      expectOperator(",");
  }
  return made;
}

ExpressionPointer ExpressionParser::parseTuple(bool conditionals, std::string_view end, bool inParentheses) {
  ExpressionPointer tuple = make(Expression::Kind::Tuple);
  for (bool comma = true; comma; comma = acceptOperator(",")) {
    if (is(TokenKind::OutputEnd) || is(TokenKind::TagEnd) || isOperator(")") || (!end.empty() && isName(end)))
      break;
    adopt(*tuple, conditionals ? parseExpression() : parseOr());
    if (tuple->children.size() == 1 && !isOperator(","))
      return std::move(tuple->children[0]);
  }
  if (tuple->children.empty() && !inParentheses)
    unexpected("an expression");
  return tuple;
}

ExpressionPointer ExpressionParser::parseTarget(bool members, std::string_view end) {
  ExpressionPointer tuple = make(Expression::Kind::Tuple);
  for (bool comma = true; comma; comma = acceptOperator(",")) {
    if (is(TokenKind::TagEnd) || isOperator(")") || isOperator("=") || (!end.empty() && isName(end)))
      break;
    adopt(*tuple, parseTargetPart(members));
    if (tuple->children.size() == 1 && !isOperator(","))
      return std::move(tuple->children[0]);
  }
  return tuple;
}

ExpressionPointer ExpressionParser::parseTargetPart(bool members) {
  Nesting nesting(*this);
  if (acceptOperator("(")) {
    ExpressionPointer inner = parseTarget(members);
    expectOperator(")");
    return inner;
  }
  if (!is(TokenKind::Name))
    unexpected("a name to assign to");
  ExpressionPointer name = parseName();
  if (name->kind != Expression::Kind::Name)
    failAt(name->line, "'", name->text, "' cannot be assigned to");
  if (!members || !acceptOperator("."))
    return name;
  ExpressionPointer member = make(Expression::Kind::Attribute);
  member->text = takeName();
  adopt(*member, std::move(name));
  return member;
}

} // namespace tenon::jinja
