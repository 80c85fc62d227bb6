//===- Globals.cpp - The functions that a template finds ------------------===//

#include "jinja/Interpreter.h"

#include <cmath>
#include <ctime>
#include <locale.h>

namespace tenon::jinja {
namespace {

/// What Jinja's sandbox allows.
constexpr size_t longestRange = 100'000;

Value raiseException(Interpreter &in, const Arguments &arguments) {
  auto bound = arguments.bind("raise_exception", {"message"}, 1);
  throw Error{str(in.heap, *bound[0]), 0, true};
}

Value timeNow(Interpreter &in, const Arguments &arguments) {
  auto bound = arguments.bind("strftime_now", {"format"}, 1);
  std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char text[1024];
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string &format = toText(*bound[0], "the format of strftime_now");
  size_t size = strftime_l(text, sizeof text, format.c_str(), &local, plain);
  if (size == 0 && !format.empty())
    fail("the format of strftime_now gives nothing, or more than ", sizeof text, " bytes");
  return in.heap.text(std::string(text, size));
}

Value range(Interpreter &in, const Arguments &arguments) {
  auto bound = arguments.bind("range", {"/start", "/stop", "/step"}, 1);
  auto at = [&](size_t place) { return toInteger(*bound[place], "a bound of range"); };
  int64_t first = bound[1] ? at(0) : 0, end = bound[1] ? at(1) : at(0), step = bound[2] ? at(2) : 1;
  if (step == 0)
    fail("range in steps of 0");
  Value made = in.heap.make<Range>(0, first, end, step);
  if (size_t size = made.as<Range>().size(); size > longestRange)
    fail("range has ", size, " items, the most is ", longestRange);
  return made;
}

/// What dict and namespace are made of: a dictionary or pairs, and arguments by name.
Members members(Interpreter &in, const Arguments &arguments) {
  Members made;
  if (arguments.positional.size() > 1)
    fail("dict takes not more than 1 argument, found ", arguments.positional.size());
  if (!arguments.positional.empty()) {
    const Value &from = arguments.positional[0];
    if (from.is(Type::Dict)) {
      made = from.as<Dict>().members;
    } else {
      for (const Value &pair : elements(in.heap, from)) {
        std::vector<Value> parts = elements(in.heap, pair);
        if (parts.size() != 2)
          fail("dict takes pairs, found ", parts.size(), " parts");
        put(in.heap, made, parts[0], parts[1]);
      }
    }
  }
  for (const auto &[name, value] : arguments.named)
    put(in.heap, made, in.heap.text(name), value);
  return made;
}

Value makeDict(Interpreter &in, const Arguments &arguments) { return in.heap.dict(members(in, arguments)); }

Value makeNamespace(Interpreter &in, const Arguments &arguments) {
  Members made = members(in, arguments);
  for (const auto &[name, value] : made)
    if (name.isText() && name.text().starts_with('_'))
      fail("the name '", name.text(), "' of a namespace's member begins with an underscore");
  return in.heap.dict(Type::Namespace, std::move(made));
}

Value makeCycler(Interpreter &in, const Arguments &arguments) {
  if (arguments.positional.empty() || !arguments.named.empty())
    fail("cycler takes values to go through");
  return in.heap.make<Cycler>(arguments.positional.size() * sizeof(Value), arguments.positional);
}

Value makeJoiner(Interpreter &in, const Arguments &arguments) {
  auto bound = arguments.bind("joiner", {"sep"});
  return in.heap.make<Joiner>(0, bound[0] ? *bound[0] : Value::constant(", "));
}

Value noText(Interpreter &, const Arguments &) { fail("the function 'lipsum', which makes up text, is not supported"); }

} // namespace

Members globals(Heap &heap) {
  static constexpr struct {
    const char *name;
    Value (*body)(Interpreter &, const Arguments &);
  } table[] = {{"raise_exception", raiseException}, {"strftime_now", timeNow}, {"range", range},
               {"dict", makeDict},                  {"namespace", makeNamespace}, {"cycler", makeCycler},
               {"joiner", makeJoiner},              {"lipsum", noText}};
  Members all;
  for (const auto &entry : table)
    all.emplace_back(Value::constant(entry.name), heap.function(entry.name, entry.body));
  return all;
}

} // namespace tenon::jinja
