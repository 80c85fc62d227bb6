//===- SequenceFilters.cpp - Jinja's filters of what has elements ---------===//
//
// Those that are generators in Jinja are iterators here: they work when they are gone through, and only once.
//
//===----------------------------------------------------------------------===//

#include "jinja/Characters.h"
#include "jinja/Interpreter.h"

#include <algorithm>

namespace tenon::jinja {
namespace {

using Step = std::function<bool(Value &)>;

/// Gives what `make` makes, which is asked for with the first item.
Value lazily(Heap &heap, std::function<std::vector<Value>()> make) {
  struct State {
    std::optional<std::vector<Value>> items;
    size_t at = 0;
  };
  return heap.iterator([make = std::move(make), state = std::make_shared<State>()](Value &next) {
    if (!state->items)
      state->items = make();
    if (state->at == state->items->size())
      return false;
    next = (*state->items)[state->at++];
    return true;
  });
}

/// What `through` makes of each item, or leaves out; nothing of what is false.
Value eachOf(Heap &heap, const Value &value, std::function<bool(Value &)> through) {
  auto step = std::make_shared<Step>();
  return heap.iterator([&heap, value, step, through = std::move(through)](Value &next) {
    if (!*step)
      *step = truth(value) ? iterate(heap, value) : Step([](Value &) { return false; });
    while ((*step)(next))
      if (through(next))
        return true;
    return false;
  });
}

Arguments behind(const Arguments &arguments, size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + ptrdiff_t(std::min(count, rest.positional.size())));
  return rest;
}

/// select, reject, selectattr and rejectattr.
template <bool wanted, bool byAttribute>
Value chosen(Interpreter &in, const Value &value, const Arguments &arguments) {
  return eachOf(in.heap, value, [&in, arguments](Value &item) {
    const auto &given = arguments.positional;
    if (byAttribute && given.empty())
      fail("selectattr lacks the name of an attribute");
    Value tested = byAttribute ? attributePath(in.heap, item, given[0]) : item;
    if (given.size() <= byAttribute)
      return truth(tested) == wanted;
    return applyTest(in, toText(given[byAttribute], "the name of a test"), tested, behind(arguments, 1 + byAttribute)) ==
           wanted;
  });
}

Value map(Interpreter &in, const Value &value, const Arguments &arguments) {
  return eachOf(in.heap, value, [&in, arguments](Value &item) {
    if (!arguments.positional.empty()) {
      item = applyFilter(in, toText(arguments.positional[0], "the name of a filter"), item, behind(arguments, 1));
      return true;
    }
    auto bound = arguments.bind("map", {"attribute", "default"}, 1);
    item = attributePath(in.heap, item, *bound[0]);
    if (item.is(Kind::Undefined) && bound[1] && !bound[1]->is(Kind::None))
      item = *bound[1];
    return true;
  });
}

/// What values are ordered by: the attribute, a text in lower case unless case matters.
struct Key {
  const Value *attribute;
  bool caseMatters;

