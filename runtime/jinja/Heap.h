//===- Heap.h - What one rendering may use ----------------------*- C++ -*-===//
//
// Everything that a template makes is made here, and everything that takes time says so here: bytes, steps and nesting
// have an end whatever the template is.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_JINJA_HEAP_H
#define TENON_JINJA_HEAP_H

#include "jinja/Value.h"

namespace tenon::jinja {

struct Limits {
  size_t steps = 5'000'000;  ///< a node of an expression, an item of a loop, a KiB of text: a second or so
  size_t bytes = 128 << 20;  ///< of texts at one time, and of lists and dictionaries altogether
  size_t depth = 600;        ///< of calls, statements and values in each other: far from the end of a thread's stack
};

class Heap {
public:
  /// Of a text, however short.
  static constexpr size_t overhead = 64;

  explicit Heap(Limits limits = {}) : limits(limits) {}
  Heap(const Heap &) = delete;
  Heap &operator=(const Heap &) = delete;

  Value text(std::string text, bool markup = false) {
    charge(text.size() + overhead);
    return Value(std::make_shared<const TextData>(std::move(text), markup, this));
  }
  Value list(std::vector<Value> items) { return sequence(Type::List, std::move(items)); }
  Value tuple(std::vector<Value> items) { return sequence(Type::Tuple, std::move(items)); }
  Value sequence(Type type, std::vector<Value> items) {
    size_t size = items.size() * sizeof(Value);
    return make<Sequence>(size, type, std::move(items));
  }
  Value dict(Members members) { return dict(Type::Dict, std::move(members)); }
  Value dict(Type type, Members members) {
    size_t size = members.size() * 2 * sizeof(Value);
    return make<Dict>(size, type, std::move(members));
  }
  Value iterator(std::function<bool(Value &)> step) { return make<Iterator>(0, std::move(step)); }
  Value function(std::string name, Function::Body body) { return make<Function>(0, std::move(name), std::move(body)); }
  template <typename T, typename... Parts> Value make(size_t size, Parts &&...parts) {
    charge(size + sizeof(T) + sizeof(void *));
    spend(size / 256);
    objects.push_back(std::make_unique<T>(std::forward<Parts>(parts)...));
    return Value::object(objects.back().get());
  }

  void spend(size_t steps) {
    if (steps > limits.steps - spent)
      fail("it takes more than ", limits.steps, " steps");
    spent += steps;
  }
  /// That many bytes are wanted, and are going to be held.
  void charge(size_t size) {
    want(size);
    bytes += size;
  }
  /// Fails before what is too large is made.
  void want(size_t size) {
    if (size > limits.bytes - bytes)
      fail("it needs more than ", limits.bytes >> 20, " MiB");
    spend(1 + size / 1024);
  }
  void release(size_t size) { bytes -= size; }

  /// One level further in.
  class Level {
  public:
    explicit Level(Heap &heap) : heap(heap) {
      if (heap.depth == heap.limits.depth)
        fail("it is nested more than ", heap.limits.depth, " deep");
      ++heap.depth;
    }
    Level(const Level &) = delete;
    Level &operator=(const Level &) = delete;
    ~Level() { --heap.depth; }

  private:
    Heap &heap;
  };

private:
  const Limits limits;
  size_t spent = 0, bytes = 0, depth = 0;
  std::vector<std::unique_ptr<Object>> objects;
};

/// A text that grows within what the heap allows; bytes are paid for ahead, some at a time.
class TextBuilder {
public:
  explicit TextBuilder(Heap &heap) : heap(heap) {}
  TextBuilder(const TextBuilder &) = delete;
  TextBuilder &operator=(const TextBuilder &) = delete;
  ~TextBuilder() { heap.release(paid); }

  TextBuilder &operator+=(std::string_view more) {
    if (built.size() + more.size() > paid) {
      heap.charge(built.size() + more.size() + ahead - paid);
      paid = built.size() + more.size() + ahead;
    }
    built += more;
    return *this;
  }
  TextBuilder &operator+=(char c) { return *this += std::string_view(&c, 1); }
  size_t size() const { return built.size(); }
  /// The text, which is no longer paid for.
  std::string take() {
    heap.release(std::exchange(paid, 0));
    return std::exchange(built, {});
  }
  /// The text as a value.
  Value value(bool markup = false) { return heap.text(take(), markup); }

private:
  static constexpr size_t ahead = 1024;
  Heap &heap;
  std::string built;
  size_t paid = 0;
};

} // namespace tenon::jinja

#endif // TENON_JINJA_HEAP_H
