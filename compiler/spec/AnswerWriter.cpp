//===- AnswerWriter.cpp - What comes out behind the stacks ----------------===//

#include "spec/Names.h"
#include "spec/Writer.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace tenon;
using namespace tenon::spec;

static std::string poolingLayer(const PoolingLayer &layer) {
  FlowMapping keys;
  if (const auto *norm = std::get_if<VectorNorm>(&layer)) {
    if (norm->epsilon != VectorNorm().epsilon)
      keys.add("epsilon", shortest(norm->epsilon));
    return norm->unit ? "normalize" : "{norm: " + keys.str() + "}";
  }
  const auto &dense = std::get<DenseLayer>(layer);
  keys.add("size", dense.size);
  if (dense.activation)
    keys.add("activation", activationNames[size_t(*dense.activation)]);
  keys.addFlag("bias", dense.bias, true).addFlag("residual", dense.residual, false);
  return "{dense: " + keys.str() + "}";
}

static std::string poolingLayers(llvm::ArrayRef<PoolingLayer> layers) {
  return bracketed(llvm::map_to_vector(layers, poolingLayer));
}

/// One word by itself, several in brackets.
static std::string poolingKinds(llvm::ArrayRef<PoolingKind> kinds) {
  auto words = llvm::map_to_vector(kinds, [](PoolingKind kind) { return poolingKindNames[size_t(kind)].str(); });
  return words.size() == 1 ? words.front() : bracketed(words);
}

std::string tenon::spec::writePooling(const Pooling &pooling, size_t stacks) {
  FlowMapping keys;
  if (stacks > 1)
    keys.add("stack", scalar(pooling.stack));
  llvm::ArrayRef layers = pooling.layers;
  const auto *last = layers.empty() ? nullptr : std::get_if<VectorNorm>(&layers.back());
  bool normalize = last && last->unit;
  if (!pooling.tokenLayers.empty())
    keys.add("token_layers", poolingLayers(pooling.tokenLayers));
  keys.add("kind", poolingKinds(pooling.kinds));
  if (layers.size() > normalize)
    keys.add("layers", poolingLayers(layers.drop_back(normalize)));
  keys.addFlag("normalize", normalize, false);
  if (pooling.size != 0)
    keys.add("size", pooling.size);
  keys.addFlag("prompt", pooling.prompt, true);
  return keys.str();
}

std::string tenon::spec::writeHead(const Head &head, size_t stacks) {
  FlowMapping keys;
  if (stacks > 1)
    keys.add("stack", scalar(head.stack));
  keys.add("tied", head.tied ? "true" : "false").addFlag("bias", head.bias, false);
  if (head.scale != 1)
    keys.add("scale", shortest(head.scale));
  if (head.softcap != 0)
    keys.add("softcap", shortest(head.softcap));
  return keys.str();
}

/// One id by itself, several in brackets.
static void addIds(FlowMapping &keys, llvm::StringRef key, const std::vector<int64_t> &ids) {
  if (ids.size() == 1)
    keys.add(key, ids.front());
  else if (!ids.empty())
    keys.add(key, "[" + llvm::join(llvm::map_range(ids, llvm::itostr), ", ") + "]");
}

static std::string timestamps(const Timestamps &timestamps) {
  FlowMapping keys;
  keys.add("begin", timestamps.begin).add("none", timestamps.none);
  if (timestamps.step != Timestamps().step)
    keys.add("step", shortest(timestamps.step));
  return keys.str();
}

std::string tenon::spec::writeTokens(const SpecialTokens &tokens) {
  FlowMapping keys;
  if (tokens.bos)
    keys.add("bos", *tokens.bos);
  addIds(keys, "eos", tokens.eos);
  if (tokens.pad)
    keys.add("pad", *tokens.pad);
  keys.addFlag("add_bos", tokens.addBos, false);
  addIds(keys, "start", tokens.start);
  addIds(keys, "forced", tokens.forced);
  addIds(keys, "suppress", tokens.suppress);
  addIds(keys, "suppress_first", tokens.suppressFirst);
  if (tokens.forcedLast)
    keys.add("forced_last", *tokens.forcedLast);
  if (tokens.timestamps)
    keys.add("timestamps", timestamps(*tokens.timestamps));
  if (tokens.noSpeech)
    keys.add("no_speech", *tokens.noSpeech);
  if (tokens.previous)
    keys.add("previous", *tokens.previous);
  return keys.isEmpty() ? "" : keys.str();
}

std::string tenon::spec::writeGeneration(const Generation &generation) {
  FlowMapping keys;
  for (const GenerationNumber &number : generationNumbers)
    if (auto found = generation.numbers.find(number.name); found != generation.numbers.end())
      keys.add(number.name, number.words ? number.words[size_t(found->second)] : shortest(found->second));
  std::vector<std::string> words, stops;
  for (const std::vector<int64_t> &word : generation.badWords)
    words.push_back("[" + llvm::join(llvm::map_range(word, llvm::itostr), ", ") + "]");
  for (const std::string &stop : generation.stop)
    stops.push_back(quoted(stop));
  if (!words.empty())
    keys.add("bad_words", bracketed(words));
  if (!stops.empty())
    keys.add("stop", bracketed(stops));
  return keys.str();
}
