//===- JinjaValue.h - What a chat template computes with --------*- C++ -*-===//

#ifndef TENON_RUNTIME_JINJAVALUE_H
#define TENON_RUNTIME_JINJAVALUE_H

#include "Failure.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::runtime::jinja {

template <typename... Parts> [[noreturn]] void fail(const Parts &...parts) {
  runtime::fail(TENON_ERROR_CHAT_TEMPLATE, parts...);
}

class Value;

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// The argument at that place or of that name; nullptr if it is not given.
  const Value *find(size_t place, std::string_view name) const;
};

using List = std::vector<Value>;
using Dict = std::vector<std::pair<std::string, Value>>; ///< in the order of insertion
using Function = std::function<Value(const Arguments &)>;

/// Lists, dicts and functions are shared by copies, as in Python.
class Value {
public:
  enum class Kind { Undefined, None, Boolean, Integer, Real, String, List, Dict, Function };

  Value() = default;
  static Value none() { return Value(Kind::None); }
  static Value boolean(bool value) {
    Value made(Kind::Boolean);
    made.number = value;
    return made;
  }
  static Value integer(int64_t value) {
    Value made(Kind::Integer);
    made.number = value;
    return made;
  }
  static Value real(double value) {
    Value made(Kind::Real);
    made.fraction = value;
    return made;
  }
  static Value string(std::string value) {
    Value made(Kind::String);
    made.text = std::move(value);
    return made;
  }
  static Value list(List items) {
    Value made(Kind::List);
    made.items = std::make_shared<List>(std::move(items));
    return made;
  }
  static Value dict(Dict members) {
    Value made(Kind::Dict);
    made.members = std::make_shared<Dict>(std::move(members));
    return made;
  }
  static Value function(Function function) {
    Value made(Kind::Function);
    made.called = std::make_shared<Function>(std::move(function));
    return made;
  }

  Kind kind() const { return tag; }
  bool is(Kind other) const { return tag == other; }
  bool isNumber() const { return tag == Kind::Integer || tag == Kind::Real || tag == Kind::Boolean; }
  const char *kindName() const;

  bool truth() const;
  int64_t asInteger(const char *what) const;
  double asReal() const { return tag == Kind::Real ? fraction : double(number); }
  const std::string &asString(const char *what) const;
  List &asList(const char *what) const;
  Dict &asDict(const char *what) const;
  const Function &asFunction(const std::string &what) const;

  /// The member of a dict; nullptr if there is none.
  Value *find(std::string_view key) const;
  /// As Python prints it.
  std::string print() const;
  /// As Python's json.dumps(ensure_ascii=False) writes it.
  std::string json() const;
  bool equals(const Value &other) const;

private:
  explicit Value(Kind kind) : tag(kind) {}

  Kind tag = Kind::Undefined;
  int64_t number = 0;
  double fraction = 0;
  std::string text;
  std::shared_ptr<List> items;
  std::shared_ptr<Dict> members;
  std::shared_ptr<Function> called;
};

using Kind = Value::Kind;

/// Each fails with the names that are known where `name` is not one of them.
Value applyFilter(const std::string &name, const Value &value, const Arguments &arguments);
bool applyTest(const std::string &name, const Value &value, const Arguments &arguments);
Value callMethod(const Value &object, const std::string &name, const Arguments &arguments);
/// What a loop goes through: a list's items, a dict's keys, a string's characters.
List elementsOf(const Value &value);
bool contains(const Value &container, const Value &item);
/// The characters of a UTF-8 text.
std::vector<std::string> characters(const std::string &text);

} // namespace tenon::runtime::jinja

#endif // TENON_RUNTIME_JINJAVALUE_H
