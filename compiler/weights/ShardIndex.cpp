//===- ShardIndex.cpp -----------------------------------------------------===//
//
// Read as a stream of JSON events, as the headers of the files themselves are.
//
//===----------------------------------------------------------------------===//

#include "weights/ShardIndex.h"
#include "runtime/support/Printable.h"
#include <nlohmann/json.hpp>

using namespace tenon::weights;

static constexpr size_t maximumDepth = 16;

/// A name that cannot lead out of a directory.
static bool isPlainName(llvm::StringRef name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(llvm::StringRef("/\\\0", 3)) == llvm::StringRef::npos;
}

namespace {

class IndexEvents : public nlohmann::json_sax<nlohmann::json> {
public:
  std::map<std::string, std::string> files;
  std::string message;
  bool hasMap = false;

  bool null() override { return value("null"); }
  bool boolean(bool flag) override { return value(flag ? "true" : "false"); }
  bool number_integer(int64_t number) override { return value(std::to_string(number)); }
  bool number_unsigned(uint64_t number) override { return value(std::to_string(number)); }
  bool number_float(double, const std::string &text) override { return value(text); }
  bool binary(binary_t &) override { return value("binary data"); }
  bool string(std::string &text) override;
  bool start_object(size_t) override;
  bool end_object() override {
    --depth;
    return true;
  }
  bool start_array(size_t) override {
    return (depth > 0 && !inMap() && ++depth <= maximumDepth) || fail("expected an object, found an array");
  }
  bool end_array() override { return end_object(); }
  bool key(std::string &name) override;
  bool parse_error(size_t position, const std::string &, const nlohmann::json::exception &error) override {
    // The library's text begins with its own name and an error number in brackets.
    llvm::StringRef text = error.what();
    return fail("not valid JSON at byte " + std::to_string(position) + ": " +
                text.substr(text.find(']') + 1).ltrim().take_front(300).str());
  }

private:
  bool fail(std::string text) {
    message = std::move(text);
    return false;
  }
  /// Whether the next value is that of a tensor.
  bool inMap() const { return depth == 2 && section == "weight_map"; }
  bool value(const std::string &found) {
    if (depth == 0)
      return fail("expected an object, found " + found);
    if (section == "weight_map")
      return fail((depth == 1 ? "weight_map: expected an object" : "tensor '" + tenon::printable(tensor) + "': expected a file name") +
                  ", found " + found);
    return true;
  }

  size_t depth = 0;
  std::string section; ///< The key of the outermost object.
  std::string tensor;
};

} // namespace

bool IndexEvents::string(std::string &text) {
  if (!inMap())
    return value("a string");
  if (!isPlainName(text))
    return fail("tensor '" + tenon::printable(tensor) + "': file name '" + tenon::printable(text) + "': expected a name without a directory");
  files[tensor] = text;
  return true;
}

bool IndexEvents::start_object(size_t) {
  if (inMap())
    return value("an object");
  if (++depth > maximumDepth)
    return fail("nested deeper than " + std::to_string(maximumDepth) + " levels");
  hasMap |= inMap();
  return true;
}

bool IndexEvents::key(std::string &name) {
  if (depth == 1) {
    if (name == "weight_map" && hasMap)
      return fail("the key 'weight_map' is given twice");
    section = name;
  }
  if (!inMap())
    return true;
  tensor = name;
  return !files.count(name) || fail("tensor '" + tenon::printable(name) + "' is given twice");
}

llvm::Expected<std::map<std::string, std::string>> tenon::weights::readShardIndex(llvm::StringRef json,
                                                                                  llvm::StringRef path) {
  IndexEvents events;
  bool read = nlohmann::json::sax_parse(json.begin(), json.end(), &events);
  if (read && !events.hasMap)
    events.message = "it has no 'weight_map', an object of file names by tensor";
  else if (read && events.files.empty())
    events.message = "weight_map: it has no tensor";
  if (!events.message.empty())
    return llvm::createStringError("'" + path + "' is not a valid index of safetensors files: " + events.message);
  return std::move(events.files);
}
