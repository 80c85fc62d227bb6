//===- StrictJson.cpp -----------------------------------------------------===//

#include "import/StrictJson.h"
#include "llvm/ADT/STLExtras.h"
#include "runtime/support/Printable.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <nlohmann/json.hpp>

using namespace tenon::import;
namespace json = llvm::json;

static constexpr size_t maximumDepth = 64;
static constexpr uint64_t maximumJsonBytes = 16 << 20;

namespace {

class TreeEvents : public nlohmann::json_sax<nlohmann::json> {
public:
  std::string message;
  json::Value root = nullptr;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string &) override { return add(value); }
  bool string(std::string &value) override { return add(value); }
  bool binary(binary_t &) override { return fail("binary data"); }
  bool start_object(size_t) override { return open(json::Object()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(json::Array()); }
  bool end_array() override { return close(); }
  bool key(std::string &name) override {
    Frame &frame = frames.back();
    frame.key = name;
    return !frame.value.getAsObject()->get(name) || fail("the key '" + tenon::printable(name) + "' is given twice");
  }
  bool parse_error(size_t position, const std::string &, const nlohmann::json::exception &error) override {
    // The library's text begins with its own name and an error number in brackets.
    llvm::StringRef text = error.what();
    text = text.substr(text.find(']') + 1).ltrim();
    return fail("not valid JSON at byte " + std::to_string(position) + ": " + text.take_front(300).str());
  }

private:
  struct Frame {
    json::Value value;
    std::string key;
  };

  bool fail(std::string text) {
    message = std::move(text);
    return false;
  }
  bool open(json::Value value) {
    if (frames.size() == maximumDepth)
      return fail("nested deeper than " + std::to_string(maximumDepth) + " levels");
    frames.push_back({std::move(value), ""});
    return true;
  }
  bool close() {
    json::Value value = std::move(frames.back().value);
    frames.pop_back();
    return add(std::move(value));
  }
  bool add(json::Value value) {
    if (frames.empty())
      root = std::move(value);
    else if (json::Object *object = frames.back().value.getAsObject())
      object->try_emplace(frames.back().key, std::move(value));
    else
      frames.back().value.getAsArray()->push_back(std::move(value));
    return true;
  }

  std::vector<Frame> frames;
};

} // namespace

llvm::Expected<json::Value> tenon::import::parseJson(llvm::StringRef text, llvm::StringRef path) {
  TreeEvents events;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events))
    return llvm::createStringError("'" + path + "': " + events.message);
  return std::move(events.root);
}

llvm::Expected<std::string> tenon::import::readTextFile(llvm::StringRef path, uint64_t maximumBytes) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return llvm::createStringError("cannot read '" + path + "': " + code.message());
  // Not opened before this is known, because opening a pipe can wait for ever.
  if (!llvm::sys::fs::is_regular_file(status))
    return llvm::createStringError("cannot read '" + path + "': it is not a regular file");
  if (status.getSize() > maximumBytes)
    return llvm::createStringError("cannot read '" + path + "': it has " + llvm::Twine(status.getSize()) +
                                   " bytes; at most " + llvm::Twine(maximumBytes) + " are expected");
  // Volatile: read, not mapped, so that it cannot change under us.
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

llvm::Expected<json::Object> tenon::import::readJsonObject(llvm::StringRef path) {
  llvm::Expected<std::string> text = readTextFile(path, maximumJsonBytes);
  if (!text)
    return text.takeError();
  llvm::Expected<json::Value> value = parseJson(*text, path);
  if (!value)
    return value.takeError();
  if (json::Object *object = value->getAsObject())
    return std::move(*object);
  return llvm::createStringError("'" + path + "': expected an object, found " + jsonText(*value));
}

llvm::Expected<json::Object> tenon::import::readJsonObjectIfAny(llvm::StringRef directory, llvm::StringRef file) {
  std::string path = (directory + "/" + file).str();
  return llvm::sys::fs::exists(path) ? readJsonObject(path) : json::Object();
}

/// Numbers in a form that is not longer than they were written: LLVM's has 17 digits.
static std::string shortJson(const json::Value &value) {
  if (std::optional<double> number = value.getAsNumber(); number && !value.getAsInteger() && !value.getAsUINT64())
    return nlohmann::json(*number).dump();
  return llvm::formatv("{0}", value);
}

std::string tenon::import::jsonText(const json::Value &value) {
  return tenon::printable(shortJson(value), 60);
}

const json::Value *Config::find(llvm::StringRef key) const {
  const json::Value *value = object->get(key);
  return value && value->kind() != json::Value::Null ? value : nullptr;
}

bool Config::has(llvm::StringRef key) const { return find(key) != nullptr; }

void Config::fail(llvm::StringRef key, const llvm::Twine &text) {
  std::string full = (outer + key).str();
  if (llvm::none_of(*mistakes, [&](const auto &mistake) { return mistake.first == full; }))
    mistakes->emplace_back(full, text.str());
}

