//===- Sequences.cpp - What values hold, and how it is reached ------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>

namespace tenon::jinja {
namespace {

/// The methods of Python's lists, dictionaries, ...: the ones that change something are hidden by the sandbox.
constexpr std::string_view hiddenOfLists[] = {"append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"};
constexpr std::string_view hiddenOfDicts[] = {"clear", "pop", "popitem", "setdefault", "update"};
/// What Python has and this has not.
constexpr std::string_view missingOfTexts[] = {"encode", "maketrans", "translate"};
constexpr std::string_view missingOfNumbers[] = {"as_integer_ratio", "bit_count", "bit_length", "conjugate",
                                                 "denominator", "from_bytes", "fromhex", "hex", "imag", "is_integer",
                                                 "numerator", "real", "to_bytes"};

bool isOneOf(std::string_view name, auto &names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

Value view(Interpreter &in, const Value &dict, Type type) {
  std::vector<Value> items;
  for (const auto &[key, value] : dict.as<Dict>().members)
    items.push_back(type == Type::Keys     ? key
                    : type == Type::Values ? value
                                           : in.heap.tuple({key, value}));
  return in.heap.sequence(type, std::move(items));
}

Value getMember(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("get", {"/key", "/default"}, 1);
  if (!isHashable(*bound[0]))
    fail(bound[0]->kindName(), " cannot be a key");
  const Value *found = find(in.heap, self.as<Dict>().members, *bound[0]);
  return found ? *found : bound[1] ? *bound[1] : Value::none();
}

const BuiltinTable &dictMethods() {
  static const BuiltinTable table = {
      {"items", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         arguments.bind("items", {});
         return view(in, self, Type::Items);
       }},
      {"keys", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         arguments.bind("keys", {});
         return view(in, self, Type::Keys);
       }},
      {"values", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         arguments.bind("values", {});
         return view(in, self, Type::Values);
       }},
      {"copy", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         arguments.bind("copy", {});
         return in.heap.dict(self.as<Dict>().members);
       }},
      {"get", getMember}};
  return table;
}

Value countOf(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("count", {"/value"}, 1);
  int64_t count = 0;
  for (const Value &item : elements(in.heap, self))
    count += equals(in.heap, item, *bound[0]);
  return Value::integer(count);
}

Value indexOf(Interpreter &in, const Value &self, const Arguments &arguments) {
  auto bound = arguments.bind("index", {"/value", "/start", "/stop"}, 1);
  std::vector<Value> items = elements(in.heap, self);
  auto count = int64_t(items.size());
  auto limit = [&](const Value *given, int64_t otherwise) {
    int64_t place = given ? toInteger(*given, "a bound of index") : otherwise;
    return std::clamp<int64_t>(place < 0 ? place + count : place, 0, count);
  };
  for (int64_t at = limit(bound[1], 0), end = limit(bound[2], count); at < end; ++at)
    if (equals(in.heap, items[size_t(at)], *bound[0]))
      return Value::integer(at);
  fail("index: it is not in ", self.kindName());
}

const BuiltinTable &listMethods() {
  static const BuiltinTable table = {
      {"count", countOf},
      {"index", indexOf},
      {"copy", [](Interpreter &in, const Value &self, const Arguments &arguments) {
         arguments.bind("copy", {});
         return in.heap.list(self.as<Sequence>().items);
       }}};
  return table;
}

Value loopCycle(Interpreter &, const Value &self, const Arguments &arguments) {
  if (arguments.positional.empty())
    fail("cycle has nothing to go through");
  return arguments.positional[size_t(self.as<Loop>().index0) % arguments.positional.size()];
}

Value loopChanged(Interpreter &in, const Value &self, const Arguments &arguments) {
  Value now = in.heap.tuple(arguments.positional);
  Value &last = self.as<Loop>().changed;
  return Value::boolean(!equals(in.heap, std::exchange(last, now), now));
}

Value cyclerNext(Interpreter &, const Value &self, const Arguments &) {
  auto &cycler = self.as<Cycler>();
  size_t at = std::exchange(cycler.at, (cycler.at + 1) % cycler.items.size());
  return cycler.items[at];
}

Value cyclerReset(Interpreter &, const Value &self, const Arguments &) {
  self.as<Cycler>().at = 0;
  return Value::none();
}

const BuiltinTable &methodsOf(const Value &object) {
  static const BuiltinTable none, loop = {{"cycle", loopCycle}, {"changed", loopChanged}},
                                  cycler = {{"next", cyclerNext}, {"reset", cyclerReset}},
                                  tuple = {{"count", countOf}, {"index", indexOf}};
  if (object.isText())
    return textMethods();
  if (!object.is(Kind::Object))
    return none;
  switch (object.object()->type) {
  case Type::List:
    return listMethods();
  case Type::Tuple:
  case Type::Range:
    return tuple;
  case Type::Dict:
    return dictMethods();
  case Type::Loop:
    return loop;
  case Type::Cycler:
    return cycler;
  default:
    return none;
  }
}

