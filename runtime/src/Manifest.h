//===- Manifest.h - What a library says of itself ---------------*- C++ -*-===//
//
// The part of the manifest (docs/library.md) that running a model needs.
//
//===----------------------------------------------------------------------===//

#ifndef TENON_RUNTIME_MANIFEST_H
#define TENON_RUNTIME_MANIFEST_H

#include "ChatTemplate.h"
#include "GenerationDefaults.h"
#include "audio/Format.h"
#include "tenon/tenon.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

/// The bytes of one element.
size_t elementBytes(tenon_type type);
/// "f32"; "type 77" for a number that is no type.
std::string typeName(tenon_type type);

/// One extent of a tensor: a number, or one of the entry point's dims.
struct Extent {
  int64_t fixed = 0;
  int dim = -1; ///< index into Entry::dims; -1 where `fixed` is meant
};

/// What an input or output of an entry point is; docs/library.md describes each.
enum class Role : uint8_t {
  None,
  Tokens,
  Lengths,
  Types,
  Features,
  PromptLengths,
  Past,
  Pages,
  Rows,
  SourceLengths,
  Logits,
  AllLogits,
  Hidden,
  Embedding
};

/// "prompt_lengths".
std::string_view roleName(Role role);

struct TensorType {
  std::string name;
  tenon_type type = TENON_F32;
  std::vector<Extent> shape;
  bool optional = false;
  Role role = Role::None;
  std::string stack; ///< whose rows it is about; "" where the model has one stack
  std::string pool;  ///< of a page table
  int encode = -1;   ///< index of the entry point that makes its stack's hidden states; -1 for none
  int source = -1;   ///< index into Manifest::sources of its stack; -1 where that is not a source
  size_t table = 0;  ///< of a page table: its place among those of its stack
};

/// What an entry point takes; 0 for what the manifest does not limit.
struct Limits {
  int64_t vocab = 0;
  int64_t positions = 0;
  int64_t types = 0;
  int64_t fewestRows = 0; ///< of features
  int64_t textTokens = 0; ///< most tokens that a text is cut to
  std::string behind;     ///< the stack whose rows come before the first position; "" for none
  int behindSource = -1;  ///< its index into Manifest::sources
};

/// A dim whose value follows from another's: "ceil(length/2)".
struct DerivedDim {
  size_t dim;      ///< index into Entry::dims
  size_t of;       ///< likewise
  int64_t divisor; ///< its value is that of `of` divided by it, rounded up
};

/// Memory that lives from call to call: a pool of pages, `layers` times over. States of one pool have pages in common
/// numbers.
struct StateType {
  std::string name;
  int64_t layers = 0;
  int pagesDim = -1; ///< index into Entry::dims
  int64_t pageFloats = 0;
  int64_t window = 0; ///< how many own keys up to its own a query sees; 0 for all
  size_t pool = 0;    ///< index into Manifest::pools
  size_t place = 0;   ///< its place among the states of that
};

/// Pages that states have in common.
struct PoolType {
  std::string name;
  std::vector<StateType> states;
};

/// A stack that is read before answers are written: one that these attend to, or that such a one attends to.
struct SourceStack {
  std::string name;          ///< "" where the manifest names none
  int encode = -1;           ///< index of the entry point that makes its hidden states; -1 for none
  int lastPart = -1;         ///< of a stack of joined rows: the source whose rows are had of it; -1 for any other
  std::vector<size_t> pools; ///< where its rows are kept, in the order of its page tables
};

struct Entry {
  std::string name;
  std::vector<std::string> dims;
  std::vector<DerivedDim> derived;
  std::vector<TensorType> inputs;
  std::vector<StateType> states;
  std::vector<TensorType> outputs;
  Limits limits;
  std::string prefix; ///< the stack whose rows the entry point's own go on from, as if they were such; "" for none
  int64_t weightBytes = 0; ///< that one call reads; 0 where the manifest does not say

  /// The first of that role; null where there is none.
  const TensorType *input(Role role) const;
  const TensorType *output(Role role) const;
  /// The one of that role that is about that stack.
  const TensorType *input(Role role, std::string_view stack) const;
  /// The last extent of an output, a number; 0 where there is none.
  int64_t width(Role output) const;
  /// How many hidden states an encoder makes of rows of its input.
  int64_t hiddenRows(int64_t rows) const;
  /// Whether the hidden states have a row for each of an input's rows, or for each so and so many.
  bool hasRowsOf(const TensorType &input) const;
  /// Gives derived dims their values, once all others have theirs.
  void derive(std::vector<int64_t> &values) const;
};

/// Tokens that begin and end texts; -1 for one that the model does not have.
struct SpecialTokens {
  int32_t bos = -1;
  int32_t pad = -1;
  std::vector<int32_t> eos;
  bool addBos = false;
  std::vector<int32_t> start;         ///< what an answer about a source begins with, unsaid
  std::vector<int32_t> forced;        ///< what it says first
  std::vector<int32_t> suppress;      ///< what it never says
  std::vector<int32_t> suppressFirst; ///< what it does not say first
  int32_t forcedLast = -1;            ///< what it says last when it may say no more
  std::optional<TimestampTokens> timestamps;
  int32_t noSpeech = -1; ///< its probability after the first of `start`: that nobody speaks
  int32_t previous = -1; ///< stands before earlier text, in front of `start`
};

/// A text that stands before those that are embedded.
struct NamedPrompt {
  std::string name;
  std::string text;
};

struct WeightFileName {
  std::string file;
  uint64_t bytes = 0;
  std::string id;
};

struct Manifest {
  std::string name;
  std::string spec;
  int64_t width = 0;
  std::vector<Entry> entries;
  std::vector<PoolType> pools;
  std::vector<SourceStack> sources; ///< in the order in which callers give them, then those that are made of these
  size_t givenSources = 0;          ///< how many of them callers give
  bool hasPrefix = false;           ///< whether its only source is such a stack
  std::vector<size_t> ownPools;     ///< where rows of what is written are kept, in the order of their page tables
  SpecialTokens tokens;
  GenerationDefaults generation;
  bool lowerCase = false; ///< whether texts are read in lower case
  std::vector<NamedPrompt> prompts;
  std::string defaultPrompt; ///< the name of one of them, or ""
  std::string chatTemplate; ///< "" for none
  std::optional<ChatTokens> chatTokens; ///< what a template knows by name; without it the tokens of `tokens`
  std::optional<AudioFormat> audio;
  size_t kernelCount = 0;
  std::optional<WeightFileName> weights;

  /// Null where there is none of that name.
  const Entry *findEntry(std::string_view wanted) const;
  const NamedPrompt *findPrompt(std::string_view wanted) const;
};

/// Reads a manifest; a Failure of TENON_ERROR_LIBRARY names what is wrong with it.
Manifest parseManifest(std::string_view json);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_MANIFEST_H
