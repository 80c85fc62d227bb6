//===- YamlTree.h - A YAML document with its positions ----------*- C++ -*-===//
//
// LLVM's YAML parser hands out a document once, node by node, and stops at the first error. The tree keeps every node
// with its place, so that a reader can report all that is wrong, each error where it stands.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_SPEC_YAMLTREE_H
#define TENON_SPEC_YAMLTREE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"
#include "llvm/Support/SourceMgr.h"
#include <string>
#include <vector>

namespace tenon::spec {

struct YamlEntry;

struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Mapping };
  Kind kind = Kind::Null;
  llvm::SMRange range;
  std::string text;               ///< Of a scalar, without quotes and escapes.
  bool quoted = false;            ///< A quoted scalar is a string, whatever it looks like.
  std::vector<YamlNode> items;    ///< Of a sequence.
  std::vector<YamlEntry> entries; ///< Of a mapping, in the order of the file; no key twice.
};

struct YamlEntry {
  std::string key;
  llvm::SMRange keyRange;
  YamlNode value;
};

/// What is wrong with a file, each message with its line, column and caret.
class Diagnostics {
public:
  /// `buffer` outlives this object.
  explicit Diagnostics(llvm::MemoryBufferRef buffer);

  void error(llvm::SMRange range, const llvm::Twine &message);
  /// Detail for the error before it.
  void note(llvm::SMRange range, const llvm::Twine &message);
  bool hasErrors() const { return errors > 0; }
  /// Whether further errors are counted only.
  bool isFull() const;
  llvm::SourceMgr &sources() { return manager; }
  /// The line and column at which a range begins.
  std::pair<unsigned, unsigned> placeOf(llvm::SMRange range) const { return manager.getLineAndColumn(range.Start); }

  /// All messages as one error, success if there is none.
  llvm::Error takeError();

private:
  void print(llvm::SMRange range, llvm::SourceMgr::DiagKind kind, const llvm::Twine &message);

  llvm::SourceMgr manager;
  std::string text;
  unsigned errors = 0;
};

/// Reads the one document of `buffer`. Anchors, aliases, tags, complex keys, a second document and nesting deeper than
/// `maximumDepth` are errors. With errors in `diagnostics` the tree may be incomplete.
YamlNode readYamlTree(llvm::MemoryBufferRef buffer, Diagnostics &diagnostics);

constexpr unsigned maximumDepth = 32;
constexpr size_t maximumSpecBytes = 1 << 20;

} // namespace tenon::spec

#endif // TENON_SPEC_YAMLTREE_H
