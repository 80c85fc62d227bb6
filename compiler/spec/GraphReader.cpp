//===- GraphReader.cpp - Whether the stacks fit to each other -------------===//

#include "spec/Reader.h"
#include "spec/Rotary.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::spec;

void SpecReader::checkStackGraph() {
  bool named = checkNames();
  // What follows depends on the stacks' blocks, which an error leaves incomplete.
  if (!named || diagnostics.hasErrors() || !checkCircles())
    return;
  for (const AttentionPlace &place : attentionPlaces)
    for (size_t source = 0; source < place.sources.size(); ++source) {
      checkSource(place, source);
      checkTurningKeys(place, source);
    }
  for (size_t index = 0; index < model.stacks.size(); ++index)
    checkParts(index);
  if (!diagnostics.hasErrors())
    checkGrowth();
}

/// Whether every name stands for a stack.
bool SpecReader::checkNames() {
  bool all = true;
  for (const AttentionPlace &place : attentionPlaces)
    for (auto [source, node] : llvm::zip_equal(place.attention.sources, place.sources))
      all &= findOther(*node, source.stack, place.stack, "from").has_value();
  for (size_t index = 0; index < model.stacks.size(); ++index) {
    for (auto [part, node] : llvm::zip_equal(model.stacks[index].input.parts, stackPlaces[index].parts))
      all &= findOther(*node, part, index, "concat").has_value();
    if (!model.stacks[index].input.positions.behind.empty())
      checkBehind(index);
  }
  return all;
}

std::optional<size_t> SpecReader::findOther(const YamlNode &node, llvm::StringRef name, size_t index,
                                            llvm::StringRef what) {
  if (diagnostics.isFull())
    return std::nullopt;
  llvm::SmallVector<llvm::StringRef, 4> names;
  for (const Stack &stack : model.stacks)
    names.push_back(stack.name);
  std::optional<size_t> found = readChoice(diagnostics, node, what, names);
  if (!found || *found != index)
    return found;
  diagnostics.error(node.range,
                    "'" + what + ": " + name + "' is the stack itself; " +
                        (what == "from" ? "an attention without 'from' attends to its own stack, and one with "
                                          "'merge: joint' to both"
                                        : "an input is made of other stacks' rows"));
  return std::nullopt;
}

void SpecReader::checkBehind(size_t index) {
  const Stack &stack = model.stacks[index];
  const std::string &behind = stack.input.positions.behind;
  std::vector<std::string> sources = sourcesOf(stack);
  if (llvm::is_contained(sources, behind))
    return;
  diagnostics.error(stackPlaces[index].behind->range,
                    "'behind: " + behind + "' names no stack that an attention of '" + stack.name +
                        "' takes keys from, " +
                        (sources.empty() ? "of which there are none" : "which are " + llvm::join(sources, ", ")));
}

namespace {

/// A stack that another one takes states from, and where it says so.
struct Edge {
  size_t from, to;
  const YamlNode *node;
};

/// Walks from stack to stack until it comes back to one of the way.
class CircleFinder {
public:
  explicit CircleFinder(size_t stacks) : edges(stacks), states(stacks) {}

  void add(Edge edge) { edges[edge.from].push_back(edge); }

  /// The edges of a circle, none where there is none.
  std::vector<Edge> find() {
    for (size_t stack = 0; stack < edges.size(); ++stack)
      if (visit(stack))
        return way;
    return {};
  }

private:
  enum class State { New, OnTheWay, Done };

  bool visit(size_t stack) {
    states[stack] = State::OnTheWay;
    for (const Edge &edge : edges[stack]) {
      if (states[edge.to] == State::Done)
        continue;
      way.push_back(edge);
      if (states[edge.to] == State::OnTheWay) {
        auto first = llvm::find_if(way, [&](const Edge &other) { return other.from == edge.to; });
        way.erase(way.begin(), first);
        return true;
      }
      if (visit(edge.to))
        return true;
      way.pop_back();
    }
    states[stack] = State::Done;
    return false;
  }

  std::vector<std::vector<Edge>> edges;
  std::vector<State> states;
  std::vector<Edge> way;
};

} // namespace

