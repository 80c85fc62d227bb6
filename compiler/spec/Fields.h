//===- Fields.h - Typed access to the keys of a mapping ---------*- C++ -*-===//

#ifndef TENON_SPEC_FIELDS_H
#define TENON_SPEC_FIELDS_H

#include "spec/YamlTree.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace tenon::spec {

/// The closest of `candidates` to `word` that a typing error explains, or an empty string.
llvm::StringRef nearest(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates);

/// "a, b, c".
std::string commaSeparated(llvm::ArrayRef<llvm::StringRef> words);

/// "an integer", "a mapping" and so on: what stands at `node`, for messages.
std::string describe(const YamlNode &node);

/// Where bytes [begin, end) of a scalar's text stand in the file; the whole scalar where escapes or line breaks make
/// the text another than the file's.
llvm::SMRange partOf(const YamlNode &scalar, size_t begin, size_t end);

/// A key that a later version may know, and what to say of it now.
struct ReservedKey {
  llvm::StringRef key;
  llvm::StringRef message;
};

/// The keys of one mapping. Each accessor makes its key known; `finish` reports the keys that none asked for. A value
/// that an accessor refuses is reported, and the accessor returns as if the key were not there.
class Fields {
public:
  /// `what` names the mapping in messages: "attention". `node` may be no mapping, which is reported.
  Fields(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what);

  bool isMapping() const { return mapping != nullptr; }

  const YamlNode *find(llvm::StringRef key);
  const YamlNode *require(llvm::StringRef key);

  std::optional<int64_t> integer(llvm::StringRef key, int64_t least, int64_t most);
  std::optional<int64_t> requireInteger(llvm::StringRef key, int64_t least, int64_t most);
  std::optional<double> number(llvm::StringRef key);
  std::optional<bool> boolean(llvm::StringRef key);
  std::optional<std::string> string(llvm::StringRef key);
  /// Index of the value in `choices`.
  std::optional<size_t> choice(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> choices);

  void finish(llvm::ArrayRef<ReservedKey> reserved = {});

private:
  const YamlNode *lookUp(llvm::StringRef key) const;

  Diagnostics &diagnostics;
  const YamlNode *mapping = nullptr;
  std::string what;
  llvm::SmallVector<llvm::StringRef, 12> known;
};

/// Values of nodes. Each reports what is not as it should be, calling the value `what`.
std::optional<int64_t> readInteger(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what, int64_t least,
                                   int64_t most);
std::optional<double> readNumber(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what);
std::optional<std::string> readString(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what);
std::optional<size_t> readChoice(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what,
                                 llvm::ArrayRef<llvm::StringRef> choices);

} // namespace tenon::spec

#endif // TENON_SPEC_FIELDS_H
