//===- Parser.cpp - From text to a typed tree -----------------------------===//

#include "expressions/Builder.h"
#include "expressions/Lexer.h"
#include "expressions/Spelling.h"

namespace tenon::expressions {

/// Recursive descent by precedence. After the first error every function returns at once with an empty operand.
class Parser {
public:
  Parser(std::string_view text, Kind kind) : text(text), kind(kind), builder(kind) {}

  ParseResult run() {
    if (text.size() > maximumTextSize) {
      std::string sizes = std::to_string(maximumTextSize) + " bytes, but this has " + std::to_string(text.size());
      return Error{"an expression has at most " + sizes, 0, text.size()};
    }
    advance();
    std::optional<Operand> root = parseBinary(OrLevel);
    if (root && token.kind != Token::End)
      root = failAtToken("expected an operator or the end, but found " + describe(token));
    if (root)
      root = builder.finish(*root);
    if (!root)
      return *(failure ? failure : builder.error());
    return Expression(kind, builder.postOrder(*root));
  }

private:
  std::string_view text;
  Kind kind;
  Builder builder;
  Token token;
  unsigned depth = 0;
  std::optional<Error> failure;

  void advance() { token = lexToken(text, token.end()); }

  std::nullopt_t fail(std::string message, size_t begin, size_t end) {
    failure = Error{std::move(message), begin, end};
    return std::nullopt;
  }
  std::nullopt_t failAtToken(std::string message) { return fail(std::move(message), token.begin, token.end()); }

  /// Where a word or symbol of another language stands for one of ours, say which.
  std::string suggestion() const {
    constexpr std::string_view other[][2] = {{"&", "&&"},
                                             {"|", "||"},
                                             {"and", "&&"},
                                             {"or", "||"},
                                             {"not", "!"},
                                             {"~", "!"},
                                             {"=", "=="},
                                             {"//", "/"},
                                             {"True", "true"},
                                             {"False", "false"},
                                             {"?", "select(c, a, b)"},
                                             {"if", "select(c, a, b)"}};
    for (auto [theirs, ours] : other)
      if (token.text == theirs)
        return "; write '" + std::string(ours) + "'";
    return "";
  }

  bool expect(std::string_view symbol, std::string_view after) {
    if (token.is(symbol)) {
      advance();
      return true;
    }
    failAtToken("expected '" + std::string(symbol) + "' " + std::string(after) + ", but found " + describe(token) +
                suggestion());
    return false;
  }

  /// Counts what stands inside of something else, so that no text can exhaust the stack.
  bool enter() {
    if (++depth <= maximumNesting)
      return true;
    failAtToken("an expression nests at most " + std::to_string(maximumNesting) + " deep");
    return false;
  }

  std::optional<Operand> parseBinary(int loosest) {
    std::optional<Operand> left = parseUnary();
    while (left && token.kind != Token::End) {
      const BinaryOperator *found = nullptr;
      for (const BinaryOperator &candidate : binaryOperators)
        if (token.is(candidate.symbol))
          found = &candidate;
      if (!found || found->precedence < loosest)
        break;
      advance();
      std::optional<Operand> right = parseBinary(found->precedence + 1);
      left = right ? builder.binary(*found, *left, *right) : std::nullopt;
    }
    if (left && !suggestion().empty())
      return failAtToken("unknown operator " + describe(token) + suggestion());
    return left;
  }

  std::optional<Operand> parseUnary() {
    bool minus = token.is("-");
    if (!minus && !token.is("!"))
      return parsePrimary();
    size_t begin = token.begin;
    advance();
    if (minus && token.kind == Token::Number)
      return parseNumber(/*negative=*/true, begin);
    if (!enter())
      return std::nullopt;
    std::optional<Operand> operand = parseUnary();
    --depth;
    if (!operand)
      return std::nullopt;
    return builder.unary(minus ? Operation::Negate : Operation::Not, minus ? "'-'" : "'!'", *operand,
                         {begin, operand->range.end});
  }

  std::optional<Operand> parsePrimary() {
    if (token.kind == Token::Number)
      return parseNumber(/*negative=*/false, token.begin);
    if (token.kind == Token::Name && suggestion().empty())
      return parseName();
    if (!token.is("("))
      return failAtToken("expected a value, but found " + describe(token) + suggestion());
    size_t begin = token.begin;
    advance();
    if (!enter())
      return std::nullopt;
    std::optional<Operand> inner = parseBinary(OrLevel);
    --depth;
    size_t end = token.end();
    if (!inner || !expect(")", "to close the parenthesis"))
      return std::nullopt;
    inner->range = {begin, end};
    return inner;
  }

  std::optional<Operand> parseNumber(bool negative, size_t begin) {
    Token number = token;
    advance();
    return builder.number(number.text, negative, {begin, number.end()});
  }

  std::optional<Operand> parseName() {
    Token name = token;
    advance();
    if (token.is("("))
      return parseCall(name);
    return builder.name(name.text, {name.begin, name.end()});
  }

  std::optional<Operand> parseCall(const Token &name) {
    std::optional<Callee> callee = builder.callee(name.text, {name.begin, name.end()});
    advance();
    if (!callee || !enter())
      return std::nullopt;
    std::vector<Operand> arguments;
    while (!token.is(")") || !arguments.empty()) {
      std::optional<Operand> argument = parseBinary(OrLevel);
      if (!argument)
        return std::nullopt;
      arguments.push_back(*argument);
      if (!token.is(","))
        break;
      advance();
    }
    --depth;
    size_t end = token.end();
    if (!expect(")", "to close the arguments of " + std::string(name.text)))
      return std::nullopt;
    return builder.call(*callee, arguments, {name.begin, end});
  }
};

ParseResult parse(std::string_view text, Kind kind) { return Parser(text, kind).run(); }

} // namespace tenon::expressions
