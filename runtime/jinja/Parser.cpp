//===- Parser.cpp - A template read ---------------------------------------===//

#include "jinja/Check.h"
#include "jinja/ExpressionParser.h"
#include "jinja/Template.h"

#include <algorithm>
#include <new>

namespace tenon::jinja {
namespace {

/// Far more than any template has.
constexpr size_t longest = 1 << 20;

class Parser : ExpressionParser {
public:
  explicit Parser(std::string_view source) : ExpressionParser(cut(source)) {}

  Body run() {
    Body body = parseUntil({});
    checkKnown();
    return body;
  }

private:
  using Names = std::initializer_list<std::string_view>;
  using Kind = Statement::Kind;

  /// Statements up to a tag of one of those names, behind whose name it stops.
  Body parseUntil(Names names, std::string *found = nullptr) {
    Nesting nesting(*this);
    Body body;
    while (!is(Token::Kind::End)) {
      if (is(Token::Kind::Text)) {
        add(body, Kind::Text).text = peek().text;
        ++at;
      } else if (is(Token::Kind::OutputBegin)) {
        Statement &output = add(body, Kind::Output);
        ++at;
        output.values.push_back(parseTuple());
        expect(Token::Kind::OutputEnd, "the end of the tag");
      } else {
        ++at;
        std::string name = is(Token::Kind::Name) ? peek().text : "";
        if (std::find(names.begin(), names.end(), name) != names.end()) {
          ++at;
          if (found)
            *found = name;
          return body;
        }
        parseStatement(body);
        expect(Token::Kind::TagEnd, "the end of the tag");
      }
    }
    if (names.size() != 0)
      fail("expected ", *(names.end() - 1), " before the end");
    return body;
  }

  Statement &add(Body &to, Kind kind) {
    Statement &made = to.emplace_back();
    made.kind = kind;
    made.line = peek().line;
    return made;
  }

  /// What follows a tag that has a body, up to its end.
  Body parseBody(Names names, std::string *found = nullptr) {
    size_t line = peek().line;
    acceptOperator(":");
    expect(Token::Kind::TagEnd, "the end of the tag");
    try {
      return parseUntil(names, found);
    } catch (Error &error) {
      error.line = error.line ? error.line : line;
      throw;
    }
  }
  /// A body with names of its own, which is there whatever stands around it.
  Body parseScope(Names names, std::string *found = nullptr) {
    bool before = std::exchange(optional, false);
    Body body = parseBody(names, found);
    optional = before;
    return body;
  }
  /// One that a loop around it is not a loop of.
  Body parseFunction(Names names) {
    size_t before = std::exchange(loops, 0);
    Body body = parseScope(names);
    loops = before;
    return body;
  }

  void parseStatement(Body &to) {
    using Parse = void (Parser::*)(Statement &);
    static constexpr struct {
      std::string_view name;
      Kind kind;
      Parse parse;
    } table[] = {{"if", Kind::If, &Parser::parseIf},
                 {"for", Kind::For, &Parser::parseFor},
                 {"set", Kind::Set, &Parser::parseSet},
                 {"macro", Kind::Macro, &Parser::parseMacro},
                 {"break", Kind::Break, &Parser::parseLoopControl},
                 {"continue", Kind::Continue, &Parser::parseLoopControl},
                 {"generation", Kind::Scope, &Parser::parseGeneration},
                 {"with", Kind::With, &Parser::parseWith},
                 {"call", Kind::Call, &Parser::parseCallBlock},
                 {"filter", Kind::Filter, &Parser::parseFilterBlock},
                 {"print", Kind::Output, &Parser::parsePrint}};
    std::string name = takeName();
    std::string known;
    for (const auto &entry : table) {
      if (entry.name == name) {
        --at;
        Statement &statement = add(to, entry.kind);
        ++at;
        return (this->*entry.parse)(statement);
      }
      known += concat(known.empty() ? "" : ", ", entry.name);
    }
    --at;
    failAt(peek().line, "the statement '", name, "' is not supported; supported are ", known, " and raw");
  }

  void parseIf(Statement &statement) {
    bool before = std::exchange(optional, true);
    for (std::string next = "elif"; next == "elif";) {
      statement.values.push_back(parseTuple(false));
      statement.bodies.push_back(parseBody({"elif", "else", "endif"}, &next));
      if (next == "else")
        statement.bodies.push_back(parseBody({"endif"}));
    }
    optional = before;
  }

