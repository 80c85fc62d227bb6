//===- GrowthReader.cpp - Which stacks go on token by token ---------------===//

#include "expressions/Analysis.h"
#include "spec/Reader.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLExtras.h"

using namespace tenon;
using namespace tenon::spec;

void SpecReader::checkGrowth() {
  grows = growingStacks(model);
  for (const AttentionPlace &place : attentionPlaces) {
    for (size_t source = 0; source < place.sources.size(); ++source)
      checkGrowingSource(place, source);
    checkEarlierRows(place);
    checkPrefixMask(place);
  }
  for (size_t index = 0; index < model.stacks.size(); ++index) {
    checkGrowingParts(index);
    checkPrefix(index);
    if (model.stacks[index].cache && !grows[index])
      diagnostics.error(stackPlaces[index].cache->range,
                        "'cache: true' is for a stack that goes on token by token; " +
                            whyNotCausal(model.stacks[index], "'" + model.stacks[index].name + "'"));
    if (!grows[index] || model.stacks[index].input.features == 0)
      continue;
    diagnostics.error(stackPlaces[index].input->range, "stack '" + model.stacks[index].name +
                                                           "' goes on token by token, " + whyItGrows(index) +
                                                           "; features are all there at once");
    noteWhyItGrows(index);
  }
  checkOneChain();
  for (size_t index = 0; index < model.stacks.size(); ++index)
    checkKeeping(index);
  checkReaders();
}

/// Whether a stack keeps something for rows to come.
static bool keepsRows(const Stack &stack) {
  bool keeps = false;
  forEachSublayer(stack, [&]<typename Kind>(const Kind &) {
    if constexpr (KeyedSublayer<Kind>)
      keeps |= !Kind::order.empty();
    else
      keeps = true;
  });
  return keeps;
}

/// What goes on from rows keeps something of them. The last part of an input may leave it to the stack that has it.
void SpecReader::checkKeeping(size_t index) {
  bool isLastPart = model.stacks[index].input.parts.empty() && growsWith(index);
  if (!grows[index] || isLastPart || keepsRows(model.stacks[index]))
    return;
  diagnostics.error(stackPlaces[index].name, "stack '" + model.stacks[index].name + "' goes on token by token, " +
                                                 whyItGrows(index) +
                                                 ", but keeps nothing of its rows; expected a sublayer that does, an "
                                                 "attention for example");
  noteWhyItGrows(index);
}

std::optional<size_t> SpecReader::growsWith(size_t index) const {
  for (size_t other = 0; other < model.stacks.size(); ++other)
    if (const std::vector<std::string> &parts = model.stacks[other].input.parts;
        grows[other] && !parts.empty() && parts.back() == model.stacks[index].name)
      return other;
  return std::nullopt;
}

std::string SpecReader::whyItGrows(size_t index) const {
  if (model.head && model.head->stack == model.stacks[index].name)
    return "because it has the head";
  if (model.stacks[index].cache)
    return "because it has 'cache: true'";
  std::optional<size_t> whole = growsWith(index);
  return whole ? "because it is the last part of '" + model.stacks[*whole].name + "', which does" : "";
}

void SpecReader::noteWhyItGrows(size_t index) {
  if (model.head && model.head->stack == model.stacks[index].name)
    diagnostics.note(headPlace->range, "the head");
  else if (model.stacks[index].cache)
    diagnostics.note(stackPlaces[index].cache->range, "the cache");
  else if (std::optional<size_t> whole = growsWith(index))
    diagnostics.note(stackPlaces[*whole].parts.back()->range, "the part");
}

void SpecReader::checkGrowingSource(const AttentionPlace &place, size_t source) {
  const std::string &name = place.attention.sources[source].stack;
  size_t index = model.findStack(name) - model.stacks.data();
  if (!grows[index])
    return;
  diagnostics.error(place.sources[source]->range, "stack '" + name + "' goes on token by token, " + whyItGrows(index) +
                                                      "; keys and values come from a stack that reads its input as a "
                                                      "whole");
  noteWhyItGrows(index);
}

/// The last part of a growing stack grows with it, and nothing else that it reads does.
void SpecReader::checkGrowingParts(size_t index) {
  const Stack &reader = model.stacks[index];
  for (auto [name, node] : llvm::zip_equal(reader.input.parts, stackPlaces[index].parts)) {
    const Stack &part = *model.findStack(name);
    size_t number = &part - model.stacks.data();
    bool last = name == reader.input.parts.back();
    if (grows[number] && !(last && grows[index])) {
      diagnostics.error(node->range,
                        "stack '" + name + "' goes on token by token, " + whyItGrows(number) +
                            (!last              ? "; only the last part of an input can"
                             : isCausal(reader) ? "; so has '" + reader.name + "' to, with the head or 'cache: true'"
                                                : "; " + whyNotCausal(reader, "'" + reader.name + "', which reads it,")));
      noteWhyItGrows(number);
    } else if (last && grows[index] && !isCausal(part)) {
      diagnostics.error(node->range, "stack '" + reader.name + "' goes on token by token, " + whyItGrows(index) +
                                         ", and its last part with it; " + whyNotCausal(part, "'" + name + "'"));
      noteWhyItGrows(index);
    }
  }
}