  Value operator()(Heap &heap, const Value &value) const {
    bool given = attribute && !attribute->is(Kind::None);
    Value key = given ? attributePath(heap, value, *attribute) : value;
    return key.isText() && !caseMatters ? heap.text(lower(key.text())) : key;
  }
};

bool isSet(const Value *argument) { return argument && truth(*argument); }

/// The values in the order of their keys; equal ones as they stood.
std::vector<Value> ordered(Heap &heap, const std::vector<Value> &values, const std::vector<Value> &keys, bool reverse) {
  std::vector<size_t> places = orderOf(values.size(), [&](size_t left, size_t right) {
    return compare(heap, keys[reverse ? right : left], keys[reverse ? left : right], "<") < 0;
  });
  std::vector<Value> sorted;
  for (size_t place : places)
    sorted.push_back(values[place]);
  return sorted;
}

Value sort(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("sort", {"reverse", "case_sensitive", "attribute"});
  std::vector<Value> values = elements(in.heap, value), keys, attributes;
  if (bound[2] && bound[2]->isText()) // several, one after the other
    for (const Value &part :
         elements(in.heap, textMethods().at("split")(in, *bound[2], {{Value::constant(",")}, {}})))
      attributes.push_back(part);
  else
    attributes.push_back(bound[2] ? *bound[2] : Value::none());
  for (const Value &one : values) {
    std::vector<Value> parts;
    for (const Value &attribute : attributes)
      parts.push_back(Key{&attribute, isSet(bound[1])}(in.heap, one));
    keys.push_back(in.heap.list(std::move(parts)));
  }
  return in.heap.list(ordered(in.heap, values, keys, isSet(bound[0])));
}

Value dictSort(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("dictsort", {"case_sensitive", "by", "reverse"});
  std::string by = bound[1] ? toText(*bound[1], "the order of dictsort") : "key";
  if (by != "key" && by != "value")
    fail("dictsort by '", by, "', expected 'key' or 'value'");
  if (!value.is(Type::Dict))
    fail("dictsort takes a dictionary, found ", value.kindName());
  std::vector<Value> pairs, keys;
  for (const auto &[key, member] : value.as<Dict>().members) {
    pairs.push_back(in.heap.tuple({key, member}));
    keys.push_back(Key{nullptr, isSet(bound[0])}(in.heap, by == "key" ? key : member));
  }
  return in.heap.list(ordered(in.heap, pairs, keys, isSet(bound[2])));
}

template <bool greatest> Value extreme(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind(greatest ? "max" : "min", {"case_sensitive", "attribute"});
  Key key{bound[1], isSet(bound[0])};
  Value best, bestKey;
  bool first = true;
  for (const Value &item : elements(in.heap, value)) {
    Value itemKey = key(in.heap, item);
    if (!first && !compares(in.heap, itemKey, greatest ? ">" : "<", bestKey))
      continue;
    first = false;
    best = item;
    bestKey = itemKey;
  }
  return best;
}

Value unique(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("unique", {"case_sensitive", "attribute"});
  return lazily(in.heap, [&in, value, arguments] {
    auto bound = arguments.bind("unique", {"case_sensitive", "attribute"});
    Key key{bound[1], isSet(bound[0])};
    std::vector<Value> kept, seen;
    for (const Value &item : elements(in.heap, value)) {
      Value itemKey = key(in.heap, item);
      if (!isHashable(itemKey))
        fail("unique: ", itemKey.kindName(), " cannot be a key");
      if (std::any_of(seen.begin(), seen.end(), [&](const Value &one) { return equals(in.heap, one, itemKey); }))
        continue;
      seen.push_back(itemKey);
      kept.push_back(item);
    }
    return kept;
  });
}

Value groupBy(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("groupby", {"attribute", "default", "case_sensitive"}, 1);
  auto grouper = [&](const Value &item) {
    Value found = attributePath(in.heap, item, *bound[0]);
    return found.is(Kind::Undefined) && bound[1] && !bound[1]->is(Kind::None) ? *bound[1] : found;
  };
  std::vector<Value> items = elements(in.heap, value), keys;
  Key fold{nullptr, isSet(bound[2])};
  for (const Value &item : items)
    keys.push_back(fold(in.heap, grouper(item)));
  items = ordered(in.heap, items, keys, false);
  std::vector<Value> groups;
  for (size_t start = 0, end = 0; start < items.size(); start = end) {
    Value key = fold(in.heap, grouper(items[start]));
    while (end < items.size() && equals(in.heap, fold(in.heap, grouper(items[end])), key))
      ++end;
    std::vector<Value> group(items.begin() + ptrdiff_t(start), items.begin() + ptrdiff_t(end));
    Value name = grouper(group[0]);
    groups.push_back(in.heap.tuple({name, in.heap.list(std::move(group))}));
    groups.back().as<Sequence>().group = true;
  }
  return in.heap.list(std::move(groups));
}

Value join(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("join", {"d", "attribute"});
  std::string between = bound[0] ? str(in.heap, *bound[0]) : "";
  bool attribute = bound[1] && !bound[1]->is(Kind::None), first = true;
  TextBuilder out(in.heap);
  auto step = iterate(in.heap, value);
  for (Value item; step(item);) {
    if (!std::exchange(first, false))
      out += between;
    out += str(in.heap, attribute ? attributePath(in.heap, item, *bound[1]) : item);
  }
  return out.value();
}

Value firstOf(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("first", {});
  Value first;
  return iterate(in.heap, value)(first) ? first : Value();
}

Value lastOf(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("last", {});
  if (value.is(Type::Iterator) || !isIterable(value))
    fail(value.kindName(), " has no last element");
  std::vector<Value> items = elements(in.heap, value);
  return items.empty() ? Value() : items.back();
}

Value reverse(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("reverse", {});
  std::vector<Value> items = elements(in.heap, value);
  std::reverse(items.begin(), items.end());
  if (value.is(Type::Iterator))
    return in.heap.list(std::move(items));
  if (!value.isText())
    return lazily(in.heap, [items] { return items; });
  TextBuilder out(in.heap);
  for (const Value &item : items)
    out += item.text();
  return out.value(value.isMarkup());
}

Value items(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("items", {});
  return lazily(in.heap, [&in, value] {
    std::vector<Value> pairs;
    if (value.is(Kind::Undefined))
      return pairs;
    if (!value.is(Type::Dict))
      fail("items takes a dictionary, found ", value.kindName());
    for (const auto &[key, member] : value.as<Dict>().members)
      pairs.push_back(in.heap.tuple({key, member}));
    return pairs;
  });
}

Value batch(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("batch", {"linecount", "fill_with"}, 1);
  int64_t size = toInteger(*bound[0], "the size of batch");
  Value fill = bound[1] ? *bound[1] : Value::none();
  return lazily(in.heap, [&in, value, size, fill] {
    std::vector<Value> batches, row;
    auto finish = [&] { batches.push_back(in.heap.list(std::exchange(row, {}))); };
    for (Value &item : elements(in.heap, value)) {
      if (int64_t(row.size()) == size)
        finish();
      row.push_back(std::move(item));
    }
    if (row.empty())
      return batches;
    in.heap.want(size_t(std::max<int64_t>(size, 0)) * sizeof(Value));
    while (!fill.is(Kind::None) && int64_t(row.size()) < size)
      row.push_back(fill);
    finish();
    return batches;
  });
}

Value slices(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("slice", {"slices", "fill_with"}, 1);
  int64_t count = toInteger(*bound[0], "the count of slice");
  Value fill = bound[1] ? *bound[1] : Value::none();
  return lazily(in.heap, [&in, value, count, fill] {
    std::vector<Value> all, values = elements(in.heap, value);
    if (count == 0)
      fail("slice into 0 parts");
    if (count < 0)
      return all;
    in.heap.want(size_t(count) * sizeof(Value));
    size_t parts = size_t(count), least = values.size() / parts, larger = values.size() % parts, at = 0;
    for (size_t part = 0; part < parts; ++part) {
      size_t size = least + (part < larger);
      std::vector<Value> row(values.begin() + ptrdiff_t(at), values.begin() + ptrdiff_t(at + size));
      at += size;
      if (!fill.is(Kind::None) && part >= larger)
        row.push_back(fill);
      all.push_back(in.heap.list(std::move(row)));
    }
    return all;
  });
}

Value sum(Interpreter &in, const Value &value, const Arguments &arguments) {
  auto bound = arguments.bind("sum", {"attribute", "start"});
  Value total = bound[1] ? *bound[1] : Value::integer(int64_t(0));
  if (total.isText())
    fail("sum adds no strings");
  bool attribute = bound[0] && !bound[0]->is(Kind::None);
  for (const Value &item : elements(in.heap, value))
    total = binary(in, total, "+", attribute ? attributePath(in.heap, item, *bound[0]) : item);
  return total;
}

Value list(Interpreter &in, const Value &value, const Arguments &arguments) {
  arguments.bind("list", {});
  return in.heap.list(elements(in.heap, value));
}

} // namespace

const BuiltinTable &sequenceFilters() {
  static const BuiltinTable table = {{"batch", batch},
                                     {"dictsort", dictSort},
                                     {"first", firstOf},
                                     {"groupby", groupBy},
                                     {"items", items},
                                     {"join", join},
                                     {"last", lastOf},
                                     {"list", list},
                                     {"map", map},
                                     {"max", extreme<true>},
                                     {"min", extreme<false>},
                                     {"reject", chosen<false, false>},
                                     {"rejectattr", chosen<false, true>},
                                     {"reverse", reverse},
                                     {"select", chosen<true, false>},
                                     {"selectattr", chosen<true, true>},
                                     {"slice", slices},
                                     {"sort", sort},
                                     {"sum", sum},
                                     {"unique", unique}};
  return table;
}

} // namespace tenon::jinja
