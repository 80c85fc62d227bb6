//===- ModelPicture.cpp - What a model is made of -------------------------===//

#include "explain/ModelPicture.h"

#include "llvm/ADT/SmallVector.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::explain;

namespace {

/// Calls visit(sublayer, place, sublayers within) for each sublayer of a stack, with its place in the spec.
class StackWalk {
public:
  explicit StackWalk(const spec::Stack &stack) : stack(stack) {}

  template <typename Visitor> void blocks(Visitor &&visit) {
    if (stack.cycle.empty())
      visit(stack.block);
    for (const spec::Block &block : stack.cycle)
      visit(block);
  }

  /// That of the next sublayer, in the order of the spec.
  spec::Place next() {
    return number < stack.sublayerPlaces.size() ? stack.sublayerPlaces[number++] : spec::Place();
  }

private:
  const spec::Stack &stack;
  size_t number = 0;
};

template <typename Variant> std::string nameOf(const Variant &sublayer) {
  return std::visit([](const auto &each) { return each.name; }, sublayer);
}

StringRef stateName(spec::SourceState state) {
  switch (state) {
  case spec::SourceState::Final:
    return "final";
  case spec::SourceState::SameLayer:
    return "same-layer";
  case spec::SourceState::Layers:
    return "layers";
  }
  llvm_unreachable("source of no state");
}

class Picture {
public:
  Picture(const spec::Model &model, StringRef text) : model(model) { text.split(lines, '\n'); }

  json::Object draw() {
    json::Array stacks;
    for (const spec::Stack &stack : model.stacks)
      stacks.push_back(drawStack(stack));
    json::Object picture{{"width", model.width}, {"stacks", std::move(stacks)}};
    if (model.head)
      picture["head"] = json::Object{{"stack", model.head->stack}, {"tied", model.head->tied}};
    if (model.pooling)
      picture["pooling"] = json::Object{{"stack", model.pooling->stack}};
    return picture;
  }

private:
  /// The line, without what makes it an element of a list.
  std::string lineText(unsigned line) const {
    if (line == 0 || line > lines.size())
      return "";
    StringRef text = lines[line - 1].trim();
    text.consume_front("- ");
    return text.str();
  }

  json::Object placed(spec::Place place) const {
    return json::Object{{"line", static_cast<int64_t>(place.line)}, {"text", lineText(place.line)}};
  }

  template <typename Sublayer>
  json::Object drawSublayer(const Sublayer &sublayer, ArrayRef<std::string_view> kinds, spec::Place place) const {
    json::Object object = placed(place);
    object["kind"] = std::string(kinds[sublayer.index()]);
    object["name"] = nameOf(sublayer);
    if (const auto *attention = std::get_if<spec::AttentionSublayer>(&sublayer)) {
      json::Array sources;
      for (const spec::Source &source : attention->sources)
        sources.push_back(json::Object{{"stack", source.stack}, {"state", stateName(source.state)}});
      object["sources"] = std::move(sources);
      object["joint"] = attention->joint;
    }
    return object;
  }

  json::Array drawBlock(const spec::Block &block, StackWalk &walk) const {
    json::Array sublayers;
    for (const spec::Sublayer &sublayer : block) {
      json::Object object = drawSublayer(sublayer, spec::sublayerKinds, walk.next());
      if (const auto *parallel = std::get_if<spec::ParallelSublayer>(&sublayer)) {
        json::Array within;
        for (const spec::SingleSublayer &each : parallel->block)
          within.push_back(drawSublayer(each, spec::singleSublayerKinds, walk.next()));
        object["parallel"] = std::move(within);
      }
      sublayers.push_back(std::move(object));
    }
    return sublayers;
  }

  json::Object drawStack(const spec::Stack &stack) const {
    json::Array blocks;
    StackWalk walk(stack);
    walk.blocks([&](const spec::Block &block) { blocks.push_back(drawBlock(block, walk)); });
    json::Object object = placed(stack.place);
    object["name"] = stack.name;
    object["width"] = model.widthOf(stack);
    object["layers"] = stack.layers;
    object["blocks"] = std::move(blocks);
    object["parts"] = json::Array(stack.input.parts);
    object["input"] = placed(stack.inputPlace);
    if (!stack.prefix.empty())
      object["prefix"] = stack.prefix;
    return object;
  }

  const spec::Model &model;
  SmallVector<StringRef> lines;
};

} // namespace

json::Object explain::modelPicture(const spec::Model &model, StringRef text) { return Picture(model, text).draw(); }

/// The line of the sublayer with a name.
static unsigned lineOfSublayer(const spec::Stack &stack, StringRef name) {
  unsigned line = 0;
  StackWalk walk(stack);
  auto look = [&](const auto &sublayer) {
    spec::Place place = walk.next();
    if (line == 0 && nameOf(sublayer) == name)
      line = place.line;
  };
  walk.blocks([&](const spec::Block &block) {
    for (const spec::Sublayer &sublayer : block) {
      look(sublayer);
      if (const auto *parallel = std::get_if<spec::ParallelSublayer>(&sublayer))
        for (const spec::SingleSublayer &each : parallel->block)
          look(each);
    }
  });
  return line;
}

unsigned explain::lineOfParameter(const spec::Model &model, StringRef parameter) {
  for (const spec::Stack &stack : model.stacks) {
    StringRef rest = parameter;
    if (!rest.consume_front(stack.name) || !rest.consume_front("."))
      continue;
    if (rest.consume_front("layers.*."))
      return lineOfSublayer(stack, rest.split('.').first);
    return rest.starts_with("input.") ? stack.inputPlace.line : stack.place.line;
  }
  return 0;
}
