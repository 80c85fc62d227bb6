//===- Fields.cpp ---------------------------------------------------------===//

#include "spec/Fields.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace tenon::spec;

/// How far `word` is from `candidate`: letters to change, where two that changed places are one, and a beginning of
/// three letters or more is close. More than `most` is not counted on.
static unsigned distance(llvm::StringRef word, llvm::StringRef candidate, unsigned most) {
  std::string letters = word.lower(), others = candidate.lower();
  llvm::sort(letters);
  llvm::sort(others);
  if (letters == others || (word.size() >= 3 && candidate.starts_with_insensitive(word)))
    return 1;
  return word.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, most);
}

llvm::StringRef tenon::spec::nearest(llvm::StringRef word, llvm::ArrayRef<llvm::StringRef> candidates) {
  // A third of the letters may be wrong, at least one: "hed" is "head", but "x" is not "k".
  unsigned best = std::max<size_t>(1, (word.size() + 1) / 3) + 1;
  llvm::StringRef found;
  if (word.size() > 200)
    return found;
  // Many long names are compared for as long as a reader of the message would wait.
  constexpr size_t kMostComparisons = 20'000'000;
  size_t comparisons = 0;
  for (llvm::StringRef candidate : candidates) {
    comparisons += word.size() * candidate.size();
    if (comparisons > kMostComparisons)
      return "";
    unsigned away = distance(word, candidate, best);
    if (away < best && away < word.size()) {
      best = away;
      found = candidate;
    }
  }
  return found;
}

std::string tenon::spec::commaSeparated(llvm::ArrayRef<llvm::StringRef> words) { return llvm::join(words, ", "); }

static bool isInteger(const YamlNode &node) {
  llvm::StringRef digits = node.text;
  digits.consume_front("-");
  return node.kind == YamlNode::Kind::Scalar && !node.quoted && !digits.empty() && llvm::all_of(digits, llvm::isDigit);
}

/// A long value is shown by its beginning.
static std::string shown(llvm::StringRef text) {
  return "'" + (text.size() > 60 ? text.take_front(57).str() + "..." : text.str()) + "'";
}

std::string tenon::spec::describe(const YamlNode &node) {
  switch (node.kind) {
  case YamlNode::Kind::Null:
    return "nothing";
  case YamlNode::Kind::Sequence:
    return "a sequence";
  case YamlNode::Kind::Mapping:
    return "a mapping";
  case YamlNode::Kind::Scalar:
    return node.quoted ? "the string " + shown(node.text) : shown(node.text);
  }
  llvm_unreachable("every kind is handled");
}

llvm::SMRange tenon::spec::partOf(const YamlNode &scalar, size_t begin, size_t end) {
  const char *first = scalar.range.Start.getPointer(), *last = scalar.range.End.getPointer();
  size_t position = llvm::StringRef(first, last - first).find(scalar.text);
  if (position == llvm::StringRef::npos || end > scalar.text.size())
    return scalar.range;
  const char *text = first + position;
  return llvm::SMRange(llvm::SMLoc::getFromPointer(text + begin), llvm::SMLoc::getFromPointer(text + end));
}

std::optional<int64_t> tenon::spec::readInteger(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what,
                                                int64_t least, int64_t most) {
  if (!isInteger(node)) {
    diagnostics.error(node.range, what + ": expected an integer, found " + describe(node));
    return std::nullopt;
  }
  int64_t value = 0;
  if (llvm::StringRef(node.text).getAsInteger(10, value) || value < least || value > most) {
    diagnostics.error(node.range,
                      what + " (" + node.text + ") is not between " + llvm::Twine(least) + " and " + llvm::Twine(most));
    return std::nullopt;
  }
  return value;
}

std::optional<double> tenon::spec::readNumber(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what) {
  double value = 0;
  // The first test keeps out words that also are numbers elsewhere: nan, infinity, 0x1p3.
  bool plain = node.kind == YamlNode::Kind::Scalar && !node.quoted &&
               llvm::StringRef(node.text).find_first_not_of("0123456789+-.eE") == llvm::StringRef::npos;
  if (plain && !llvm::StringRef(node.text).getAsDouble(value) && std::isfinite(value))
    return value;
  diagnostics.error(node.range, what + ": expected a finite number, found " + describe(node));
  return std::nullopt;
}