/// What a prefix gives are first rows of a stack's own, of which there are no others before.
void SpecReader::checkPrefix(size_t index) {
  const Stack &stack = model.stacks[index];
  const YamlNode *prefix = stackPlaces[index].prefix;
  if (!prefix)
    return;
  if (!isName(stack.prefix, "_-"))
    diagnostics.error(prefix->range, "prefix: '" + stack.prefix +
                                         "' does not name a source: expected a letter or '_', "
                                         "then letters, digits, '_' and '-', at most 200 in all");
  if (const Stack *other = model.findStack(stack.prefix)) {
    diagnostics.error(prefix->range, "'prefix: " + stack.prefix + "' has the name of a stack; it names tokens that '" +
                                         stack.name +
                                         "' reads itself, and another stack's states are read with 'from'");
    diagnostics.note(stackPlaces[other - model.stacks.data()].name, "the stack");
  } else if (!grows[index]) {
    diagnostics.error(prefix->range, "'prefix' is for a stack that goes on token by token; '" + stack.name +
                                         "' has neither the head nor 'cache: true', or lets a query see later keys");
  } else if (!stack.input.parts.empty() || growsWith(index)) {
    diagnostics.error(prefix->range, "'prefix' is for a stack that goes on by itself; what '" + stack.name +
                                         "' reads is joined with other stacks' rows, which come before");
    diagnostics.note(stackPlaces[growsWith(index).value_or(index)].input->range, "the input");
  }
  for (const AttentionPlace &place : attentionPlaces) {
    if (place.stack != index || place.sources.empty())
      continue;
    diagnostics.error(prefix->range, "a stack with a prefix has no other source; '" + stack.name +
                                         "' takes keys from '" + place.attention.sources.front().stack + "' too");
    diagnostics.note(place.sources.front()->range, "which it does here");
    return;
  }
}

void SpecReader::checkPrefixMask(const AttentionPlace &place) {
  if (place.prefixMask && !stackPlaces[place.stack].prefix)
    diagnostics.error(place.prefixMask->range, "prefix_mask: stack '" + model.stacks[place.stack].name +
                                                   "' has no prefix whose rows it could be for: write 'prefix: NAME'");
  if (!place.prefixMask || place.attention.prefixMask.empty() || model.stacks[place.stack].input.types == 0)
    return;
  diagnostics.error(place.prefixMask->range, "prefix_mask: a prefix with masks of its own is tokens alone; the input of '" +
                                                 model.stacks[place.stack].name + "' has types too");
  diagnostics.note(stackPlaces[place.stack].input->range, "the input");
}

/// Rows of the parts before the last are there before its first row, so that none of them can see one.
void SpecReader::checkEarlierRows(const AttentionPlace &place) {
  const Stack &stack = model.stacks[place.stack];
  if (!grows[place.stack])
    return;
  auto last = static_cast<int32_t>(stack.input.parts.size()) - 1;
  for (int32_t part = 0; part < last; ++part) {
    if (!expressions::seesLaterKeys(std::string_view(place.attention.mask), {/*key=*/last, /*query=*/part}))
      continue;
    diagnostics.error(place.mask ? place.mask->range : place.node->range,
                      "mask: a row of '" + stack.input.parts[part] + "', which is there before the first of '" +
                          stack.input.parts.back() +
                          "', may see it; write 'causal', or {prefix: " + stack.input.parts[last - 1] + "}");
    diagnostics.note(stackPlaces[place.stack].parts.back()->range,
                     "'" + stack.input.parts.back() + "' goes on token by token with '" + stack.name + "'");
    return;
  }
}

/// Two stacks that go on are not told which of them the next token is for.
void SpecReader::checkOneChain() {
  std::optional<size_t> first;
  for (size_t index = 0; index < model.stacks.size(); ++index) {
    if (!grows[index] || growsWith(index))
      continue;
    if (!first) {
      first = index;
      continue;
    }
    diagnostics.error(stackPlaces[index].name, "stack '" + model.stacks[index].name + "' goes on token by token, " +
                                                   whyItGrows(index) + ", and so does '" + model.stacks[*first].name +
                                                   "'; a model has one such stack, or one and its last part");
    noteWhyItGrows(*first);
  }
}

/// A part that grows has its rows as those of the whole.
void SpecReader::checkReaders() {
  auto check = [&](llvm::StringRef name, llvm::StringRef what, const YamlNode *node) {
    const Stack *stack = node ? model.findStack(name) : nullptr;
    std::optional<size_t> whole = stack ? growsWith(stack - model.stacks.data()) : std::nullopt;
    if (!whole)
      return;
    diagnostics.error(node->range, what + ": stack '" + name + "' goes on token by token as the last part of '" +
                                       model.stacks[*whole].name + "'; write 'stack: " + model.stacks[*whole].name +
                                       "'");
    diagnostics.note(stackPlaces[*whole].parts.back()->range, "the part");
  };
  if (model.head)
    check(model.head->stack, "head", headPlace);
  if (model.pooling)
    check(model.pooling->stack, "pooling", poolingPlace);
}
