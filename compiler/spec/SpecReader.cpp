//===- SpecReader.cpp -----------------------------------------------------===//

#include "spec/SpecReader.h"
#include "spec/Names.h"
#include "spec/Parameters.h"
#include "spec/Reader.h"
#include "spec/Stacks.h"
#include "spec/YamlFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace tenon;
using namespace tenon::spec;

bool tenon::spec::isName(llvm::StringRef text, llvm::StringRef punctuation) {
  return !text.empty() && (llvm::isAlpha(text[0]) || text[0] == '_') && text.size() <= 200 &&
         llvm::all_of(text, [&](char c) { return llvm::isAlnum(c) || punctuation.contains(c); });
}

std::string tenon::spec::whyUnsafePath(llvm::StringRef path) {
  if (path.empty())
    return "the path is empty";
  if (path.contains('\0') || path.contains('\\'))
    return "the path contains a NUL or a backslash";
  if (path.starts_with("/"))
    return "the path is absolute; it must be relative to the directory of the file that names it";
  llvm::SmallVector<llvm::StringRef, 4> parts;
  path.split(parts, '/');
  for (llvm::StringRef part : parts)
    if (part.empty() || part == "." || part == "..")
      return ("the path has the part '" + part + "'; only names below the directory of the file are allowed").str();
  return "";
}

void SpecReader::readVersion(Fields &fields) {
  const YamlNode *version = fields.require("tenon");
  if (version && version->text != "1")
    diagnostics.error(version->range, "tenon: expected version 1, found " + describe(*version) +
                                          "; this program reads version 1 of the spec");
}

std::string SpecReader::readPath(Fields &fields, llvm::StringRef key) {
  const YamlNode *node = fields.find(key);
  std::optional<std::string> path = node ? readString(diagnostics, *node, key) : std::nullopt;
  if (!path)
    return "";
  if (std::string reason = whyUnsafePath(*path); !reason.empty())
    diagnostics.error(node->range, key + " ('" + *path + "'): " + reason);
  return *path;
}

Model SpecReader::read(const YamlNode &root) {
  Fields fields(diagnostics, root, "the spec");
  if (!fields.isMapping())
    return model;
  readVersion(fields);
  if (const YamlNode *name = fields.require("name")) {
    model.name = readString(diagnostics, *name, "name").value_or("");
    if (!model.name.empty() && !isName(model.name, "_-."))
      diagnostics.error(name->range, "name ('" + model.name +
                                         "'): expected a letter or '_', then letters, digits, '_', '-' and '.', at "
                                         "most 200 in all");
  }
  model.width = fields.requireInteger("width", 1, maximumExtent).value_or(0);
  if (const YamlNode *stacks = fields.require("stacks")) {
    if (stacks->kind != YamlNode::Kind::Mapping || stacks->entries.empty())
      diagnostics.error(stacks->range, "stacks: expected a mapping of names to stacks, found " + describe(*stacks));
    else if (stacks->entries.size() > maximumStacks)
      diagnostics.error(stacks->range, "stacks: " + llvm::Twine(stacks->entries.size()) +
                                           " stacks; a model has at most " + llvm::Twine(maximumStacks));
    else
      for (const YamlEntry &entry : stacks->entries)
        readStack(entry);
  }
  poolingPlace = fields.find("pooling");
  headPlace = fields.find("head");
  if (poolingPlace)
    readPooling(*poolingPlace);
  if (headPlace)
    readHead(*headPlace);
  checkPrompts(poolingPlace);
  checkStackGraph();
  if (!diagnostics.hasErrors())
    checkCycles();
  checkPads();
  model.weights = readPath(fields, "weights");
  model.tokenizer = readPath(fields, "tokenizer");
  model.targetTokenizer = readPath(fields, "target_tokenizer");
  if (!model.targetTokenizer.empty() && model.tokenizer.empty())
    diagnostics.error(fields.find("target_tokenizer")->range, "'target_tokenizer' needs 'tokenizer', for what is read");
  model.chatTemplate = readPath(fields, "chat_template");
  if (const YamlNode *tokens = fields.find("chat_tokens"))
    readChatTokens(*tokens);
  if (const YamlNode *tokens = fields.find("tokens"))
    readTokens(*tokens);
  if (const YamlNode *generation = fields.find("generation"))
    readGeneration(*generation, model.generation);
  if (const YamlNode *audio = fields.find("audio"))
    readAudio(*audio, model.audio.emplace());
  model.textTokens = fields.integer("text_tokens", 1, maximumExtent).value_or(0);
  model.lowerCase = fields.boolean("lower_case").value_or(false);
  readPrompts(fields);
  // With errors above, the parameters that these could stand for are not known.
  if (const YamlNode *shares = fields.find("share"); shares && !diagnostics.hasErrors())
    readShares(*shares);
  if (const YamlNode *names = fields.find("names"); names && !diagnostics.hasErrors())
    readNames(*names);
  fields.finish();
  return model;
}