bool SpecReader::checkCircles() {
  auto indexOf = [&](llvm::StringRef name) { return size_t(model.findStack(name) - model.stacks.data()); };
  CircleFinder finder(model.stacks.size());
  for (const AttentionPlace &place : attentionPlaces)
    for (auto [source, node] : llvm::zip_equal(place.attention.sources, place.sources))
      finder.add({place.stack, indexOf(source.stack), node});
  for (size_t index = 0; index < model.stacks.size(); ++index)
    for (auto [part, node] : llvm::zip_equal(model.stacks[index].input.parts, stackPlaces[index].parts))
      finder.add({index, indexOf(part), node});
  std::vector<Edge> circle = finder.find();
  if (circle.empty())
    return true;
  auto nameOf = [&](size_t index) { return "'" + model.stacks[index].name + "'"; };
  std::string names;
  for (const Edge &edge : circle)
    names += (names.empty() ? "" : ", ") + nameOf(edge.from);
  diagnostics.error(circle.back().node->range,
                    "stacks " + names +
                        " take states from each other in a circle; what a stack takes is there before "
                        "it runs");
  for (const Edge &edge : llvm::ArrayRef(circle).drop_back())
    diagnostics.note(edge.node->range, nameOf(edge.from) + " takes from " + nameOf(edge.to) + " here");
  return false;
}

/// "1 layer", "3 layers".
static std::string layersOf(int64_t layers) { return std::to_string(layers) + (layers == 1 ? " layer" : " layers"); }

void SpecReader::checkSource(const AttentionPlace &place, size_t index) {
  const AttentionSublayer &attention = place.attention;
  const Source &source = attention.sources[index];
  const Stack &reader = model.stacks[place.stack], &stack = *model.findStack(source.stack);
  int64_t sourceWidth = model.widthOf(stack);
  checkElements(place.sources[index],
                product("head_size x heads x source's width", attention.headSize * attention.heads, sourceWidth),
                CheckedSize(attention.headSize) * attention.heads * sourceWidth);
  const YamlNode *itsLayers = stackPlaces[&stack - model.stacks.data()].layers,
                 *layers = stackPlaces[place.stack].layers;
  std::string mapping = "{layers: [...]} with " + std::to_string(reader.layers) + " numbers from 0 to " +
                        std::to_string(stack.layers - 1);
  if (source.state == SourceState::SameLayer && reader.layers != stack.layers) {
    diagnostics.error(place.states[index]->range, "'source: same-layer' is for stacks of one depth; '" + reader.name +
                                                      "' has " + layersOf(reader.layers) + ", '" + stack.name + "' " +
                                                      std::to_string(stack.layers) + ": write " + mapping);
    diagnostics.note(itsLayers->range, "the layers of '" + stack.name + "'");
  }
  if (source.state != SourceState::Layers)
    return;
  if (static_cast<int64_t>(source.layers.size()) != reader.layers) {
    diagnostics.error(place.states[index]->range, "layers: " + llvm::Twine(source.layers.size()) + " numbers; '" +
                                                      reader.name + "' has " + layersOf(reader.layers) +
                                                      ", and reads one of '" + stack.name + "' in each");
    diagnostics.note(layers->range, "the layers of '" + reader.name + "'");
  }
  auto beyond = llvm::find_if(source.layers, [&](int64_t layer) { return layer >= stack.layers; });
  if (beyond == source.layers.end())
    return;
  diagnostics.error(place.states[index]->range, "layers: there is no layer " + llvm::Twine(*beyond) + " of '" +
                                                    stack.name + "', which has " + layersOf(stack.layers) +
                                                    ": expected " + mapping);
  diagnostics.note(itsLayers->range, "the layers of '" + stack.name + "'");
}

