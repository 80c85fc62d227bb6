//===- AttentionKnobs.cpp - What an attention reads, and sees -------------===//

#include "expressions/Sugar.h"
#include "space/Knobs.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tenon;
using namespace tenon::space;
using namespace tenon::spec;

//===----------------------------------------------------------------------===//
// Which state of a source
//===----------------------------------------------------------------------===//

static constexpr char kFinal[] = "final", kSameLayer[] = "same-layer";

static std::string valueOf(const Stack &reader, const Stack &stack, const Source &source) {
  std::vector<int64_t> layers = sourceLayers(reader, source);
  if (layers.empty())
    return kFinal;
  bool same = reader.layers == stack.layers &&
              llvm::all_of(llvm::enumerate(layers), [](auto pair) { return pair.value() == int64_t(pair.index()); });
  return same ? kSameLayer : "layers [" + llvm::join(llvm::map_range(layers, llvm::itostr), ", ") + "]";
}

/// A layer of the source for each of the reader's, evenly spaced.
static std::vector<int64_t> spread(int64_t readers, int64_t layers) {
  std::vector<int64_t> list;
  for (int64_t i = 0; i < readers; ++i)
    list.push_back(i * layers / readers);
  return list;
}

static Knob sourceState(const Model &model, const Stack &reader, const AttentionSublayer &attention,
                        const Source &source) {
  const Stack &stack = *model.findStack(source.stack);
  // A state that is read before a last norm passes one of the reader's, which is shared with all others or is not.
  bool shared = sharesAttention(model, reader, attention);
  Knob knob{"source",
            reader.name + "." + attention.name + " from " + stack.name,
            valueOf(reader, stack, source),
            kFinal,
            kSameLayer,
            {}};
  std::vector<Source> states{{stack.name, SourceState::Final}, {stack.name, SourceState::SameLayer}};
  if (reader.layers != stack.layers)
    states.push_back({stack.name, SourceState::Layers, spread(reader.layers, stack.layers)});
  for (const Source &state : states) {
    // Stacks of different depth have none: the reader says so, and what would be legal.
    std::string value = state.state == SourceState::SameLayer ? kSameLayer : valueOf(reader, stack, state);
    if (value == knob.value)
      continue;
    knob.turns.push_back({value, [=, reader = reader.name, name = attention.name](Model &model) {
                            changeAttentions(stackNamed(model, reader), name, [&](AttentionSublayer &changed) {
                              for (Source &each : changed.sources)
                                if (each.stack == state.stack)
                                  each = state;
                            });
                            if (shared)
                              shareAttention(model, reader, name);
                          }});
  }
  return knob;
}

void tenon::space::addSourceStates(const Model &model, std::vector<Knob> &knobs) {
  for (const Stack &reader : model.stacks)
    for (const AttentionSublayer *attention : attentionsOf(reader))
      for (const Source &source : attention->sources)
        knobs.push_back(sourceState(model, reader, *attention, source));
}

//===----------------------------------------------------------------------===//
// Which rows of the input see which
//===----------------------------------------------------------------------===//

namespace {

/// The masks of rows that are there before any is written, as a choice: all see all, or none sees a later one.
struct InputMask {
  std::string bidirectional, causal; ///< As the spec holds them.
};

} // namespace

/// Of an attention whose queries are such rows; nothing where they are not.
static std::optional<InputMask> inputMaskOf(const Stack &stack, const AttentionSublayer &attention, bool grows) {
  if (!attention.hasOwnKeys())
    return std::nullopt;
  int32_t own = ownSegment(stack, attention);
  expressions::Expression causal = expressions::causal();
  // Of a stack that grows only the rows of other parts are.
  if (grows)
    return own > 0 && !stack.input.parts.empty()
               ? std::optional(InputMask{expressions::fromSegment(own, causal).print(), causal.print()})
               : std::nullopt;
  return InputMask{"", attention.joint ? expressions::fromSegment(own, causal).print() : causal.print()};
}

/// Rows of a prefix are there before any is written too.
static void addPrefixMask(const Stack &stack, const AttentionSublayer &attention, std::vector<Knob> &knobs) {
  constexpr char kAll[] = "true";
  std::string causal = expressions::causal().print();
  auto named = [&](const std::string &mask) {
    return mask == kAll ? "bidirectional" : mask == causal ? "causal" : mask;
  };
  const std::string &mask = attention.prefixMask.empty() ? attention.mask : attention.prefixMask;
  Knob knob{"input mask", stack.name + "." + attention.name, named(mask), "bidirectional", "causal", {}};
  for (const std::string &other : {std::string(kAll), causal})
    if (other != mask)
      knob.turns.push_back({named(other), [=, stack = stack.name, name = attention.name](Model &changed) {
                              changeAttentions(stackNamed(changed, stack), name,
                                               [&](AttentionSublayer &each) { each.prefixMask = other; });
                            }});
  knobs.push_back(std::move(knob));
}

void tenon::space::addInputMasks(const Model &model, std::vector<Knob> &knobs) {
  for (auto [stack, grows] : llvm::zip_equal(model.stacks, growingStacks(model)))
    for (const AttentionSublayer *attention : attentionsOf(stack)) {
      if (!stack.prefix.empty())
        addPrefixMask(stack, *attention, knobs);
      std::optional<InputMask> masks = inputMaskOf(stack, *attention, grows);
      if (!masks)
        continue;
      auto named = [&](const std::string &mask) {
        return mask == masks->bidirectional ? "bidirectional" : mask == masks->causal ? "causal" : mask;
      };
      Knob knob{
          "input mask", stack.name + "." + attention->name, named(attention->mask), "bidirectional", "causal", {}};
      for (const std::string &mask : {masks->bidirectional, masks->causal})
        if (mask != attention->mask)
          knob.turns.push_back({named(mask), [=, stack = stack.name, name = attention->name](Model &changed) {
                                  changeAttentions(stackNamed(changed, stack), name,
                                                   [&](AttentionSublayer &each) { each.mask = mask; });
                                }});
      knobs.push_back(std::move(knob));
    }
}