void SpecReader::checkElements(const YamlNode *node, llvm::StringRef what, CheckedSize elements) {
  if (node && !(elements <= CheckedSize(maximumExtent)))
    diagnostics.error(node->range,
                      what + " is more than the " + llvm::Twine(maximumExtent) + " elements that a tensor can have");
}

std::string tenon::spec::product(llvm::StringRef what, int64_t left, int64_t right) {
  return (what + " (" + llvm::Twine(left) + " x " + llvm::Twine(right) + ")").str();
}

double SpecReader::readPositive(Fields &fields, llvm::StringRef key, double usual) {
  double value = fields.number(key).value_or(usual);
  if (value > 0)
    return value;
  const YamlNode *node = fields.find(key);
  diagnostics.error(node->range, key + " (" + node->text + ") is not above 0");
  return usual;
}

std::string SpecReader::readStackName(Fields &fields, const YamlNode &node, llvm::StringRef what) {
  llvm::SmallVector<llvm::StringRef, 2> stacks;
  for (const Stack &stack : model.stacks)
    stacks.push_back(stack.name);
  if (const YamlNode *stack = fields.find("stack")) {
    std::optional<size_t> index = readChoice(diagnostics, *stack, "stack", stacks);
    return index ? stacks[*index].str() : "";
  }
  if (stacks.size() > 1)
    diagnostics.error(node.range, what + " needs 'stack' where there are several: " + commaSeparated(stacks));
  return stacks.size() == 1 ? stacks.front().str() : "";
}

Place SpecReader::placeOf(llvm::SMRange range) const {
  auto [line, column] = diagnostics.placeOf(range);
  return {line, column};
}

void SpecReader::readHead(const YamlNode &node) {
  Head &head = model.head.emplace();
  head.place = placeOf(node.range);
  Fields fields(diagnostics, node, "head");
  if (!fields.isMapping())
    return;
  head.stack = readStackName(fields, node, "head");
  const Stack *stack = model.findStack(head.stack), *target = stack ? targetOf(model, *stack) : nullptr;
  if (target && target->input.features > 0)
    diagnostics.error(node.range, "a head gives scores over the vocabulary that its stack reads; stack '" +
                                      target->name + "' reads features, so that there is no token embedding either");
  head.tied = fields.boolean("tied").value_or(true);
  head.bias = fields.boolean("bias").value_or(false);
  head.scale = readPositive(fields, "scale", 1.0);
  head.softcap = fields.find("softcap") ? readPositive(fields, "softcap", 0.0) : 0.0;
  fields.finish();
}

void SpecReader::readNames(const YamlNode &node) {
  if (node.kind != YamlNode::Kind::Mapping) {
    diagnostics.error(node.range, "names: expected a mapping of parameters to tensors, found " + describe(node));
    return;
  }
  std::vector<Parameter> list = parameters(model);
  std::vector<llvm::StringRef> known;
  known.reserve(list.size());
  for (const Parameter &parameter : list)
    known.push_back(parameter.name);
  llvm::StringSet<> set;
  set.insert(known.begin(), known.end());
  Sharing sharing = sharingOf(model);
  for (const YamlEntry &entry : node.entries) {
    if (diagnostics.isFull())
      break;
    if (set.contains(entry.key))
      readName(entry);
    else
      reportName(entry, known, sharing);
  }
}

