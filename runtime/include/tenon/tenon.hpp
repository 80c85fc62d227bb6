//===- tenon.hpp - Running compiled models, for C++ -------------*- C++ -*-===//
//
// tenon.h with ownership in the types, and with exceptions: tenon::Error carries the status and the message.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_TENON_HPP
#define TENON_TENON_HPP

#include "tenon/tenon.h"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

class Error : public std::runtime_error {
public:
  Error(tenon_status status, const std::string &message) : std::runtime_error(message), code(status) {}
  tenon_status status() const { return code; }

private:
  tenon_status code;
};

/// Throws what a failed call said.
inline void check(tenon_status status) {
  if (status != TENON_OK)
    throw Error(status, tenon_message());
}

/// A reference to an opened model; copies are further references.
class Model {
public:
  explicit Model(const std::string &path, tenon_weights_loading loading = TENON_WEIGHTS_MAP,
                 const std::string &target = "") {
    tenon_model_options options{};
    options.struct_size = sizeof options;
    options.load_weights = loading;
    options.target = target.empty() ? nullptr : target.c_str();
    check(tenon_model_open(path.c_str(), &options, &handle));
  }
  Model(const Model &other) : handle(other.handle) { check(tenon_model_retain(handle)); }
  Model(Model &&other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  Model &operator=(Model other) noexcept {
    std::swap(handle, other.handle);
    return *this;
  }
  ~Model() {
    if (handle)
      tenon_model_release(handle);
  }

  tenon_model *get() const { return handle; }

  tenon_model_info info() const {
    tenon_model_info result{};
    result.struct_size = sizeof result;
    check(tenon_model_describe(handle, &result));
    return result;
  }

  /// JSON, see docs/library.md; belongs to the model.
  std::string_view manifest() const {
    tenon_model_info all = info();
    return {all.manifest, all.manifest_size};
  }

  /// Token ids of a UTF-8 text, at most `maxTokens` of them; 0 for no limit.
  std::vector<int32_t> tokenize(std::string_view text, size_t maxTokens = 0) const {
    std::vector<int32_t> ids(text.size() + 8);
    size_t count = 0;
    tenon_status status =
        tenon_model_tokenize(handle, text.data(), text.size(), maxTokens, ids.data(), ids.size(), &count);
    ids.resize(count);
    if (status == TENON_ERROR_CAPACITY)
      status = tenon_model_tokenize(handle, text.data(), text.size(), maxTokens, ids.data(), ids.size(), &count);
    check(status);
    return ids;
  }

  std::string detokenize(std::span<const int32_t> ids) const {
    std::string text(ids.size() * 16 + 1, '\0');
    size_t bytes = 0;
    tenon_status status = tenon_model_detokenize(handle, ids.data(), ids.size(), text.data(), text.size(), &bytes);
    if (status == TENON_ERROR_CAPACITY) {
      text.resize(bytes + 1);
      status = tenon_model_detokenize(handle, ids.data(), ids.size(), text.data(), text.size(), &bytes);
    }
    check(status);
    text.resize(bytes);
    return text;
  }

private:
  tenon_model *handle = nullptr;
};

/// Working memory and threads for one caller at a time.
class Session {
public:
  /// `threads` counts the caller; 0 for all CPUs that this process may use.
  explicit Session(const Model &model, uint32_t threads = 0) {
    tenon_session_options options{};
    options.struct_size = sizeof options;
    options.threads = threads;
    check(tenon_session_create(model.get(), &options, &handle));
    width = size_t(model.info().width);
  }
  Session(const Session &) = delete;
  Session(Session &&other) noexcept : handle(std::exchange(other.handle, nullptr)), width(other.width) {}
  Session &operator=(Session &&other) noexcept {
    std::swap(handle, other.handle);
    std::swap(width, other.width);
    return *this;
  }
  ~Session() {
    if (handle)
      tenon_session_destroy(handle);
  }

  tenon_session *get() const { return handle; }

  uint32_t threads() const {
    uint32_t result = 0;
    check(tenon_session_threads(handle, &result));
    return result;
  }

  /// Outputs without data get the session's memory, until the next call.
  void call(const std::string &entry, std::span<const tenon_tensor> inputs, std::span<tenon_tensor> outputs) {
    check(tenon_session_call(handle, entry.c_str(), inputs.data(), inputs.size(), outputs.data(), outputs.size()));
  }

  /// One embedding of info().width floats for each row of token ids, one after the other.
  std::vector<float> embedTokens(std::span<const std::vector<int32_t>> rows) {
    std::vector<const int32_t *> ids;
    std::vector<int32_t> lengths;
    for (const std::vector<int32_t> &row : rows) {
      if (row.size() > INT32_MAX)
        throw Error(TENON_ERROR_OUT_OF_RANGE, "row of " + std::to_string(row.size()) + " tokens");
      ids.push_back(row.data());
      lengths.push_back(int32_t(row.size()));
    }
    std::vector<float> embeddings(rows.size() * width);
    check(tenon_session_encode(handle, ids.data(), lengths.data(), rows.size(), nullptr, embeddings.data()));
    return embeddings;
  }

  /// One embedding of info().width floats for each text, one after the other.
  std::vector<float> embedTexts(std::span<const std::string> texts) {
    std::vector<const char *> pointers;
    for (const std::string &text : texts) {
      if (text.find('\0') != std::string::npos)
        throw Error(TENON_ERROR_INVALID_ARGUMENT, "text " + std::to_string(pointers.size()) + " contains a NUL");
      pointers.push_back(text.c_str());
    }
    std::vector<float> embeddings(texts.size() * width);
    check(tenon_session_embed_texts(handle, pointers.data(), pointers.size(), embeddings.data()));
    return embeddings;
  }

private:
  tenon_session *handle = nullptr;
  size_t width = 0;
};

} // namespace tenon

#endif // TENON_TENON_HPP
