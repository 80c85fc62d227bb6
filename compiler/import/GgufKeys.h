//===- GgufKeys.h - The metadata of a GGUF file, typed ----------*- C++ -*-===//

#ifndef TENON_IMPORT_GGUFKEYS_H
#define TENON_IMPORT_GGUFKEYS_H

#include "weights/Gguf.h"
#include "llvm/ADT/StringSet.h"

namespace tenon::import {

/// The keys of a file. The first error is kept, and after it every key has its usual value.
class GgufKeys {
public:
  explicit GgufKeys(const weights::GgufFile &file) : file(file) {}

  const weights::GgufFile &getFile() const { return file; }
  bool has(llvm::StringRef key) { return find(key) != nullptr; }
  /// The value of a key, which counts as read from then on; null where the key is missing.
  const weights::GgufValue *find(llvm::StringRef key);
  /// Keys of an architecture that nobody has read, `idle` ones and those with a zero (or "none") aside: in the file's order.
  std::vector<std::string> unread(llvm::StringRef architecture, llvm::ArrayRef<llvm::StringRef> idle) const;
  /// A required integer between `least` and 2^31 - 1.
  int64_t integer(llvm::StringRef key, int64_t least = 1);
  /// The same, or `usual` where the key is missing.
  int64_t integerOr(llvm::StringRef key, int64_t usual, int64_t least = 0);
  /// A finite number.
  double number(llvm::StringRef key);
  double numberOr(llvm::StringRef key, double usual);
  bool booleanOr(llvm::StringRef key, bool usual);
  /// Empty where the key is missing.
  llvm::StringRef string(llvm::StringRef key);
  /// An array of strings; empty where the key is missing.
  llvm::ArrayRef<llvm::StringRef> strings(llvm::StringRef key);
  /// An array of `count` numbers or more; null where the key is missing.
  const weights::GgufValue *numbers(llvm::StringRef key, uint64_t count);

  /// Records an error about `key`.
  void fail(llvm::StringRef key, const llvm::Twine &text);
  bool failed() const { return !message.empty(); }
  llvm::Error takeError() const;

private:
  const weights::GgufFile &file;
  llvm::StringSet<> asked;
  std::string message;
};

} // namespace tenon::import

#endif // TENON_IMPORT_GGUFKEYS_H