/// A key of `names` that is no parameter with a tensor of its own.
void SpecReader::reportName(const YamlEntry &entry, llvm::ArrayRef<llvm::StringRef> known, Sharing &sharing) {
  if (std::optional<std::string> source = sharing.resolve(entry.key); source && *source != entry.key) {
    diagnostics.error(entry.keyRange,
                      "'" + entry.key + "' is '" + *source + "' by 'share', so that it has no tensor of its own");
    return;
  }
  llvm::StringRef meant = nearest(entry.key, known);
  diagnostics.error(entry.keyRange, "the model has no parameter '" + entry.key + "'" +
                                        (meant.empty() ? "" : "; did you mean '" + meant.str() + "'?"));
  if (meant.empty())
    diagnostics.note(entry.keyRange, "its parameters are " + commaSeparated(known));
}

void SpecReader::readName(const YamlEntry &entry) {
  std::optional<TensorName> name = readTensor(entry);
  if (!name)
    return;
  const YamlNode &value = entry.value;
  size_t most = llvm::StringRef(entry.key).count('*');
  if (llvm::StringRef(name->tensor).count('*') > most)
    diagnostics.error(value.range, "tensor '" + name->tensor + "': expected " +
                                       (most ? "at most one '*', for the layer" : "no '*', because no layer has it"));
  if (entry.key != name->tensor || !name->isWhole())
    model.names.push_back(std::move(*name));
}

std::optional<TensorName> SpecReader::readTensor(const YamlEntry &entry) {
  std::string what = "tensor of '" + entry.key + "'";
  if (entry.value.kind != YamlNode::Kind::Mapping) {
    std::optional<std::string> tensor = readString(diagnostics, entry.value, what);
    return tensor ? std::optional(TensorName{entry.key, *tensor}) : std::nullopt;
  }
  Fields fields(diagnostics, entry.value, what);
  TensorName name;
  name.parameter = entry.key;
  const YamlNode *tensor = fields.require("tensor");
  std::optional<std::string> text = tensor ? readString(diagnostics, *tensor, "tensor") : std::nullopt;
  name.tensor = text.value_or("");
  name.transpose = fields.boolean("transpose").value_or(false);
  name.offset = fields.integer("offset", 0, maximumExtent).value_or(0);
  name.count = fields.integer("count", 1, maximumExtent).value_or(0);
  name.period = fields.integer("period", 1, maximumExtent).value_or(0);
  const YamlNode *count = fields.find("count"), *period = fields.find("period");
  if (!count != !period)
    diagnostics.error((count ? count : period)->range,
                      "'count' and 'period' belong together: 'count' rows of every 'period' are the parameter's");
  else if (name.count > name.period)
    diagnostics.error(count->range,
                      "count (" + llvm::Twine(name.count) + ") is above period (" + llvm::Twine(name.period) + ")");
  fields.finish();
  return text ? std::optional(std::move(name)) : std::nullopt;
}

llvm::Expected<Model> tenon::spec::readSpec(llvm::MemoryBufferRef buffer) {
  Diagnostics diagnostics(buffer);
  YamlNode root = readYamlTree(buffer, diagnostics);
  Model model;
  if (!diagnostics.hasErrors())
    model = SpecReader(diagnostics).read(root);
  model.file = buffer.getBufferIdentifier();
  if (llvm::Error error = diagnostics.takeError())
    return std::move(error);
  return model;
}

llvm::Expected<Model> tenon::spec::readSpecFile(llvm::StringRef path) {
  auto buffer = readYamlFile(path, "a spec");
  if (!buffer)
    return buffer.takeError();
  return readSpec((*buffer)->getMemBufferRef());
}