  void parseFor(Statement &statement) {
    statement.targets.push_back(parseTarget(false, "in"));
    expectName("in");
    statement.values.push_back(parseTuple(false, "recursive"));
    if (acceptName("if"))
      statement.condition = parseExpression();
    statement.recursive = acceptName("recursive");
    std::string next;
    ++loops;
    statement.bodies.push_back(parseScope({"else", "endfor"}, &next));
    --loops;
    if (next == "else")
      statement.bodies.push_back(parseScope({"endfor"}));
  }

  void parseSet(Statement &statement) {
    statement.targets.push_back(parseTarget(true));
    if (acceptOperator("=")) {
      statement.values.push_back(parseTuple());
      return;
    }
    statement.condition = parseFilters(nullptr, false);
    statement.bodies.push_back(parseScope({"endset"}));
  }

  void parseLoopControl(Statement &statement) {
    if (loops == 0)
      failAt(statement.line, statement.kind == Kind::Break ? "break" : "continue", " stands outside of a loop");
  }

  void parseGeneration(Statement &statement) { // marks what an assistant wrote, for training
    statement.bodies.push_back(parseFunction({"endgeneration"}));
  }

  void parseWith(Statement &statement) {
    while (!is(Token::Kind::TagEnd)) {
      if (!statement.targets.empty())
        expectOperator(",");
      statement.targets.push_back(parseTarget(false));
      expectOperator("=");
      statement.values.push_back(parseExpression());
    }
    statement.bodies.push_back(parseScope({"endwith"}));
  }

  void parseSignature(Statement &statement) {
    expectOperator("(");
    bool defaults = false;
    while (!acceptOperator(")")) {
      if (!statement.targets.empty())
        expectOperator(",");
      ExpressionPointer name = make(Expression::Kind::Name);
      name->text = takeName();
      statement.targets.push_back(std::move(name));
      bool given = acceptOperator("=");
      if (!given && defaults)
        failAt(statement.line, "a parameter without a default follows one that has one");
      defaults = given;
      statement.values.push_back(given ? parseExpression() : nullptr);
    }
  }

  /// The body of a macro, and which special names it uses.
  void parseMacroBody(Statement &statement, Names names) {
    bool caller = std::exchange(usesCaller, false), kwargs = std::exchange(usesKwargs, false),
         varargs = std::exchange(usesVarargs, false);
    statement.bodies.push_back(parseFunction(names));
    statement.usesCaller = usesCaller;
    statement.usesKwargs = usesKwargs;
    statement.usesVarargs = usesVarargs;
    usesCaller |= caller;
    usesKwargs |= kwargs;
    usesVarargs |= varargs;
  }

  void parseMacro(Statement &statement) {
    statement.text = takeName();
    parseSignature(statement);
    parseMacroBody(statement, {"endmacro"});
  }

  void parseCallBlock(Statement &statement) {
    statement.text = "caller";
    if (isOperator("("))
      parseSignature(statement);
    statement.condition = parseExpression();
    if (statement.condition->kind != Expression::Kind::Call)
      failAt(statement.line, "expected a call");
    parseMacroBody(statement, {"endcall"});
  }

  void parseFilterBlock(Statement &statement) {
    statement.values.push_back(parseFilters(nullptr, true));
    statement.bodies.push_back(parseScope({"endfilter"}));
  }

  void parsePrint(Statement &statement) {
    while (!is(Token::Kind::TagEnd)) {
      if (!statement.values.empty())
        expectOperator(",");
      statement.values.push_back(parseExpression());
    }
  }

  size_t loops = 0; ///< around what is being read
};

} // namespace

Template::Template(std::string_view source) {
  if (source.size() > longest)
    fail("it has ", source.size(), " bytes, the most is ", longest);
  body = Parser(source).run();
}

bool check(std::string_view source, std::string &error) noexcept {
  try {
    Template ignored(source);
    return true;
  } catch (const Error &failure) {
    error = failure.message();
  } catch (const std::bad_alloc &) {
    error = "no memory";
  }
  return false;
}

} // namespace tenon::jinja
