//===- Value.h - What a template computes with ------------------*- C++ -*-===//
//
// Values are Python's: a copy shares its list, dictionary or object with the original. Those live in the Heap of one
// rendering until its end, so that one may hold itself, and none is destroyed by way of another.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_JINJA_VALUE_H
#define TENON_JINJA_VALUE_H

#include "jinja/Error.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tenon::jinja {

class Heap;
class Interpreter;
class Value;

struct Undefined {};
struct None {};

struct TextData {
  const std::string text; ///< well-formed UTF-8
  const bool markup;      ///< what `safe` gives: joined with other text, that is escaped
  Heap *const heap;       ///< where its bytes are counted; nullptr for those of the template itself

  TextData(std::string text, bool markup, Heap *heap) : text(std::move(text)), markup(markup), heap(heap) {}
  TextData(const TextData &) = delete; // what it holds is counted once
  TextData &operator=(const TextData &) = delete;
  ~TextData();
};

struct Object {
  enum class Type { List, Tuple, Keys, Values, Items, Dict, Namespace, Range, Iterator, Function, Loop, Cycler, Joiner };
  const Type type;
  explicit Object(Type type) : type(type) {}
  virtual ~Object() = default;
};

class Value {
public:
  enum class Kind { Undefined, None, Boolean, Integer, Real, Text, Object };
  using Type = Object::Type;

  Value() = default;
  static Value none() { return Value(None()); }
  static Value boolean(bool value) { return Value(value); }
  static Value integer(int64_t value) { return Value(value); }
  static Value integer(size_t value) { return Value(int64_t(value)); }
  static Value real(double value) { return Value(value); }
  /// A text of the template itself, which no rendering pays for.
  static Value constant(std::string text) {
    return Value(std::make_shared<const TextData>(std::move(text), false, nullptr));
  }
  static Value object(Object *object) { return Value(object); }

  Kind kind() const { return Kind(held.index()); }
  bool is(Kind other) const { return kind() == other; }
  bool is(Type type) const { return is(Kind::Object) && std::get<Object *>(held)->type == type; }
  bool isText() const { return is(Kind::Text); }
  bool isMarkup() const { return isText() && std::get<Shared>(held)->markup; }
  bool isNumber() const { return is(Kind::Boolean) || is(Kind::Integer) || is(Kind::Real); }
  bool isInteger() const { return is(Kind::Boolean) || is(Kind::Integer); }
  /// A list, or a tuple.
  bool isSequence() const { return is(Type::List) || is(Type::Tuple); }

  bool boolean() const { return std::get<bool>(held); }
  int64_t integer() const { return is(Kind::Boolean) ? int64_t(boolean()) : std::get<int64_t>(held); }
  double real() const { return is(Kind::Real) ? std::get<double>(held) : double(integer()); }
  const std::string &text() const { return std::get<Shared>(held)->text; }
  Object *object() const { return std::get<Object *>(held); }
  /// The object, known to be a T.
  template <typename T> T &as() const { return static_cast<T &>(*object()); }
  /// Whether both are one text or object.
  bool same(const Value &other) const;
  /// What messages call it: "a string", "an integer", ...
  const char *kindName() const;

private:
  friend class Heap;
  using Shared = std::shared_ptr<const TextData>;
  template <typename T> explicit Value(T value) : held(std::move(value)) {}

  std::variant<Undefined, None, bool, int64_t, double, Shared, Object *> held;
};

using Kind = Value::Kind;
using Type = Object::Type;
using Members = std::vector<std::pair<Value, Value>>; ///< in the order of insertion

/// A list, a tuple, or the keys, values or items of a dictionary.
struct Sequence : Object {
  std::vector<Value> items;
  bool group = false; ///< a tuple of groupby, whose parts have names
  Sequence(Type type, std::vector<Value> items) : Object(type), items(std::move(items)) {}
};

/// A dictionary or a namespace.
struct Dict : Object {
  Members members;
  Dict(Type type, Members members) : Object(type), members(std::move(members)) {}
};

struct Range : Object {
  int64_t first, end, step;
  Range(int64_t first, int64_t end, int64_t step) : Object(Type::Range), first(first), end(end), step(step) {}
  size_t size() const {
    if (step > 0 ? first >= end : first <= end)
      return 0;
    uint64_t distance = step > 0 ? uint64_t(end) - uint64_t(first) : uint64_t(first) - uint64_t(end);
    return size_t((distance - 1) / (step > 0 ? uint64_t(step) : -uint64_t(step)) + 1);
  }
  int64_t at(size_t index) const { return first + int64_t(index) * step; }
};

/// What can be gone through once.
struct Iterator : Object {
  std::function<bool(Value &)> step; ///< false at the end
  explicit Iterator(std::function<bool(Value &)> step) : Object(Type::Iterator), step(std::move(step)) {}
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  /// The arguments by the parameters' names, nullptr for those that are not given; fails as Python does. A name that
  /// begins with '/' can only be given by its place.
  std::vector<const Value *> bind(const char *function, std::initializer_list<std::string_view> names,
                                  size_t required = 0) const;
};

struct Function : Object {
  using Body = std::function<Value(Interpreter &, const Arguments &)>;
  std::string name;
  Body body;
  Function(std::string name, Body body) : Object(Type::Function), name(std::move(name)), body(std::move(body)) {}
};

struct Cycler : Object {
  std::vector<Value> items;
  size_t at = 0;
  explicit Cycler(std::vector<Value> items) : Object(Type::Cycler), items(std::move(items)) {}
};

struct Joiner : Object {
  Value separator;
  bool used = false;
  explicit Joiner(Value separator) : Object(Type::Joiner), separator(std::move(separator)) {}
};

} // namespace tenon::jinja

#endif // TENON_JINJA_VALUE_H