std::optional<std::string> tenon::spec::readString(Diagnostics &diagnostics, const YamlNode &node,
                                                   llvm::StringRef what) {
  if (node.kind != YamlNode::Kind::Scalar || node.text.empty()) {
    diagnostics.error(node.range, what + ": expected a string, found " +
                                      (node.kind == YamlNode::Kind::Scalar ? "an empty one" : describe(node)));
    return std::nullopt;
  }
  return node.text;
}

std::optional<size_t> tenon::spec::readChoice(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what,
                                              llvm::ArrayRef<llvm::StringRef> choices) {
  if (node.kind == YamlNode::Kind::Scalar)
    if (const auto *found = llvm::find(choices, llvm::StringRef(node.text)); found != choices.end())
      return found - choices.begin();
  std::string message = (what + ": expected one of " + commaSeparated(choices) + ", found " + describe(node)).str();
  llvm::StringRef meant = node.kind == YamlNode::Kind::Scalar ? nearest(node.text, choices) : "";
  if (!meant.empty())
    message += ("; did you mean '" + meant + "'?").str();
  diagnostics.error(node.range, message);
  return std::nullopt;
}

Fields::Fields(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what)
    : diagnostics(diagnostics), what(what) {
  if (node.kind == YamlNode::Kind::Mapping)
    mapping = &node;
  else
    diagnostics.error(node.range, what + ": expected a mapping of keys to values, found " + describe(node));
}

const YamlNode *Fields::lookUp(llvm::StringRef key) const {
  if (mapping)
    for (const YamlEntry &entry : mapping->entries)
      if (entry.key == key)
        return &entry.value;
  return nullptr;
}

const YamlNode *Fields::find(llvm::StringRef key) {
  if (!llvm::is_contained(known, key))
    known.push_back(key);
  return lookUp(key);
}

const YamlNode *Fields::require(llvm::StringRef key) {
  const YamlNode *node = find(key);
  if (!node && mapping)
    diagnostics.error(mapping->range, what + " has no key '" + key + "', which it needs");
  return node;
}

std::optional<int64_t> Fields::integer(llvm::StringRef key, int64_t least, int64_t most) {
  const YamlNode *node = find(key);
  return node ? readInteger(diagnostics, *node, key, least, most) : std::nullopt;
}

std::optional<int64_t> Fields::requireInteger(llvm::StringRef key, int64_t least, int64_t most) {
  const YamlNode *node = require(key);
  return node ? readInteger(diagnostics, *node, key, least, most) : std::nullopt;
}

std::optional<double> Fields::number(llvm::StringRef key) {
  const YamlNode *node = find(key);
  return node ? readNumber(diagnostics, *node, key) : std::nullopt;
}

std::optional<bool> Fields::boolean(llvm::StringRef key) {
  const YamlNode *node = find(key);
  if (!node)
    return std::nullopt;
  bool plain = node->kind == YamlNode::Kind::Scalar && !node->quoted;
  if (plain && (node->text == "true" || node->text == "false"))
    return node->text == "true";
  diagnostics.error(node->range, key + ": expected true or false, found " + describe(*node));
  return std::nullopt;
}

std::optional<std::string> Fields::string(llvm::StringRef key) {
  const YamlNode *node = find(key);
  return node ? readString(diagnostics, *node, key) : std::nullopt;
}

std::optional<size_t> Fields::choice(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> choices) {
  const YamlNode *node = find(key);
  return node ? readChoice(diagnostics, *node, key, choices) : std::nullopt;
}

void Fields::finish(llvm::ArrayRef<ReservedKey> reserved) {
  if (!mapping)
    return;
  for (const YamlEntry &entry : mapping->entries) {
    llvm::StringRef key = entry.key;
    if (llvm::is_contained(known, key))
      continue;
    const auto *later = llvm::find_if(reserved, [&](const ReservedKey &candidate) { return candidate.key == key; });
    if (later != reserved.end()) {
      diagnostics.error(entry.keyRange, later->message);
      continue;
    }
    llvm::StringRef meant = nearest(key, known);
    if (!meant.empty()) {
      diagnostics.error(entry.keyRange, what + " has no key '" + key + "'; did you mean '" + meant + "'?");
      continue;
    }
    diagnostics.error(entry.keyRange, what + " has no key '" + key + "'");
    diagnostics.note(entry.keyRange, "its keys are " + commaSeparated(known));
  }
}
