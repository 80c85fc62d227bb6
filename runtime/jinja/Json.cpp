//===- Json.cpp - Values out of JSON --------------------------------------===//

#include "jinja/Json.h"

#include "jinja/Builtins.h"

#include <nlohmann/json.hpp>

namespace tenon::jinja {
namespace {

constexpr size_t deepest = 200;

/// Takes the parser's events; containers that are open lie on a stack.
class Reader {
public:
  explicit Reader(Heap &heap, std::string_view what) : heap(heap), what(what) {}
  Value result;

  bool null() { return add(Value::none()); }
  bool boolean(bool value) { return add(Value::boolean(value)); }
  bool number_integer(int64_t value) { return add(Value::integer(value)); }
  bool number_unsigned(uint64_t value) {
    if (value > uint64_t(INT64_MAX))
      fail(what, ": the number ", value, " does not fit 64 bits");
    return add(Value::integer(int64_t(value)));
  }
  bool number_float(double value, const std::string &written) {
    if (written.find_first_of(".eE") == written.npos)
      fail(what, ": the number ", std::string_view(written).substr(0, 40), " does not fit 64 bits");
    return add(Value::real(value));
  }
  bool string(const std::string &value) { return add(heap.text(value)); }
  bool binary(const std::vector<uint8_t> &) { return false; }
  bool key(const std::string &name) {
    open.back().key = heap.text(name);
    return true;
  }
  bool start_object(size_t) { return enter(true); }
  bool start_array(size_t) { return enter(false); }
  bool end_object() { return leave(heap.dict(std::move(open.back().members))); }
  bool end_array() { return leave(heap.list(std::move(open.back().items))); }
  bool parse_error(size_t, const std::string &, const nlohmann::json::exception &failure) {
    // The library's text begins with its own name and number of the error in brackets.
    std::string_view text = failure.what();
    if (size_t end = text.find("] "); end != text.npos)
      text.remove_prefix(end + 2);
    fail(what, " is not JSON: ", text);
  }

private:
  struct Container {
    bool object;
    Value key;
    Members members;
    std::vector<Value> items;
  };

  bool enter(bool object) {
    if (open.size() == deepest)
      fail(what, " is nested more than ", deepest, " deep");
    open.push_back({object, {}, {}, {}});
    return true;
  }
  bool leave(Value made) {
    open.pop_back();
    return add(std::move(made));
  }
  bool add(Value value) {
    heap.spend(1);
    if (open.empty())
      result = std::move(value);
    else if (open.back().object)
      put(heap, open.back().members, std::move(open.back().key), std::move(value));
    else
      open.back().items.push_back(std::move(value));
    return true;
  }

  Heap &heap;
  std::string_view what;
  std::vector<Container> open;
};

} // namespace

Value parseJson(Heap &heap, std::string_view text, std::string_view what) {
  Reader reader(heap, what);
  if (!nlohmann::json::sax_parse(text, &reader))
    fail(what, " is not JSON");
  return std::move(reader.result);
}

} // namespace tenon::jinja