/// obj[key], nullopt where Python raises a TypeError or LookupError.
std::optional<Value> subscript(Heap &heap, const Value &object, const Value &key) {
  if (object.is(Type::Dict)) {
    const Value *found = isHashable(key) ? find(heap, object.as<Dict>().members, key) : nullptr;
    return found ? std::optional(*found) : std::nullopt;
  }
  std::optional<size_t> length;
  if (key.isInteger() && (object.isText() || object.isSequence() || object.is(Type::Range)))
    length = lengthOf(object);
  if (!length)
    return std::nullopt;
  int64_t place = key.integer() + (key.integer() < 0 ? int64_t(*length) : 0);
  if (place < 0 || place >= int64_t(*length))
    return std::nullopt;
  if (object.isSequence())
    return object.as<Sequence>().items[size_t(place)];
  if (object.is(Type::Range))
    return Value::integer(object.as<Range>().at(size_t(place)));
  heap.spend(object.text().size() / 1024);
  const char *at = object.text().data();
  for (; place > 0; --place)
    at += characterBytes(*at);
  return heap.text(std::string(at, characterBytes(*at)), object.isMarkup());
}

} // namespace

Builtin findMethod(const Value &object, const std::string &name, bool &hidden) {
  const BuiltinTable &methods = methodsOf(object);
  if (auto found = methods.find(name); found != methods.end())
    return found->second;
  hidden = (object.is(Type::List) && isOneOf(name, hiddenOfLists)) ||
           (object.is(Type::Dict) && isOneOf(name, hiddenOfDicts));
  bool missing = (object.isText() && isOneOf(name, missingOfTexts)) ||
                 (object.isNumber() && isOneOf(name, missingOfNumbers)) || (object.is(Type::Dict) && name == "fromkeys");
  if (missing)
    fail("the method '", name, "' of ", object.kindName(), " is not supported");
  return nullptr;
}

std::optional<Value> member(Heap &heap, const Value &object, const std::string &name) {
  if (object.is(Kind::Undefined))
    fail("a member of something undefined");
  bool hidden = false; // what the sandbox hides is undefined
  if (Builtin method = findMethod(object, name, hidden); method && !hidden)
    return heap.function(name, [object, method](Interpreter &in, const Arguments &arguments) {
      return method(in, object, arguments);
    });
  if (hidden || (name.starts_with("__") && name.ends_with("__")))
    return Value();
  if (object.is(Type::Namespace)) {
    const Value *found = find(heap, object.as<Dict>().members, name);
    return found ? std::optional(*found) : std::nullopt;
  }
  if (object.is(Type::Loop))
    return object.as<Loop>().attribute(heap, name);
  if (object.is(Type::Cycler) && name == "current")
    return object.as<Cycler>().items[object.as<Cycler>().at];
  if (object.is(Type::Tuple) && object.as<Sequence>().group && (name == "grouper" || name == "list"))
    return object.as<Sequence>().items[name == "list"];
  if (object.is(Type::Range) && (name == "start" || name == "stop" || name == "step")) {
    const auto &range = object.as<Range>();
    return Value::integer(name == "start" ? range.first : name == "stop" ? range.end : range.step);
  }
  return std::nullopt;
}

Value item(Heap &heap, const Value &object, const Value &key) {
  if (object.is(Kind::Undefined))
    fail("a member of something undefined");
  if (auto found = subscript(heap, object, key))
    return *found;
  if (key.isText())
    return member(heap, object, key.text()).value_or(Value());
  return {};
}

Value attribute(Heap &heap, const Value &object, const std::string &name) {
  if (auto found = member(heap, object, name))
    return *found;
  return subscript(heap, object, Value::constant(name)).value_or(Value());
}

Value attributePath(Heap &heap, Value value, const Value &path) {
  if (!path.isText())
    return item(heap, value, path);
  const std::string &text = path.text();
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find('.', start), text.size());
    std::string part = text.substr(start, end - start);
    bool number = !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == part.npos;
    value = item(heap, value, number ? Value::integer(int64_t(std::stoll(part))) : Value::constant(part));
    start = end + 1;
  }
  return value;
}

Value slice(Heap &heap, const Value &object, const Value &first, const Value &end, const Value &step) {
  if (!object.isText() && !object.isSequence() && !object.is(Type::Range))
    fail(object.kindName(), " has no slices");
  auto given = [](const Value &bound, int64_t otherwise) {
    return bound.is(Kind::None) ? otherwise : toInteger(bound, "a bound of a slice");
  };
  int64_t by = given(step, 1);
  if (by == 0)
    fail("a slice has the step 0");
  std::u32string characters = object.isText() ? decode(object.text()) : U"";
  auto count = int64_t(object.isText() ? characters.size() : *lengthOf(object));
  heap.want(size_t(count) * 4);
  int64_t least = by < 0 ? -1 : 0, most = by < 0 ? count - 1 : count;
  auto bound = [&](const Value &value, int64_t otherwise) {
    if (value.is(Kind::None))
      return otherwise;
    int64_t place = given(value, 0);
    return std::clamp(place < 0 ? place + count : place, least, most);
  };
  int64_t from = bound(first, by < 0 ? count - 1 : 0), to = bound(end, by < 0 ? -1 : count);
  Range places(from, to, by);
  if (object.is(Type::Range)) {
    const auto &range = object.as<Range>();
    return heap.make<Range>(0, range.first + from * range.step, range.first + to * range.step, by * range.step);
  }
  std::u32string text;
  std::vector<Value> kept;
  for (size_t index = 0, size = places.size(); index < size; ++index)
    if (object.isText())
      text += characters[size_t(places.at(index))];
    else
      kept.push_back(object.as<Sequence>().items[size_t(places.at(index))]);
  return object.isText() ? heap.text(encode(text), object.isMarkup())
                         : heap.sequence(object.object()->type, std::move(kept));
}

