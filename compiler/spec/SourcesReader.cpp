//===- SourcesReader.cpp - What is taken from other stacks ----------------===//

#include "spec/Names.h"
#include "spec/Reader.h"

using namespace tenon;
using namespace tenon::spec;

/// One stack's name, or a sequence of at most `maximumSources`; none where it is reported.
static llvm::ArrayRef<YamlNode> oneOrSeveral(Diagnostics &diagnostics, const YamlNode &node, llvm::StringRef what) {
  if (node.kind != YamlNode::Kind::Sequence)
    return node;
  if (!node.items.empty() && node.items.size() <= maximumSources)
    return node.items;
  diagnostics.error(node.range, what + ": expected 1 to " + llvm::Twine(maximumSources) + " stacks, found " +
                                    llvm::Twine(node.items.size()));
  return {};
}

void SpecReader::readSources(Fields &fields, AttentionSublayer &attention, AttentionPlace &place) {
  const YamlNode *from = fields.find("from"), *state = fields.find("source"), *merge = fields.find("merge");
  if (!from) {
    if (state)
      diagnostics.error(state->range, "'source' says which state of the stacks in 'from' is read; this attention has "
                                      "no 'from'");
    if (merge)
      diagnostics.error(merge->range, "'merge' says how the keys of the stacks in 'from' meet the own; this attention "
                                      "has no 'from'");
    return;
  }
  Source usual;
  if (state)
    readSourceState(*state, usual);
  for (const YamlNode &item : oneOrSeveral(diagnostics, *from, "from")) {
    readSource(item, usual, attention, place);
    if (place.states.size() < place.sources.size())
      place.states.push_back(state);
  }
  attention.joint = fields.choice("merge", mergeNames).value_or(0) == 1;
}

/// A stack's name, or that with a state of its own: {stack: NAME, source: same-layer}.
void SpecReader::readSource(const YamlNode &node, const Source &usual, AttentionSublayer &attention,
                            AttentionPlace &place) {
  Source source = usual;
  const YamlNode *name = &node, *state = nullptr;
  if (node.kind == YamlNode::Kind::Mapping) {
    Fields fields(diagnostics, node, "an element of 'from'");
    name = fields.require("stack");
    state = fields.find("source");
    if (state)
      readSourceState(*state, source);
    fields.finish();
  }
  std::optional<std::string> stack = name ? readString(diagnostics, *name, "from") : std::nullopt;
  if (!stack)
    return;
  source.stack = *stack;
  for (size_t i = 0; i < attention.sources.size(); ++i)
    if (attention.sources[i].stack == *stack) {
      diagnostics.error(name->range, "stack '" + *stack + "' is in 'from' twice; its keys are one segment");
      diagnostics.note(place.sources[i]->range, "it is given here already");
      return;
    }
  attention.sources.push_back(std::move(source));
  place.sources.push_back(name);
  if (state)
    place.states.push_back(state);
}

void SpecReader::readSourceState(const YamlNode &node, Source &source) {
  source.layers.clear();
  if (node.kind != YamlNode::Kind::Mapping) {
    if (std::optional<size_t> state = readChoice(diagnostics, node, "source", sourceStateNames))
      source.state = static_cast<SourceState>(*state);
    else
      diagnostics.note(node.range, "or {layers: [...]}: for each layer the one of the source that is read");
    return;
  }
  Fields fields(diagnostics, node, "source");
  source.state = SourceState::Layers;
  const YamlNode *layers = fields.require("layers");
  if (layers && (layers->kind != YamlNode::Kind::Sequence || layers->items.size() > maximumLayers))
    diagnostics.error(layers->range, "layers: expected a sequence of at most " + llvm::Twine(maximumLayers) +
                                         " layers of the source, found " + describe(*layers));
  else if (layers)
    for (const YamlNode &item : layers->items)
      source.layers.push_back(readInteger(diagnostics, item, "layer", 0, maximumLayers - 1).value_or(0));
  fields.finish();
}

/// The stacks whose rows an input is.
void SpecReader::readParts(const YamlNode &node, Input &input) {
  StackPlace &place = stackPlaces.back();
  if (node.kind != YamlNode::Kind::Sequence || node.items.size() < 2 || node.items.size() > maximumSources) {
    diagnostics.error(
        node.range,
        "concat: expected a sequence of 2 to " + llvm::Twine(maximumSources) + " stacks, found " +
            (node.kind == YamlNode::Kind::Sequence ? "one of " + std::to_string(node.items.size()) : describe(node)));
    return;
  }
  for (const YamlNode &item : node.items) {
    std::optional<std::string> name = readString(diagnostics, item, "concat");
    if (!name)
      continue;
    if (auto first = llvm::find(input.parts, *name); first != input.parts.end()) {
      diagnostics.error(item.range, "stack '" + *name + "' is in 'concat' twice; its rows are one part");
      diagnostics.note(place.parts[first - input.parts.begin()]->range, "it is given here already");
      continue;
    }
    input.parts.push_back(*name);
    place.parts.push_back(&item);
  }
}
