//===- YamlTree.cpp -------------------------------------------------------===//

#include "spec/YamlTree.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/YAMLParser.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon::spec;
using llvm::SMLoc;
using llvm::SMRange;

/// More errors than a reader of them wants to see.
static constexpr unsigned maximumErrors = 30;
static constexpr size_t maximumMessage = 2000;
/// A longer line is not shown: a caret under it would help nobody.
static constexpr size_t maximumLine = 300;

Diagnostics::Diagnostics(llvm::MemoryBufferRef buffer) {
  manager.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(buffer, /*RequiresNullTerminator=*/false), SMLoc());
}

void Diagnostics::print(SMRange range, llvm::SourceMgr::DiagKind kind, const llvm::Twine &message) {
  // What the file says may be as long as the file.
  std::string shortMessage = message.str();
  if (shortMessage.size() > maximumMessage)
    shortMessage = shortMessage.substr(0, maximumMessage) + "...";
  llvm::SMDiagnostic diagnostic = manager.GetMessage(
      range.Start, kind, shortMessage, range.isValid() ? llvm::ArrayRef(range) : llvm::ArrayRef<SMRange>());
  llvm::raw_string_ostream stream(text);
  if (diagnostic.getLineContents().size() <= maximumLine)
    return diagnostic.print(nullptr, stream, /*ShowColors=*/false);
  stream << diagnostic.getFilename() << ':' << diagnostic.getLineNo() << ':' << diagnostic.getColumnNo() + 1
         << (kind == llvm::SourceMgr::DK_Note ? ": note: " : ": error: ") << shortMessage << '\n';
}

void Diagnostics::error(SMRange range, const llvm::Twine &message) {
  if (++errors <= maximumErrors)
    print(range, llvm::SourceMgr::DK_Error, message);
}

void Diagnostics::note(SMRange range, const llvm::Twine &message) {
  if (errors <= maximumErrors)
    print(range, llvm::SourceMgr::DK_Note, message);
}

bool Diagnostics::isFull() const { return errors > maximumErrors; }

llvm::Error Diagnostics::takeError() {
  if (errors == 0)
    return llvm::Error::success();
  if (errors > maximumErrors)
    text += std::to_string(errors - maximumErrors) + " more errors\n";
  return llvm::createStringError(llvm::StringRef(text).rtrim('\n'));
}

static SMRange rangeAt(const char *position) {
  SMLoc location = SMLoc::getFromPointer(position);
  return SMRange(location, location);
}

namespace {

class TreeBuilder {
public:
  TreeBuilder(Diagnostics &diagnostics, const char *start) : diagnostics(diagnostics), start(start) {}

  /// False where reading cannot go on.
  bool build(llvm::yaml::Node *node, SMRange fallback, unsigned depth, YamlNode &tree);

private:
  bool buildScalar(const llvm::yaml::ScalarNode &scalar, YamlNode &tree);
  bool buildSequence(llvm::yaml::SequenceNode &sequence, unsigned depth, YamlNode &tree);
  bool buildMapping(llvm::yaml::MappingNode &mapping, unsigned depth, YamlNode &tree);
  SMRange withBracket(SMRange range, char bracket) const;
  bool refuse(SMRange range, const llvm::Twine &message) {
    diagnostics.error(range, message);
    return false;
  }

  Diagnostics &diagnostics;
  const char *start; ///< Of the file.
};

} // namespace

bool TreeBuilder::build(llvm::yaml::Node *node, SMRange fallback, unsigned depth, YamlNode &tree) {
  if (!node || node->failed())
    return false; // The parser has reported it.
  tree.range = node->getSourceRange().isValid() ? node->getSourceRange() : fallback;
  if (depth > maximumDepth)
    return refuse(tree.range, "nested deeper than " + llvm::Twine(maximumDepth) + " levels");
  // These point into the file, unlike the node's range, which begins behind them.
  auto *alias = llvm::dyn_cast<llvm::yaml::AliasNode>(node);
  if (llvm::StringRef name = alias ? alias->getName() : node->getAnchor(); alias || !name.empty())
    return refuse(rangeAt(name.begin() - 1), "anchors and aliases have no meaning in a spec: write the value out");
  if (llvm::StringRef tag = node->getRawTag(); !tag.empty())
    return refuse(rangeAt(tag.begin()), "tags have no meaning in a spec: write the value without '" + tag + "'");
  if (auto *scalar = llvm::dyn_cast<llvm::yaml::ScalarNode>(node))
    return buildScalar(*scalar, tree);
  if (auto *block = llvm::dyn_cast<llvm::yaml::BlockScalarNode>(node)) {
    tree.kind = YamlNode::Kind::Scalar;
    tree.text = block->getValue().str();
    tree.quoted = true;
    return true;
  }
  if (auto *sequence = llvm::dyn_cast<llvm::yaml::SequenceNode>(node))
    return buildSequence(*sequence, depth, tree);
  if (auto *mapping = llvm::dyn_cast<llvm::yaml::MappingNode>(node))
    return buildMapping(*mapping, depth, tree);
  tree.kind = YamlNode::Kind::Null;
  tree.range = fallback; // The parser's is that of the next token.
  return true;
}

