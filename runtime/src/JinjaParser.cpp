//===- JinjaParser.cpp - A chat template read -----------------------------===//

#include "Jinja.h"
#include "JinjaExpressionParser.h"
#include "JinjaLexer.h"

#include <algorithm>
#include <initializer_list>

namespace tenon::runtime::jinja {
namespace {

class Parser {
public:
  explicit Parser(std::vector<Piece> pieces) : pieces(std::move(pieces)) {}

  std::vector<Statement> run() {
    std::vector<Statement> all = parseUntil({});
    if (at < pieces.size())
      fail("chat template, line ", pieces[at].line, ": unexpected ", pieces[at].tokens[0].text);
    return all;
  }

private:
  std::string nameOf(const Piece &piece) const {
    return piece.kind == Piece::Kind::Statement ? piece.tokens[0].text : "";
  }

  /// Statements up to one of those names, which is left to be read.
  std::vector<Statement> parseUntil(std::initializer_list<std::string_view> names) {
    if (++depth > deepest)
      fail("chat template, line ", pieces[at].line, ": nested more than ", deepest, " deep");
    std::vector<Statement> all;
    while (at < pieces.size()) {
      const Piece &piece = pieces[at];
      std::string name = nameOf(piece);
      if (piece.kind == Piece::Kind::Statement && (std::find(names.begin(), names.end(), name) != names.end() ||
                                                   (name.starts_with("end") && names.size() == 0)))
        break;
      ++at;
      if (piece.kind == Piece::Kind::Text) {
        Statement &text = add(all, Statement::Kind::Text, piece);
        text.text = piece.text;
      } else if (piece.kind == Piece::Kind::Output) {
        ExpressionParser parser(piece.tokens);
        ExpressionPointer expression = parser.parseTuple();
        parser.expectEnd();
        add(all, Statement::Kind::Output, piece).expression = std::move(expression);
      } else {
        parseStatement(piece, name, all);
      }
    }
    --depth;
    return all;
  }

  static Statement &add(std::vector<Statement> &to, Statement::Kind kind, const Piece &piece) {
    Statement &made = to.emplace_back();
    made.kind = kind;
    made.line = piece.line;
    return made;
  }

  void parseStatement(const Piece &piece, const std::string &name, std::vector<Statement> &to) {
    ExpressionParser parser(piece.tokens);
    if (!parser.atEnd())
      parser.takeName();
    if (name == "if")
      return parseIf(parser, add(to, Statement::Kind::If, piece));
    if (name == "for")
      return parseFor(parser, add(to, Statement::Kind::For, piece));
    if (name == "set")
      return parseSet(parser, add(to, Statement::Kind::Set, piece));
    if (name == "macro")
      return parseMacro(parser, add(to, Statement::Kind::Macro, piece));
    if (name == "break" || name == "continue") {
      add(to, name == "break" ? Statement::Kind::Break : Statement::Kind::Continue, piece);
      return parser.expectEnd();
    }
    if (name == "generation") { // marks what an assistant wrote, for training
      std::vector<Statement> body = parseUntil({"endgeneration"});
      expectTag("endgeneration", piece);
      std::move(body.begin(), body.end(), std::back_inserter(to));
      return;
    }
    fail("chat template, line ", piece.line, ": the statement '", name,
         "' is not known here; known are if, for, set, macro, break, continue and generation");
  }

  /// Takes the tag of that name.
  void expectTag(std::string_view name, const Piece &opening) {
    if (at == pieces.size())
      fail("chat template, line ", opening.line, ": '", opening.tokens[0].text, "' has no ", name);
    ++at;
  }

  void parseIf(ExpressionParser &parser, Statement &statement) {
    const Piece &opening = pieces[at - 1];
    statement.expression = parser.parseTuple();
    parser.expectEnd();
    statement.body = parseUntil({"elif", "else", "endif"});
    if (at == pieces.size())
      expectTag("endif", opening);
    const Piece &next = pieces[at++];
    std::string name = nameOf(next);
    if (name == "else") {
      statement.otherwise = parseUntil({"endif"});
      expectTag("endif", opening);
    } else if (name == "elif") {
      ExpressionParser condition(next.tokens);
      condition.takeName();
      parseIf(condition, add(statement.otherwise, Statement::Kind::If, next));
    }
  }

  void parseFor(ExpressionParser &parser, Statement &statement) {
    const Piece &opening = pieces[at - 1];
    do
      statement.targets.push_back(parser.takeName());
    while (parser.acceptOperator(","));
    if (!parser.acceptName("in"))
      parser.unexpected("in");
    statement.expression = parser.parseOr();
    if (parser.acceptName("if"))
      statement.condition = parser.parse();
    parser.expectEnd();
    statement.body = parseUntil({"else", "endfor"});
    if (at < pieces.size() && nameOf(pieces[at]) == "else") {
      ++at;
      statement.otherwise = parseUntil({"endfor"});
    }
    expectTag("endfor", opening);
  }

  void parseSet(ExpressionParser &parser, Statement &statement) {
    const Piece &opening = pieces[at - 1];
    do
      statement.targets.push_back(parser.takeName());
    while (parser.acceptOperator(","));
    if (parser.acceptOperator(".")) {
      statement.kind = Statement::Kind::SetMember;
      statement.text = parser.takeName();
    }
    if (parser.acceptOperator("=")) {
      statement.expression = parser.parseTuple();
      return parser.expectEnd();
    }
    parser.expectEnd();
    statement.body = parseUntil({"endset"});
    expectTag("endset", opening);
  }

  void parseMacro(ExpressionParser &parser, Statement &statement) {
    const Piece &opening = pieces[at - 1];
    statement.text = parser.takeName();
    parser.expectOperator("(");
    while (!parser.acceptOperator(")")) {
      statement.targets.push_back(parser.takeName());
      statement.defaults.push_back(parser.acceptOperator("=") ? parser.parse() : nullptr);
      if (!parser.isOperator(")"))
        parser.expectOperator(",");
    }
    parser.expectEnd();
    statement.body = parseUntil({"endmacro"});
    expectTag("endmacro", opening);
  }

  std::vector<Piece> pieces;
  size_t at = 0;
  size_t depth = 0;
};

} // namespace

std::vector<Statement> parse(std::string_view source) { return Parser(cut(source)).run(); }

} // namespace tenon::runtime::jinja