bool isHashable(const Value &value) {
  if (value.is(Type::List) || value.is(Type::Dict))
    return false;
  if (!value.is(Type::Tuple))
    return true;
  const auto &items = value.as<Sequence>().items;
  return std::all_of(items.begin(), items.end(), isHashable);
}

const Value *find(Heap &heap, const Members &members, const Value &key) {
  if (key.isText())
    return find(heap, members, key.text());
  for (const auto &[known, value] : members)
    if (!known.isText() && equals(heap, known, key))
      return &value;
  return nullptr;
}

const Value *find(Heap &heap, const Members &members, std::string_view key) {
  heap.spend(1 + members.size() / 16);
  for (const auto &[known, value] : members)
    if (known.isText() && known.text() == key)
      return &value;
  return nullptr;
}

void put(Heap &heap, Members &members, Value key, Value value) {
  if (!isHashable(key))
    fail(key.kindName(), " cannot be a key");
  if (const Value *found = find(heap, members, key)) {
    const_cast<Value &>(*found) = std::move(value);
    return;
  }
  if (members.size() == members.capacity())
    heap.want(members.size() * 4 * sizeof(Value));
  members.emplace_back(std::move(key), std::move(value));
}

bool isIterable(const Value &value) {
  if (value.isText() || value.is(Kind::Undefined))
    return true;
  return value.is(Kind::Object) && !value.is(Type::Namespace) && !value.is(Type::Function) &&
         !value.is(Type::Cycler) && !value.is(Type::Joiner) && !value.is(Type::Loop);
}

std::optional<size_t> lengthOf(const Value &value) {
  if (value.isText())
    return characterCount(value.text());
  if (value.is(Kind::Undefined))
    return 0;
  if (!value.is(Kind::Object))
    return std::nullopt;
  switch (value.object()->type) {
  case Type::Dict:
    return value.as<Dict>().members.size();
  case Type::Range:
    return value.as<Range>().size();
  case Type::List:
  case Type::Tuple:
  case Type::Keys:
  case Type::Values:
  case Type::Items:
    return value.as<Sequence>().items.size();
  default:
    return std::nullopt;
  }
}

std::vector<size_t> orderOf(size_t count, const std::function<bool(size_t, size_t)> &isLess) {
  std::vector<size_t> places(count), merged(count);
  for (size_t index = 0; index < count; ++index)
    places[index] = index;
  for (size_t run = 1; run < count; run *= 2) {
    for (size_t start = 0; start < count; start += 2 * run) {
      auto first = places.begin() + ptrdiff_t(start), middle = places.begin() + ptrdiff_t(std::min(start + run, count)),
           last = places.begin() + ptrdiff_t(std::min(start + 2 * run, count));
      std::merge(first, middle, middle, last, merged.begin() + ptrdiff_t(start), isLess);
    }
    places.swap(merged);
  }
  return places;
}

std::function<bool(Value &)> iterate(Heap &heap, const Value &value) {
  if (!isIterable(value))
    fail(value.kindName(), " has no elements");
  if (value.is(Type::Iterator))
    return value.as<Iterator>().step;
  if (value.isText())
    return [&heap, value, at = size_t(0)](Value &next) mutable {
      if (at == value.text().size())
        return false;
      size_t size = characterBytes(value.text()[at]);
      next = heap.text(value.text().substr(at, size));
      at += size;
      return true;
    };
  size_t size = lengthOf(value).value_or(0);
  return [&heap, value, size, at = size_t(0)](Value &next) mutable {
    heap.spend(1);
    if (at == size)
      return false;
    next = value.is(Type::Dict)    ? value.as<Dict>().members[at].first
           : value.is(Type::Range) ? Value::integer(value.as<Range>().at(at))
                                   : value.as<Sequence>().items[at];
    ++at;
    return true;
  };
}

std::vector<Value> elements(Heap &heap, const Value &value) {
  std::vector<Value> all;
  auto step = iterate(heap, value);
  for (Value next; step(next);) {
    if (all.size() == all.capacity())
      heap.want(all.size() * 2 * sizeof(Value));
    all.push_back(next);
  }
  return all;
}

} // namespace tenon::jinja
