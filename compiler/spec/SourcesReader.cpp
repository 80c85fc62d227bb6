//===- SourcesReader.cpp - Stacks that attend to others, shared parameters ===//

#include "spec/Parameters.h"
#include "spec/Reader.h"
#include "spec/Stacks.h"
#include "llvm/ADT/StringMap.h"

using namespace tenon;
using namespace tenon::spec;

static constexpr size_t maximumShares = 64;

void SpecReader::checkSources() {
  for (auto [stack, node] : sources)
    checkSource(stack, *node);
  // What follows depends on the stacks' blocks, which an error leaves incomplete.
  if (diagnostics.hasErrors())
    return;
  std::vector<size_t> checked;
  for (auto [stack, node] : sources) {
    if (!llvm::is_contained(checked, stack))
      checkAttending(model.stacks[stack], *node);
    checked.push_back(stack);
  }
}

/// `from` on its own: it names a stack whose last hidden state is known before the other one runs.
void SpecReader::checkSource(size_t index, const YamlNode &node) {
  if (node.kind != YamlNode::Kind::Scalar || node.text.empty())
    return; // Reported.
  const Stack &stack = model.stacks[index];
  llvm::SmallVector<llvm::StringRef, 2> names;
  for (const Stack &candidate : model.stacks)
    names.push_back(candidate.name);
  std::optional<size_t> found = readChoice(diagnostics, node, "from", names);
  if (!found)
    return;
  const Stack &source = model.stacks[*found];
  if (*found == index) {
    diagnostics.error(node.range, "'from: " + source.name +
                                      "' is the stack itself; an attention without 'from' attends "
                                      "to its own stack");
    return;
  }
  std::string further = sourceOf(source);
  if (further == stack.name)
    diagnostics.error(node.range, "stacks '" + stack.name + "' and '" + source.name + "' attend to each other");
  else if (!further.empty())
    diagnostics.error(node.range, "stack '" + source.name + "' attends to '" + further +
                                      "' itself; keys and values come from a stack that depends on its own input only");
  else if (keepsCache(model, source))
    diagnostics.error(node.range, "stack '" + source.name + "' keeps a cache, because " +
                                      (source.cache ? "it has 'cache: true'" : "it has the head") +
                                      "; keys and values come from a stack that reads its input as a whole");
}

/// All of a stack's `from` together; `node` is the first of them.
void SpecReader::checkAttending(const Stack &stack, const YamlNode &node) {
  for (auto [other, otherNode] : sources)
    if (&model.stacks[other] == &stack && otherNode->text != node.text) {
      diagnostics.error(otherNode->range, "stack '" + stack.name + "' attends to '" + node.text + "' and to '" +
                                              otherNode->text + "'; it can have one source beside itself");
      return;
    }
  if (!isCausal(stack))
    diagnostics.error(node.range, "a stack that attends to another one goes on token by token; an attention of '" +
                                      stack.name + "' to itself lets a query see later keys: write 'mask: causal'");
  else if (!keepsCache(model, stack))
    diagnostics.error(node.range, "a stack that attends to another one goes on token by token; '" + stack.name +
                                      "' needs the head or 'cache: true'");
  int64_t sourceWidth = model.widthOf(*model.findStack(node.text));
  forEachAttention(stack.block, [&](const AttentionSublayer &attention) {
    if (!attention.from.empty())
      checkElements(&node,
                    product("head_size x heads x source's width", attention.headSize * attention.heads, sourceWidth),
                    CheckedSize(attention.headSize) * attention.heads * sourceWidth);
  });
}

