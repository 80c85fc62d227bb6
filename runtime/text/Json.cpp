//===- Json.cpp - Checked reading of a JSON file --------------------------===//

#include "text/Json.h"

#include "support/Printable.h"
#include "text/Unicode.h"

#include <algorithm>

using namespace tenon::text;
using nlohmann::json;

namespace {

constexpr size_t kMaxDepth = 32;

/// Builds the value from the parser's events.
class Builder : public nlohmann::json_sax<json> {
public:
  Builder(json &root, std::string &error) : root(root), error(error) {}

  bool null() override { return place(nullptr) != nullptr; }
  bool boolean(bool value) override { return place(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return place(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return place(value) != nullptr; }
  bool number_float(number_float_t value, const string_t &) override { return place(value) != nullptr; }
  bool string(string_t &value) override { return place(std::move(value)) != nullptr; }
  bool binary(binary_t &) override { return false; }
  bool start_object(size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    auto [member, isNew] = open_.back()->get_ref<json::object_t &>().emplace(name, nullptr);
    if (!isNew) {
      error = "key " + inQuotes(name) + " stands twice in one object";
      return false;
    }
    slot = &member->second;
    return true;
  }

  bool parse_error(size_t position, const std::string &, const json::exception &exception) override {
    // The library's text begins with its own name and number of the error in brackets.
    std::string_view what = exception.what();
    if (size_t end = what.find("] "); end != what.npos)
      what.remove_prefix(end + 2);
    error = "not JSON: " + std::string(what) + " (byte " + std::to_string(position) + ")";
    return false;
  }

private:
  json *place(json value) {
    if (open_.empty())
      return &(root = std::move(value));
    if (open_.back()->is_object())
      return &(*slot = std::move(value));
    auto &elements = open_.back()->get_ref<json::array_t &>();
    elements.push_back(std::move(value));
    return &elements.back();
  }

  bool open(json value) {
    if (open_.size() == kMaxDepth) {
      error = "nested deeper than " + std::to_string(kMaxDepth) + " levels";
      return false;
    }
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json &root;
  std::string &error;
  std::vector<json *> open_;
  json *slot = nullptr; ///< The member whose key was read last.
};

} // namespace

/// Leaves a container without elements, from the innermost on: destroying an empty one allocates nothing.
static void takeApart(json &value) noexcept {
  if (value.is_array()) {
    auto &elements = value.get_ref<json::array_t &>();
    for (json &element : elements)
      takeApart(element);
    elements.clear();
  } else if (value.is_object()) {
    auto &members = value.get_ref<json::object_t &>();
    for (auto &[key, member] : members)
      takeApart(member);
    members.clear();
  }
}

JsonDocument::~JsonDocument() { takeApart(root); }

bool tenon::text::parseJson(std::string_view text, JsonDocument &out, std::string &error) {
  error.clear();
  Builder builder(out.root, error);
  bool done = json::sax_parse(text.begin(), text.end(), &builder);
  if (!done && error.empty())
    error = "not JSON";
  return done;
}

std::string tenon::text::inQuotes(std::string_view text) { return "\"" + printable(text, 60) + "\""; }

void JsonValue::fail(std::string_view message) const {
  if (error->empty())
    *error = (path.empty() ? std::string() : path + ": ") + std::string(message);
}

void JsonValue::failType(std::string_view expected) const {
  fail("expected " + std::string(expected) + ", found " +
       (value->is_string()                          ? "the string " + inQuotes(value->get_ref<const std::string &>())
        : value->is_number() || value->is_boolean() ? value->dump()
                                                    : std::string(value->type_name())));
}

static std::string joined(const std::string &path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

JsonValue JsonValue::member(std::string_view key) const {
  static const json nothing;
  if (!expectObject())
    return {nothing, joined(path, key), *error};
  auto found = value->find(std::string(key));
  if (found == value->end()) {
    fail("missing key " + inQuotes(key));
    return {nothing, joined(path, key), *error};
  }
  return {*found, joined(path, key), *error};
}

std::optional<JsonValue> JsonValue::optionalMember(std::string_view key) const {
  if (!value->is_object())
    return std::nullopt;
  auto found = value->find(std::string(key));
  if (found == value->end() || found->is_null())
    return std::nullopt;
  return JsonValue(*found, joined(path, key), *error);
}

JsonValue JsonValue::elsewhere(const json &standIn, std::string_view key) const {
  return {standIn, joined(path, key), *error};
}

std::vector<JsonValue> JsonValue::elements() const {
  std::vector<JsonValue> out;
  if (!expectArray())
    return out;
  for (const json &element : *value)
    out.emplace_back(element, path + "[" + std::to_string(out.size()) + "]", *error);
  return out;
}

std::string JsonValue::asString() const {
  if (value->is_string())
    return value->get_ref<const std::string &>();
  failType("a string");
  return {};
}

std::u32string JsonValue::asCharacters() const {
  std::u32string characters;
  size_t ignored; // A JSON string is UTF-8: the parser saw to that.
  decodeUtf8(asString(), characters, ignored);
  return characters;
}

char32_t JsonValue::asCharacter() const {
  std::u32string characters = asCharacters();
  if (characters.size() == 1)
    return characters[0];
  failType("a string of one character");
  return U' ';
}

double JsonValue::asNumber() const {
  if (value->is_number())
    return value->get<double>();
  failType("a number");
  return 0;
}

bool JsonValue::asBool() const {
  if (value->is_boolean())
    return value->get<bool>();
  failType("true or false");
  return false;
}

int64_t JsonValue::asCount(int64_t largest) const {
  if (value->is_number_unsigned() && value->get<uint64_t>() <= static_cast<uint64_t>(largest))
    return value->get<int64_t>();
  failType("an integer from 0 to " + std::to_string(largest));
  return 0;
}

bool JsonValue::expectObject() const {
  if (value->is_object())
    return true;
  failType("an object");
  return false;
}

bool JsonValue::expectArray() const {
  if (value->is_array())
    return true;
  failType("an array");
  return false;
}

void JsonValue::expectOnlyKeys(std::initializer_list<std::string_view> keys) const {
  if (!expectObject())
    return;
  for (const auto &[key, ignored] : value->items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end())
      continue;
    std::string supported;
    for (std::string_view known : keys)
      supported += (supported.empty() ? "" : ", ") + std::string(known);
    fail("key " + inQuotes(key) + " is not supported; supported are: " + supported);
    return;
  }
}
