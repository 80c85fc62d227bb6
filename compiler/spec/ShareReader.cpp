//===- ShareReader.cpp - Parameters that are others in their place --------===//

#include "spec/Parameters.h"
#include "spec/Reader.h"
#include "llvm/ADT/StringSet.h"

using namespace tenon;
using namespace tenon::spec;

static constexpr size_t maximumShares = 64, maximumShareBytes = 1000;

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
  for (size_t i = 0; i < model.shares.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (!model.shares[i].parameters.empty() && model.shares[i].parameters == model.shares[j].parameters) {
        diagnostics.error(node.items[i].range, "share: a second rule for '" + model.shares[i].parameters + "'");
        diagnostics.note(node.items[j].range, "the first one");
      }
  // Only now it is known which of the sources have tensors of their own.
  if (!diagnostics.hasErrors())
    checkShares(node);
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
    return !path.empty() && path.size() <= maximumShareBytes && path.count('*') <= 1 && !path.starts_with(".") &&
           !path.ends_with(".") && !path.contains("..") && path.find_first_of(" =\t") == llvm::StringRef::npos;
  };
  if (!isPath(share.parameters) || !isPath(share.source))
    diagnostics.error(node.range,
                      "share: expected \"PARAMETERS = SOURCE\", the beginnings of parameters' names up to a "
                      "dot, found " +
                          describe(node));
  else if (llvm::StringRef(share.source).contains('*') && !llvm::StringRef(share.parameters).contains('*'))
    diagnostics.error(node.range,
                      "share: '" + share.source + "' has a '*' for the layer, but '" + share.parameters + "' has none");
  else if (Sharing::withoutLayer(share.parameters) != share.parameters)
    diagnostics.error(node.range, "share: '" + share.parameters + "' is one layer's; all layers share: write '" +
                                      Sharing::withoutLayer(share.parameters) + "'");
}

/// "[2, 3] in 4 layers".
static std::string shapeOf(const Parameter &parameter) {
  std::string text;
  for (int64_t extent : parameter.shape)
    text += (text.empty() ? "[" : ", ") + std::to_string(extent);
  text += "]";
  return parameter.layers ? text + " in " + std::to_string(parameter.layers) + " layers" : text;
}

/// The beginning of a parameter's name that is most like `path`, for a message.
static std::string nearestPath(llvm::StringRef path, const std::vector<Parameter> &places) {
  llvm::StringSet<> paths;
  for (const Parameter &place : places)
    for (size_t dot = llvm::StringRef(place.name).find('.'); dot != llvm::StringRef::npos;
         dot = llvm::StringRef(place.name).find('.', dot + 1))
      paths.insert(llvm::StringRef(place.name).take_front(dot));
  std::vector<llvm::StringRef> sorted(paths.keys().begin(), paths.keys().end());
  llvm::sort(sorted);
  return nearest(path, sorted).str();
}

void SpecReader::checkShares(const YamlNode &node) {
  std::vector<Parameter> places = placesOfParameters(model);
  llvm::StringMap<const Parameter *> byName;
  for (const Parameter &place : places)
    byName[place.name] = &place;
  Sharing sharing = sharingOf(model);
  std::vector<bool> used(model.shares.size());
  for (const Parameter &place : places) {
    std::optional<size_t> rule = sharing.ruleOf(place.name);
    if (!rule || diagnostics.isFull())
      continue;
    used[*rule] = true;
    checkShared(place, node, byName, sharing);
  }
  for (size_t index = 0; index < used.size() && !diagnostics.isFull(); ++index) {
    if (used[index])
      continue;
    const std::string &path = model.shares[index].parameters;
    std::string meant = nearestPath(path, places);
    bool covered = llvm::any_of(places, [&](const Parameter &place) {
      return llvm::StringRef(place.name).starts_with(path + ".") || place.name == path;
    });
    diagnostics.error(node.items[index].range, covered ? "share: longer rules leave no parameter to '" + path + "'"
                                                       : "share: the model has no parameter that begins with '" + path +
                                                             "'" +
                                                             (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
  }
}

/// One parameter that a rule is for.
void SpecReader::checkShared(const Parameter &place, const YamlNode &shares,
                             const llvm::StringMap<const Parameter *> &places, Sharing &sharing) {
  size_t rule = *sharing.ruleOf(place.name);
  const YamlNode &node = shares.items[rule];
  std::string name = sharing.replaced(rule, place.name);
  if (name == place.name)
    return; // It keeps its own, whatever shorter rules say.
  std::string would = "share: '" + place.name + "' would be '";
  std::optional<std::string> end = sharing.resolve(name);
  if (!end) {
    diagnostics.error(node.range, would + name + "', which is shared in a circle");
    if (std::optional<size_t> next = sharing.ruleOf(name))
      diagnostics.note(shares.items[*next].range, "the rule for '" + name + "'");
    return;
  }
  std::string plain = Sharing::withoutLayer(*end);
  const Parameter *source = places.lookup(plain);
  if (!source) {
    diagnostics.error(node.range, would + *end + "', which the model does not have");
    return;
  }
  bool oneLayer = plain != *end;
  int64_t layer = 0;
  if (oneLayer)
    llvm::StringRef(*end).split(".layers.").second.split('.').first.getAsInteger(10, layer);
  std::string stack = llvm::StringRef(*end).split('.').first.str(), layers = stack + ".layers.";
  if (oneLayer && layer >= source->layers)
    diagnostics.error(node.range, would + *end + "'; stack '" + stack + "' has " + std::to_string(source->layers) +
                                      " layers, from 0 on");
  else if (oneLayer && sharing.resolve(plain) != end)
    diagnostics.error(node.range, would + *end + "', of which every layer has its own; share '" + layers +
                                      "* = " + layers + std::to_string(layer) + "' too");
  else if (source->shape != place.shape || (!oneLayer && source->layers != place.layers))
    diagnostics.error(node.range, "share: '" + place.name + "' is " + shapeOf(place) + " and '" + *end + "' is " +
                                      shapeOf(*source) + "; only parameters of one shape can be shared");
}
