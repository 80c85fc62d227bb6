//===- Knobs.cpp - The table of knobs -------------------------------------===//

#include "space/Knobs.h"
#include "expressions/Expression.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace tenon;
using namespace tenon::space;

std::vector<Knob> tenon::space::knobsOf(const spec::Model &model) {
  std::vector<Knob> knobs;
  for (auto add : {addStackCount, addSourceStates, addMerges, addConcats, addInputMasks, addPositions,
                   addSharedAttention, addSharedStacks, addSharedLayers})
    add(model, knobs);
  return knobs;
}

spec::Stack &tenon::space::stackNamed(spec::Model &model, const std::string &name) {
  for (spec::Stack &stack : model.stacks)
    if (stack.name == name)
      return stack;
  llvm_unreachable("knobs are about stacks of their model");
}

std::vector<const spec::AttentionSublayer *> tenon::space::attentionsOf(const spec::Stack &stack) {
  std::vector<const spec::AttentionSublayer *> list;
  spec::forEachAttention(stack, [&](const spec::AttentionSublayer &attention) {
    if (llvm::none_of(list, [&](const spec::AttentionSublayer *other) { return other->name == attention.name; }))
      list.push_back(&attention);
  });
  return list;
}

const spec::AttentionSublayer *tenon::space::findAttention(const spec::Stack &stack, const std::string &name) {
  for (const spec::AttentionSublayer *attention : attentionsOf(stack))
    if (attention->name == name)
      return attention;
  return nullptr;
}

static void changeAttentions(spec::Block &block, llvm::function_ref<void(spec::AttentionSublayer &)> change) {
  for (spec::Sublayer &sublayer : block) {
    if (auto *attention = std::get_if<spec::AttentionSublayer>(&sublayer))
      change(*attention);
    if (auto *parallel = std::get_if<spec::ParallelSublayer>(&sublayer))
      for (auto &inner : parallel->block)
        if (auto *attention = std::get_if<spec::AttentionSublayer>(&inner))
          change(*attention);
  }
}

void tenon::space::changeAttentions(spec::Stack &stack, llvm::function_ref<void(spec::AttentionSublayer &)> change) {
  ::changeAttentions(stack.block, change);
  for (spec::Block &block : stack.cycle)
    ::changeAttentions(block, change);
}

void tenon::space::changeAttentions(spec::Stack &stack, const std::string &name,
                                    llvm::function_ref<void(spec::AttentionSublayer &)> change) {
  changeAttentions(stack, [&](spec::AttentionSublayer &attention) {
    if (attention.name == name)
      change(attention);
  });
}

std::string tenon::space::maskOfSegment(const std::string &mask, int32_t segment, int32_t querySegment) {
  if (mask.empty())
    return "";
  using expressions::Operation;
  expressions::Expression simple = expressions::parse(std::string_view(mask), expressions::Kind::Mask)
                                       ->with(Operation::Segment, segment)
                                       .with(Operation::QuerySegment, querySegment)
                                       .simplified();
  return simple.isNeutral() ? "" : simple.print();
}