llvm::Error Config::takeError() const {
  std::string text;
  for (const auto &[key, mistake] : *mistakes)
    text += (text.empty() ? "'" : "\n'") + path + "': key '" + key + "': " + mistake;
  return text.empty() ? llvm::Error::success() : llvm::createStringError(text);
}

int64_t Config::integer(llvm::StringRef key, int64_t least) {
  if (!has(key)) {
    fail(key, "it is missing");
    return least;
  }
  return integerOr(key, least, least);
}

int64_t Config::integerOr(llvm::StringRef key, int64_t usual, int64_t least) {
  const json::Value *value = find(key);
  if (!value)
    return usual;
  std::optional<int64_t> number = value->getAsInteger();
  if (number && *number >= least && *number <= INT32_MAX)
    return *number;
  fail(key, "expected an integer between " + llvm::Twine(least) + " and " + llvm::Twine(INT32_MAX) + ", found " +
                jsonText(*value));
  return least;
}

double Config::number(llvm::StringRef key) {
  if (!has(key))
    fail(key, "it is missing");
  return numberOr(key, 1);
}

double Config::numberOr(llvm::StringRef key, double usual) {
  const json::Value *value = find(key);
  if (!value)
    return usual;
  std::optional<double> number = value->getAsNumber();
  if (number && std::isfinite(*number))
    return *number;
  fail(key, "expected a finite number, found " + jsonText(*value));
  return usual;
}

bool Config::booleanOr(llvm::StringRef key, bool usual) {
  const json::Value *value = find(key);
  if (!value)
    return usual;
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag;
  fail(key, "expected true or false, found " + jsonText(*value));
  return usual;
}

std::string Config::string(llvm::StringRef key) {
  const json::Value *value = find(key);
  if (!value)
    return "";
  if (std::optional<llvm::StringRef> text = value->getAsString())
    return text->str();
  fail(key, "expected a string, found " + jsonText(*value));
  return "";
}

std::optional<Config> Config::section(llvm::StringRef key) {
  const json::Value *value = find(key);
  if (!value)
    return std::nullopt;
  const json::Object *inner = value->getAsObject();
  if (!inner) {
    fail(key, "expected an object, found " + jsonText(*value));
    return std::nullopt;
  }
  Config config(*inner, path);
  config.outer = (outer + key + ".").str();
  config.mistakes = mistakes;
  return config;
}

std::vector<int64_t> Config::integers(llvm::StringRef key) {
  const json::Value *value = find(key);
  const json::Array *array = value ? value->getAsArray() : nullptr;
  if (value && !array)
    return {integerOr(key, 0)};
  std::vector<int64_t> numbers;
  for (const json::Value &item : array ? *array : json::Array()) {
    std::optional<int64_t> number = item.getAsInteger();
    if (number && *number >= 0 && *number <= INT32_MAX)
      numbers.push_back(*number);
    else
      fail(key, "expected integers between 0 and " + llvm::Twine(INT32_MAX) + ", found " + jsonText(item));
  }
  return numbers;
}

std::vector<std::string> Config::strings(llvm::StringRef key) {
  const json::Value *value = find(key);
  const json::Array *array = value ? value->getAsArray() : nullptr;
  if (value && !array)
    fail(key, "expected an array of strings, found " + jsonText(*value));
  std::vector<std::string> texts;
  for (const json::Value &item : array ? *array : json::Array()) {
    if (std::optional<llvm::StringRef> text = item.getAsString())
      texts.push_back(text->str());
    else
      fail(key, "expected strings, found " + jsonText(item));
  }
  return texts;
}

std::vector<std::vector<int64_t>> Config::integerLists(llvm::StringRef key) {
  const json::Value *value = find(key);
  const json::Array *array = value ? value->getAsArray() : nullptr;
  if (value && !array)
    fail(key, "expected an array of arrays of integers, found " + jsonText(*value));
  std::vector<std::vector<int64_t>> lists;
  for (const json::Value &item : array ? *array : json::Array()) {
    const json::Array *inner = item.getAsArray();
    if (!inner)
      fail(key, "expected arrays of integers, found " + jsonText(item));
    std::vector<int64_t> &list = lists.emplace_back();
    for (const json::Value &element : inner ? *inner : json::Array()) {
      std::optional<int64_t> number = element.kind() == json::Value::Null ? -1 : element.getAsInteger();
      if (!number || *number < -1 || *number > INT32_MAX)
        fail(key, "expected integers between 0 and " + llvm::Twine(INT32_MAX) + " or null, found " + jsonText(element));
      list.push_back(number.value_or(-1));
    }
  }
  return lists;
}

llvm::StringRef Config::firstOf(llvm::StringRef alternatives) const {
  llvm::SmallVector<llvm::StringRef, 2> keys;
  alternatives.split(keys, '|');
  for (llvm::StringRef key : keys)
    if (has(key))
      return key;
  return keys.front();
}
