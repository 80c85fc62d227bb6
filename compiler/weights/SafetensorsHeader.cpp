//===- SafetensorsHeader.cpp ----------------------------------------------===//
//
// The header is read as a stream of JSON events: no tree that an attacker could make large or deep, integers exact, and
// nothing that is given twice gets lost.
//
//===----------------------------------------------------------------------===//

#include "weights/SafetensorsHeader.h"
#include "runtime/support/Printable.h"
#include "runtime/support/CheckedSize.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::weights;

namespace {

class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit HeaderEvents(SafetensorsIndex &index) : index(index) {}
  std::string message;

  bool null() override { return unexpected("null"); }
  bool boolean(bool value) override { return unexpected(value ? "true" : "false"); }
  bool number_float(double, const std::string &text) override { return unexpected("the number " + text); }
  bool binary(binary_t &) override { return unexpected("binary data"); }
  bool number_integer(int64_t value) override { return unexpected("the number " + std::to_string(value)); }
  bool number_unsigned(uint64_t value) override;
  bool string(std::string &value) override;
  bool start_object(size_t) override;
  bool end_object() override;
  bool start_array(size_t) override;
  bool end_array() override;
  bool key(std::string &name) override;
  bool parse_error(size_t position, const std::string &, const nlohmann::json::exception &error) override;

private:
  /// What the next event may be.
  enum class State { Start, Names, Metadata, Tensor, Type, Shape, Offsets };

  bool fail(std::string text) {
    message = std::move(text);
    return false;
  }
  bool unexpected(const std::string &found);
  bool startTensor(const std::string &name);
  bool tensorKey(const std::string &name);
  std::string place() const;

  SafetensorsIndex &index;
  State state = State::Start;
  bool opened = false; ///< Whether the object or array that `state` needs has begun.
  llvm::StringSet<> names;
  llvm::StringSet<> metadataKeys;
  std::string metadataKey;
  bool hasMetadata = false;
  bool hasType = false, hasShape = false, hasOffsets = false;
  llvm::SmallVector<uint64_t, 2> offsets;
};

} // namespace

std::string HeaderEvents::place() const {
  switch (state) {
  case State::Start:
  case State::Names:
    return "the header";
  case State::Metadata:
    return "'__metadata__'";
  default:
    return "tensor '" + printable(index.entries.back().name) + "'";
  }
}

static constexpr llvm::StringRef tensorKeys = "dtype, shape, data_offsets";

bool HeaderEvents::unexpected(const std::string &found) {
  switch (state) {
  case State::Start:
    return fail("the header: expected an object, found " + found);
  case State::Names:
    return fail("the header: expected an object for every name, found " + found);
  case State::Metadata:
    return fail("'__metadata__': expected an object of strings, found " + found);
  case State::Tensor:
    return fail(place() + ": expected an object with " + tensorKeys.str() + ", found " + found);
  case State::Type:
    return fail(place() + ": dtype: expected a string, found " + found);
  case State::Shape:
    return fail(place() + ": shape: expected an array of sizes, found " + found);
  case State::Offsets:
    return fail(place() + ": data_offsets: expected an array of two offsets, found " + found);
  }
  llvm_unreachable("every state is handled");
}

bool HeaderEvents::number_unsigned(uint64_t value) {
  std::string text = "the number " + std::to_string(value);
  std::optional<int64_t> size = CheckedSize(value).as<int64_t>();
  if (state == State::Shape && opened) {
    if (!size)
      return fail(place() + ": shape: " + text + " is above " + std::to_string(CheckedSize::maximum));
    index.entries.back().shape.push_back(*size);
    return true;
  }
  if (state == State::Offsets && opened && offsets.size() < 2) {
    if (!size)
      return fail(place() + ": data_offsets: " + text + " is above " + std::to_string(CheckedSize::maximum));
    offsets.push_back(value);
    return true;
  }
  return unexpected(text);
}

bool HeaderEvents::string(std::string &value) {
  if (state == State::Metadata && opened) {
    index.metadata.emplace_back(metadataKey, value);
    return true;
  }
  if (state != State::Type)
    return unexpected("a string");
  std::optional<StorageType> type = storageTypeNamed(value);
  if (!type)
    return fail(place() + ": dtype '" + printable(value) + "' is not known; known: " + storageNames());
  index.entries.back().type = *type;
  state = State::Tensor;
  opened = true;
  return true;
}

bool HeaderEvents::start_object(size_t) {
  if ((state == State::Start || state == State::Metadata || state == State::Tensor) && !opened) {
    opened = true;
    if (state == State::Start)
      state = State::Names;
    return true;
  }
  return unexpected("an object");
}

bool HeaderEvents::end_object() {
  if (state == State::Tensor) {
    SafetensorsEntry &entry = index.entries.back();
    if (!hasType || !hasShape || !hasOffsets)
      return fail(place() + " has no '" + (!hasType ? "dtype" : !hasShape ? "shape" : "data_offsets") + "'");
    entry.begin = offsets[0];
    entry.end = offsets[1];
  }
  state = State::Names;
  opened = true;
  return true;
}

bool HeaderEvents::start_array(size_t) {
  if ((state == State::Shape || state == State::Offsets) && !opened) {
    opened = true;
    return true;
  }
  return unexpected("an array");
}

bool HeaderEvents::end_array() {
  if (state == State::Offsets && offsets.size() != 2)
    return fail(place() + ": data_offsets: expected two offsets, found " + std::to_string(offsets.size()));
  state = State::Tensor;
  opened = true;
  return true;
}

bool HeaderEvents::key(std::string &name) {
  if (state == State::Metadata) {
    metadataKey = name;
    return metadataKeys.insert(name).second || fail("'__metadata__' has the key '" + printable(name) + "' twice");
  }
  if (state == State::Tensor)
    return tensorKey(name);
  if (name == "__metadata__") {
    state = State::Metadata;
    opened = false;
    bool first = !hasMetadata;
    hasMetadata = true;
    return first || fail("the header has '__metadata__' twice");
  }
  return startTensor(name);
}

bool HeaderEvents::startTensor(const std::string &name) {
  if (!names.insert(name).second)
    return fail("the header has tensor '" + printable(name) + "' twice");
  index.entries.emplace_back().name = name;
  state = State::Tensor;
  opened = hasType = hasShape = hasOffsets = false;
  offsets.clear();
  return true;
}

bool HeaderEvents::tensorKey(const std::string &name) {
  bool *seen = name == "dtype"          ? &hasType
               : name == "shape"        ? &hasShape
               : name == "data_offsets" ? &hasOffsets
                                        : nullptr;
  if (!seen)
    return fail(place() + " has the key '" + printable(name) + "', which is not known; known: " + tensorKeys.str());
  if (*seen)
    return fail(place() + " has the key '" + printable(name) + "' twice");
  *seen = true;
  state = seen == &hasType ? State::Type : seen == &hasShape ? State::Shape : State::Offsets;
  opened = false;
  return true;
}

bool HeaderEvents::parse_error(size_t position, const std::string &, const nlohmann::json::exception &error) {
  // The library's text begins with its own name and an error number in brackets.
  llvm::StringRef text = error.what();
  text = text.substr(text.find(']') + 1).ltrim();
  return fail("the header is not valid JSON at its byte " + std::to_string(position) + ": " + text.str());
}

llvm::Error tenon::weights::parseSafetensorsHeader(llvm::StringRef json, SafetensorsIndex &index) {
  if (!json.starts_with("{"))
    return llvm::createStringError("the header does not begin with '{'");
  HeaderEvents events(index);
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &events))
    return llvm::createStringError(events.message);
  return llvm::Error::success();
}
