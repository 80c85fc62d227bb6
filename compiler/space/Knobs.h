//===- Knobs.h - The kinds of knob ------------------------------*- C++ -*-===//

#ifndef TENON_SPACE_KNOBS_H
#define TENON_SPACE_KNOBS_H

#include "space/Knob.h"
#include "spec/Stacks.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tenon::space {

// Each adds the knobs of one kind that a model has.

// StackKnobs.cpp
void addStackCount(const spec::Model &model, std::vector<Knob> &knobs);
void addPositions(const spec::Model &model, std::vector<Knob> &knobs);
// AttentionKnobs.cpp
void addSourceStates(const spec::Model &model, std::vector<Knob> &knobs);
void addInputMasks(const spec::Model &model, std::vector<Knob> &knobs);
// MergeKnobs.cpp
void addMerges(const spec::Model &model, std::vector<Knob> &knobs);
// ConcatKnobs.cpp
void addConcats(const spec::Model &model, std::vector<Knob> &knobs);
// ShareKnobs.cpp
void addSharedAttention(const spec::Model &model, std::vector<Knob> &knobs);
void addSharedStacks(const spec::Model &model, std::vector<Knob> &knobs);
void addSharedLayers(const spec::Model &model, std::vector<Knob> &knobs);

/// The stack of a name that the model has.
spec::Stack &stackNamed(spec::Model &model, const std::string &name);

/// The first attention of a name in a stack's blocks, in parallel or not; null where there is none.
const spec::AttentionSublayer *findAttention(const spec::Stack &stack, const std::string &name);

/// Calls `change` for all attentions in all blocks of the stack, or for those of a name.
void changeAttentions(spec::Stack &stack, llvm::function_ref<void(spec::AttentionSublayer &)> change);
void changeAttentions(spec::Stack &stack, const std::string &name,
                      llvm::function_ref<void(spec::AttentionSublayer &)> change);

/// Attentions of a stack, those of one name once: in the blocks of a cycle they have the same sources and parameters.
std::vector<const spec::AttentionSublayer *> attentionsOf(const spec::Stack &stack);

/// The attention to the stack's own rows that `attention`, which attends to sources alone, would be one softmax with:
/// it stands in the same block, before it, and differs in nothing but what it attends to. Null where there is none.
const spec::AttentionSublayer *partnerOf(const spec::Stack &stack, const spec::AttentionSublayer &attention);

/// What makes the rows that `attention` has of sources, and those of its stack, ones that stand behind each other.
Turn concatenated(const spec::Stack &reader, const spec::AttentionSublayer &attention);

/// Whether the parameter, or the parameters, that `name` is for are among those that `path` is for.
bool isBelow(llvm::StringRef name, llvm::StringRef path);

/// A name for a stack that is to come, and for an attention to sources where the own keys are another's.
std::string unusedName(const spec::Model &model, const std::string &wish);
std::string crossName(const spec::Stack &stack, const std::string &own);

/// Whether all that an attention makes keys and values of its sources with is what the own keys are made with.
bool sharesAttention(const spec::Model &model, const spec::Stack &stack, const spec::AttentionSublayer &attention);
/// Makes it so.
void shareAttention(spec::Model &model, const std::string &stack, const std::string &attention);

/// Takes rules of `share` away that had parameters in `before` and have none any more.
void dropLostRules(const spec::Model &before, spec::Model &model);
/// Takes those away that are about parameters of a stack which it does not have.
void dropEmptyRules(spec::Model &model, const std::string &stack);

/// The canonical text of a mask for keys of one segment, empty where all are seen.
std::string maskOfSegment(const std::string &mask, int32_t segment, int32_t querySegment);

} // namespace tenon::space

#endif // TENON_SPACE_KNOBS_H
