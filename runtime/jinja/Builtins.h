//===- Builtins.h - What templates can do with values -----------*- C++ -*-===//
//
// As Python and Jinja do it; a TypeError there is an Error here.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_JINJA_BUILTINS_H
#define TENON_JINJA_BUILTINS_H

#include "jinja/Heap.h"

#include <map>

namespace tenon::jinja {

// Operators.cpp
bool truth(const Value &value);
bool equals(Heap &heap, const Value &left, const Value &right);
/// Below 0, 0 or above; fails where Python has no order, naming the operator.
int compare(Heap &heap, const Value &left, const Value &right, std::string_view text);
bool compares(Heap &heap, const Value &left, std::string_view text, const Value &right);
bool contains(Heap &heap, const Value &container, const Value &item);
Value unary(const std::string &text, const Value &value);
Value binary(Interpreter &in, const Value &left, const std::string &text, const Value &right);

// Sequences.cpp
bool isIterable(const Value &value);
/// What a loop goes through: gives the next item, false at the end.
std::function<bool(Value &)> iterate(Heap &heap, const Value &value);
std::vector<Value> elements(Heap &heap, const Value &value);
std::optional<size_t> lengthOf(const Value &value);
/// The member of that key; nullptr if there is none.
const Value *find(Heap &heap, const Members &members, const Value &key);
const Value *find(Heap &heap, const Members &members, std::string_view key);
void put(Heap &heap, Members &members, Value key, Value value);
bool isHashable(const Value &value);
/// object[key] and object.name of sandboxed Jinja: undefined where there is none.
Value item(Heap &heap, const Value &object, const Value &key);
/// getattr(object, name) alone.
std::optional<Value> member(Heap &heap, const Value &object, const std::string &name);
Value attribute(Heap &heap, const Value &object, const std::string &name);
/// The places of `count` things in their order, equal ones as they stood. Any answer of `isLess` does no harm.
std::vector<size_t> orderOf(size_t count, const std::function<bool(size_t, size_t)> &isLess);
Value slice(Heap &heap, const Value &object, const Value &first, const Value &end, const Value &step);
/// "a.b.0" of a filter's `attribute`, which may be an integer.
Value attributePath(Heap &heap, Value value, const Value &path);

// Print.cpp
std::string str(Heap &heap, const Value &value);
std::string repr(Heap &heap, const Value &value);
std::string realText(double value);
/// The value as text: a text as it is, with its markup.
Value soft(Heap &heap, const Value &value);
std::string escapeMarkup(Heap &heap, const Value &value);
Value toJson(Interpreter &in, const Value &value, const Arguments &arguments);

// Format.cpp
Value formatPercent(Interpreter &in, const Value &format, const Value &arguments);
/// str.format, and with `map` str.format_map.
Value formatBraces(Interpreter &in, const Value &format, const Arguments &arguments, const Members *map);

using Builtin = Value (*)(Interpreter &, const Value &, const Arguments &);
using Test = bool (*)(Interpreter &, const Value &, const Arguments &);
using BuiltinTable = std::map<std::string_view, Builtin>;

const BuiltinTable &textFilters();     ///< TextFilters.cpp
const BuiltinTable &sequenceFilters(); ///< SequenceFilters.cpp
const BuiltinTable &valueFilters();    ///< ValueFilters.cpp
const std::map<std::string_view, Test> &tests();
const BuiltinTable &textMethods();
Members globals(Heap &heap);

/// The method that an attribute of that name is; nullptr if it is none. Fails for those that Python has and this has
/// not. `hidden` is set where the sandbox hides it.
Builtin findMethod(const Value &object, const std::string &name, bool &hidden);

Value applyFilter(Interpreter &in, const std::string &name, const Value &value, const Arguments &arguments);
bool applyTest(Interpreter &in, const std::string &name, const Value &value, const Arguments &arguments);

// Of arguments; `what` names them in messages.
int64_t toInteger(const Value &value, std::string_view what);
const std::string &toText(const Value &value, std::string_view what);

} // namespace tenon::jinja

#endif // TENON_JINJA_BUILTINS_H
