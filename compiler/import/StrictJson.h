//===- StrictJson.h - JSON that says one thing ------------------*- C++ -*-===//

#ifndef TENON_IMPORT_STRICTJSON_H
#define TENON_IMPORT_STRICTJSON_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::import {

/// Reads `text`, the contents of `path`. Unlike LLVM's parser it refuses keys that are given twice and nesting deeper
/// than 64 levels, which would otherwise exhaust the stack; integers of 64 bits are exact.
llvm::Expected<llvm::json::Value> parseJson(llvm::StringRef text, llvm::StringRef path);

/// Contents of the regular file at `path`, which has at most `maximumBytes`.
llvm::Expected<std::string> readTextFile(llvm::StringRef path, uint64_t maximumBytes);

/// The JSON object in the file at `path`.
llvm::Expected<llvm::json::Object> readJsonObject(llvm::StringRef path);
/// That of a file of a directory, empty where the file is missing.
llvm::Expected<llvm::json::Object> readJsonObjectIfAny(llvm::StringRef directory, llvm::StringRef file);

/// A value as a message shows it: its JSON, shortened.
std::string jsonText(const llvm::json::Value &value);

/// The keys of a configuration file, typed. Errors are collected, the first of each key.
class Config {
public:
  Config(const llvm::json::Object &object, llvm::StringRef path)
      : object(&object), path(path), mistakes(std::make_shared<Mistakes>()) {}

  /// The object under `key`, nothing where the key is missing or null. Its errors are this one's.
  std::optional<Config> section(llvm::StringRef key);

  /// A required integer between `least` and 2^31 - 1.
  int64_t integer(llvm::StringRef key, int64_t least = 1);
  /// The same, or `usual` where the key is missing or null.
  int64_t integerOr(llvm::StringRef key, int64_t usual, int64_t least = 0);
  /// A required number.
  double number(llvm::StringRef key);
  double numberOr(llvm::StringRef key, double usual);
  bool booleanOr(llvm::StringRef key, bool usual);
  /// Empty where the key is missing or null.
  std::string string(llvm::StringRef key);
  /// An integer or an array of them; empty where the key is missing or null.
  std::vector<int64_t> integers(llvm::StringRef key);
  /// An array of strings; empty where the key is missing or null.
  std::vector<std::string> strings(llvm::StringRef key);

  /// An array of arrays of integers, of which null is -1; empty where the key is missing or null.
  std::vector<std::vector<int64_t>> integerLists(llvm::StringRef key);

  bool has(llvm::StringRef key) const;
  bool isEmpty() const { return object->empty(); }
  /// What is under `key`, which is there, as a message shows it.
  std::string text(llvm::StringRef key) const { return jsonText(*find(key)); }
  /// "'FILE': key 'KEY'"
  std::string place(llvm::StringRef key) const { return "'" + path + "': key '" + outer + key.str() + "'"; }
  /// The first of the keys in `alternatives`, separated by '|', that is there, or the first of all.
  llvm::StringRef firstOf(llvm::StringRef alternatives) const;
  /// Records an error about `key`.
  void fail(llvm::StringRef key, const llvm::Twine &message);
  bool failed() const { return !mistakes->empty(); }
  /// One for all keys, a line each.
  llvm::Error takeError() const;

private:
  using Mistakes = std::vector<std::pair<std::string, std::string>>; ///< Keys, and what is wrong with them.

  const llvm::json::Value *find(llvm::StringRef key) const;

  const llvm::json::Object *object;
  std::string path;
  std::string outer; ///< Keys of the objects around this one, each with a dot.
  std::shared_ptr<Mistakes> mistakes; ///< Those of the objects around this one too.
};

} // namespace tenon::import

#endif // TENON_IMPORT_STRICTJSON_H
