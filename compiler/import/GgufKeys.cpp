//===- GgufKeys.cpp -------------------------------------------------------===//

#include "import/GgufKeys.h"
#include "llvm/ADT/STLExtras.h"
#include <charconv>
#include <cmath>

using namespace tenon;
using namespace tenon::import;
using weights::GgufType;
using weights::GgufValue;

void GgufKeys::fail(llvm::StringRef key, const llvm::Twine &text) {
  if (!failed())
    message = ("'" + file.getPath() + "': " + key + ": " + text).str();
}

llvm::Error GgufKeys::takeError() const { return failed() ? llvm::createStringError(message) : llvm::Error::success(); }

const GgufValue *GgufKeys::find(llvm::StringRef key) {
  asked.insert(key);
  return file.metadata(key);
}

/// Whether a value says that there is nothing of what its key is about.
static bool saysNone(const GgufValue &value) {
  if (value.type == GgufType::String)
    return llvm::all_of(value.strings, [](llvm::StringRef text) { return text.empty() || text == "none"; });
  for (uint64_t index = 0; index < value.count; ++index)
    if (value.number(index).value_or(1) != 0)
      return false;
  return true;
}

std::vector<std::string> GgufKeys::unread(llvm::StringRef architecture, llvm::ArrayRef<llvm::StringRef> idle) const {
  std::vector<std::string> names;
  for (const auto &[key, value] : file.getIndex().metadata) {
    llvm::StringRef name = key;
    if (name.consume_front(architecture) && name.consume_front(".") && !asked.contains(key) &&
        !llvm::is_contained(idle, name) && !saysNone(value))
      names.push_back(key.str());
  }
  return names;
}

int64_t GgufKeys::integer(llvm::StringRef key, int64_t least) {
  if (has(key) || failed())
    return integerOr(key, least, least);
  fail(key, "it is missing");
  return least;
}

int64_t GgufKeys::integerOr(llvm::StringRef key, int64_t usual, int64_t least) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return usual;
  std::optional<int64_t> number = value->isArray || value->type == GgufType::Bool ? std::nullopt : value->integer();
  if (number && *number >= least && *number <= INT32_MAX)
    return *number;
  fail(key,
       "expected an integer from " + llvm::Twine(least) + " to " + llvm::Twine(INT32_MAX) + ", found " + value->text());
  return usual;
}

/// The shortest decimal number that is `number` in float32: 1e-5, not 9.9999997473787516e-06.
static double shortestDecimal(float number) {
  char text[64];
  char *end = std::to_chars(text, text + sizeof(text), number).ptr;
  double decimal = number;
  std::from_chars(text, end, decimal);
  return decimal;
}

double GgufKeys::number(llvm::StringRef key) {
  if (!has(key))
    fail(key, "it is missing");
  return numberOr(key, 1.0);
}

double GgufKeys::numberOr(llvm::StringRef key, double usual) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return usual;
  std::optional<double> number = value->isArray ? std::nullopt : value->number();
  if (number && std::isfinite(*number))
    return value->type == GgufType::Float32 ? shortestDecimal(static_cast<float>(*number)) : *number;
  fail(key, "expected a finite number, found " + value->text());
  return usual;
}

bool GgufKeys::booleanOr(llvm::StringRef key, bool usual) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return usual;
  if (!value->isArray && value->type == GgufType::Bool)
    return *value->integer() != 0;
  fail(key, "expected a boolean, found " + value->text());
  return usual;
}

llvm::StringRef GgufKeys::string(llvm::StringRef key) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return "";
  if (!value->isArray && value->type == GgufType::String)
    return value->strings.front();
  fail(key, "expected a string, found " + value->text());
  return "";
}

llvm::ArrayRef<llvm::StringRef> GgufKeys::strings(llvm::StringRef key) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return {};
  if (value->isArray && value->type == GgufType::String)
    return value->strings;
  fail(key, "expected an array of strings, found " + value->text());
  return {};
}

const GgufValue *GgufKeys::numbers(llvm::StringRef key, uint64_t count) {
  const GgufValue *value = find(key);
  if (!value || failed())
    return nullptr;
  if (value->isArray && value->type != GgufType::String && value->type != GgufType::Bool && value->count >= count)
    return value;
  fail(key, "expected an array of " + llvm::Twine(count) + " numbers, found " + value->text());
  return nullptr;
}