void SpecReader::readShares(const YamlNode &node) {
  if (node.kind != YamlNode::Kind::Sequence || node.items.size() > maximumShares) {
    diagnostics.error(
        node.range,
        "share: expected a sequence of at most " + llvm::Twine(maximumShares) +
            " like \"decoder.input.tokens = encoder.input.tokens\", found " +
            (node.kind == YamlNode::Kind::Sequence ? "one of " + std::to_string(node.items.size()) : describe(node)));
    return;
  }
  for (const YamlNode &item : node.items)
    readShare(item);
  // Only now it is known which of the sources have tensors of their own.
  std::vector<Parameter> places = placesOfParameters(model);
  for (size_t i = 0; i < model.shares.size() && !diagnostics.hasErrors(); ++i)
    checkShare(node.items[i], model.shares[i], places);
}

void SpecReader::readShare(const YamlNode &node) {
  Share &share = model.shares.emplace_back();
  std::optional<std::string> text = readString(diagnostics, node, "share");
  if (!text)
    return;
  auto [left, right] = llvm::StringRef(*text).split('=');
  share.parameters = left.trim().str();
  share.source = right.trim().str();
  auto isPath = [](llvm::StringRef path) {
    return !path.empty() && path.count('*') <= 1 && !path.starts_with(".") && !path.ends_with(".") &&
           !path.contains("..") && path.find_first_of(" =\t") == llvm::StringRef::npos;
  };
  if (!isPath(share.parameters) || !isPath(share.source))
    diagnostics.error(node.range,
                      "share: expected \"PARAMETERS = SOURCE\", the beginnings of parameters' names up to a "
                      "dot, found " +
                          describe(node));
  else if (llvm::StringRef(share.source).contains('*') && !llvm::StringRef(share.parameters).contains('*'))
    diagnostics.error(node.range,
                      "share: '" + share.source + "' has a '*' for the layer, but '" + share.parameters + "' has none");
}

/// "[2, 3] in 4 layers".
static std::string shapeOf(const Parameter &parameter) {
  std::string text;
  for (int64_t extent : parameter.shape)
    text += (text.empty() ? "[" : ", ") + std::to_string(extent);
  text += "]";
  return parameter.layers ? text + " in " + std::to_string(parameter.layers) + " layers" : text;
}

/// All beginnings of parameters' names, for a message.
static llvm::StringRef nearestPath(llvm::StringRef path, const std::vector<Parameter> &places) {
  std::vector<llvm::StringRef> paths;
  for (const Parameter &place : places)
    for (size_t dot = llvm::StringRef(place.name).find('.'); dot != llvm::StringRef::npos;
         dot = llvm::StringRef(place.name).find('.', dot + 1))
      paths.push_back(llvm::StringRef(place.name).take_front(dot));
  return nearest(path, paths);
}

void SpecReader::checkShare(const YamlNode &node, const Share &share, const std::vector<Parameter> &places) {
  llvm::StringMap<const Parameter *> byName;
  for (const Parameter &place : places)
    byName[place.name] = &place;
  bool any = false;
  for (const Parameter &place : places) {
    std::optional<std::string> name = replacedName(share, place.name);
    if (!name)
      continue;
    any = true;
    const Parameter *source = byName.lookup(*name);
    if (!source)
      diagnostics.error(node.range,
                        "share: '" + place.name + "' would be '" + *name + "', which the model does not have");
    else if (sharedName(model, *name) != *name)
      diagnostics.error(node.range, "share: '" + place.name + "' would be '" + *name + "', which is shared itself");
    else if (sharedName(model, place.name) != *name)
      diagnostics.error(node.range, "share: '" + place.name + "' is '" + sharedName(model, place.name) + "' already");
    else if (source->shape != place.shape || source->layers != place.layers)
      diagnostics.error(node.range, "share: '" + place.name + "' is " + shapeOf(place) + " and '" + *name + "' is " +
                                        shapeOf(*source) + "; only parameters of one shape can be shared");
  }
  if (any)
    return;
  llvm::StringRef meant = nearestPath(share.parameters, places);
  diagnostics.error(node.range, "share: the model has no parameter that begins with '" + share.parameters + "'" +
                                    (meant.empty() ? "" : "; did you mean '" + meant.str() + "'?"));
}