/// Keys of another stack turn at its positions, for which the reader has to have angles.
void SpecReader::checkTurningKeys(const AttentionPlace &place, size_t index) {
  const Stack &reader = model.stacks[place.stack];
  const Stack &target = *targetOf(model, *model.findStack(place.attention.sources[index].stack));
  int64_t length = reader.input.positions.length, rows = target.input.positions.length;
  if (!rotaryOf(reader, place.attention) || (rows > 0 && rows <= length))
    return;
  const StackPlace &own = stackPlaces[place.stack], &other = stackPlaces[&target - model.stacks.data()];
  std::string turn = "the keys of '" + target.name + "' turn at its positions, ";
  if (rows == 0)
    diagnostics.error(place.sources[index]->range,
                      turn + "which have no limit; write 'positions: {kind: none, length: n}' there, n at most " +
                          llvm::Twine(length));
  else
    diagnostics.error(place.sources[index]->range, turn + "which are " + llvm::Twine(rows) + ", and '" + reader.name +
                                                       "' has angles for " + llvm::Twine(length) +
                                                       "; expected a 'length' of at least " + llvm::Twine(rows));
  diagnostics.note(other.positions ? other.positions->range : other.input->range, "the positions of '" + target.name + "'");
  if (own.positions)
    diagnostics.note(own.positions->range, "the positions of '" + reader.name + "'");
}

void SpecReader::checkParts(size_t index) {
  const Stack &reader = model.stacks[index];
  for (auto [name, node] : llvm::zip_equal(reader.input.parts, stackPlaces[index].parts)) {
    const Stack &part = *model.findStack(name);
    if (model.widthOf(part) == model.widthOf(reader))
      continue;
    diagnostics.error(node->range, "the rows of '" + name + "' have " + llvm::Twine(model.widthOf(part)) +
                                       " components and those of '" + reader.name + "' " +
                                       llvm::Twine(model.widthOf(reader)) +
                                       "; the parts of an input are as wide as "
                                       "its stack");
    const StackPlace &place = stackPlaces[&part - model.stacks.data()];
    diagnostics.note(place.width ? place.width->range : place.name, "the width of '" + name + "'");
  }
  if (reader.input.parts.empty())
    return;
  checkPartLengths(index);
  for (const AttentionPlace &place : attentionPlaces)
    if (place.stack == index && !place.sources.empty()) {
      diagnostics.error(place.sources.front()->range, "'from' in a stack whose input is other stacks: its keys are the "
                                                      "rows of all parts; make '" +
                                                          place.attention.sources.front().stack + "' a part");
      diagnostics.note(stackPlaces[index].input->range, "the input of '" + reader.name + "'");
    }
}

/// Positions of the whole are enough for all rows that its parts can have: those are what a caller is held to.
void SpecReader::checkPartLengths(size_t index) {
  const Stack &reader = model.stacks[index];
  int64_t length = reader.input.positions.length;
  bool reads = reader.input.positions.kind != PositionKind::None;
  forEachAttention(reader,
                   [&](const AttentionSublayer &attention) { reads |= rotaryOf(reader, attention).has_value(); });
  if (!reads)
    return;
  CheckedSize rows(0);
  std::vector<const Stack *> targets;
  for (const std::string &part : reader.input.parts) {
    targets.push_back(targetOf(model, *model.findStack(part)));
    rows += targets.back()->input.positions.length;
  }
  const Stack *endless = nullptr;
  for (const Stack *target : targets)
    if (target->input.positions.length == 0)
      endless = target;
  if (!endless && rows <= CheckedSize(length))
    return;
  llvm::SMRange range = stackPlaces[index].positions ? stackPlaces[index].positions->range : stackPlaces[index].name;
  if (endless)
    diagnostics.error(range, "positions: there are " + llvm::Twine(length) + " of the whole, but the rows of '" +
                                 endless->name + "' have no limit; write 'positions: {kind: none, length: n}' there");
  else
    diagnostics.error(range, "positions: length (" + llvm::Twine(length) + ") is below the " +
                                 llvm::Twine(rows.as<int64_t>().value_or(maximumExtent)) +
                                 " rows that the parts may have together");
  for (const Stack *target : targets)
    if (!endless || target == endless)
      diagnostics.note(stackPlaces[target - model.stacks.data()].input->range,
                       "'" + target->name + "' has " +
                           (endless ? "any number" : "up to " + std::to_string(target->input.positions.length)));
}