bool TreeBuilder::buildScalar(const llvm::yaml::ScalarNode &scalar, YamlNode &tree) {
  llvm::StringRef raw = scalar.getRawValue();
  llvm::SmallString<64> storage;
  tree.quoted = raw.starts_with("\"") || raw.starts_with("'");
  tree.text = scalar.getValue(storage).str();
  bool null = !tree.quoted && (tree.text.empty() || tree.text == "~" || tree.text == "null");
  tree.kind = null ? YamlNode::Kind::Null : YamlNode::Kind::Scalar;
  return !scalar.failed();
}

/// The parser places a collection in brackets at the token behind the opening one.
SMRange TreeBuilder::withBracket(SMRange range, char bracket) const {
  const char *position = range.Start.getPointer();
  while (position > start && llvm::isSpace(position[-1]))
    --position;
  if (position == start || position[-1] != bracket)
    return range;
  return rangeAt(position - 1);
}

bool TreeBuilder::buildSequence(llvm::yaml::SequenceNode &sequence, unsigned depth, YamlNode &tree) {
  tree.kind = YamlNode::Kind::Sequence;
  tree.range = withBracket(tree.range, '[');
  for (llvm::yaml::Node &item : sequence)
    if (!build(&item, tree.range, depth + 1, tree.items.emplace_back()))
      return false;
  return !sequence.failed();
}

bool TreeBuilder::buildMapping(llvm::yaml::MappingNode &mapping, unsigned depth, YamlNode &tree) {
  tree.kind = YamlNode::Kind::Mapping;
  tree.range = withBracket(tree.range, '{');
  llvm::StringMap<SMRange> seen;
  for (llvm::yaml::KeyValueNode &pair : mapping) {
    YamlNode key;
    if (!build(pair.getKey(), tree.range, depth + 1, key))
      return false;
    if (key.kind != YamlNode::Kind::Scalar)
      return refuse(key.range, "expected a key that is a plain word");
    YamlNode value;
    if (!build(pair.getValue(), key.range, depth + 1, value))
      return false;
    if (auto [first, isNew] = seen.try_emplace(key.text, key.range); !isNew) {
      diagnostics.error(key.range, "key '" + key.text + "' is given twice");
      diagnostics.note(first->second, "it is given here already");
      continue;
    }
    tree.entries.push_back({std::move(key.text), key.range, std::move(value)});
  }
  return !mapping.failed();
}

/// Puts the parser's own message into the words and the form of ours.
static void reportSyntaxError(const llvm::SMDiagnostic &diagnostic, void *context) {
  auto &diagnostics = *static_cast<Diagnostics *>(context);
  std::string message = diagnostic.getMessage().rtrim(".!").str();
  if (!message.empty())
    message[0] = llvm::toLower(message[0]);
  diagnostics.error(SMRange(diagnostic.getLoc(), diagnostic.getLoc()), "not valid YAML: " + message);
}

/// Refuses what the parser should not even see. True if the text is fine.
static bool checkText(llvm::MemoryBufferRef buffer, Diagnostics &diagnostics) {
  llvm::StringRef text = buffer.getBuffer();
  auto reportAt = [&](size_t offset, const llvm::Twine &message) {
    diagnostics.error(rangeAt(text.data() + offset), message);
    return false;
  };
  if (text.size() > maximumSpecBytes)
    return reportAt(0, "the file has " + llvm::Twine(text.size()) + " bytes; a spec has at most " +
                           llvm::Twine(maximumSpecBytes));
  size_t offset = 0;
  if (!llvm::json::isUTF8(text, &offset))
    return reportAt(offset, "not UTF-8: byte 0x" + llvm::utohexstr(uint8_t(text[offset])) + " at offset " +
                                llvm::Twine(offset));
  if (size_t nul = text.find('\0'); nul != llvm::StringRef::npos)
    return reportAt(nul, "a NUL byte at offset " + llvm::Twine(nul));
  if (text.trim().empty())
    return reportAt(0, "the file is empty, expected a mapping of keys to values");
  return true;
}

YamlNode tenon::spec::readYamlTree(llvm::MemoryBufferRef buffer, Diagnostics &diagnostics) {
  YamlNode root;
  if (!checkText(buffer, diagnostics))
    return root;
  diagnostics.sources().setDiagHandler(reportSyntaxError, &diagnostics);
  llvm::yaml::Stream stream(buffer, diagnostics.sources(), /*ShowColors=*/false);
  SMRange start = rangeAt(buffer.getBufferStart());
  llvm::yaml::document_iterator document = stream.begin();
  bool complete = document != stream.end() &&
                  TreeBuilder(diagnostics, buffer.getBufferStart()).build(document->getRoot(), start, 0, root);
  if (complete && !stream.failed()) {
    ++document;
    if (document != stream.end() && !stream.failed() && document->getRoot()) {
      SMRange range = document->getRoot()->getSourceRange();
      diagnostics.error(range.isValid() ? range : root.range, "a second document; a spec is one");
    }
  }
  if ((!complete || stream.failed()) && !diagnostics.hasErrors())
    diagnostics.error(start, "not valid YAML");
  return root;
}
