//===- Reader.h - The parts of the spec's reader ----------------*- C++ -*-===//

#ifndef TENON_SPEC_READER_H
#define TENON_SPEC_READER_H

#include "spec/Fields.h"
#include "spec/Parameters.h"
#include "spec/Spec.h"
#include "runtime/support/CheckedSize.h"
#include "support/Bounds.h"

namespace tenon::spec {

/// Whether `text` is a letter or '_', then letters, digits and `punctuation`, at most 200 in all.
bool isName(llvm::StringRef text, llvm::StringRef punctuation);

/// Reads a document into a model. What is wrong goes to the diagnostics, and reading goes on.
class SpecReader {
public:
  explicit SpecReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  Model read(const YamlNode &root);

private:
  using Leaf = std::variant<AttentionSublayer, MlpSublayer>;

  // SpecReader.cpp: the model.
  void readVersion(Fields &fields);
  void readHead(const YamlNode &node);
  /// The stack that `fields` names with 'stack', or the only one.
  std::string readStackName(Fields &fields, const YamlNode &node, llvm::StringRef what);
  void readNames(const YamlNode &node);
  void readName(const YamlEntry &entry, llvm::ArrayRef<llvm::StringRef> known);
  std::optional<TensorName> readTensor(const YamlEntry &entry);
  std::string readPath(Fields &fields, llvm::StringRef key);

  // PoolingReader.cpp: one vector for a text, and what stands before it.
  void readPooling(const YamlNode &node);
  void readPoolingKinds(const YamlNode &node, std::vector<PoolingKind> &kinds);
  /// Returns how many components they make of `size`.
  int64_t readPoolingLayers(Fields &fields, llvm::StringRef key, int64_t size, std::vector<PoolingLayer> &layers);
  void readDense(const YamlNode &node, int64_t inputs, DenseLayer &dense);
  void readVectorNorm(const YamlNode &node, VectorNorm &norm);
  void readPrompts(Fields &fields);
  /// How long a prompt is, is only known of a text that is read as a whole.
  void checkPrompts(const YamlNode *pooling);

  // AnswerReader.cpp: what goes in and comes out around the stacks.
  void readTokens(const YamlNode &node);
  std::optional<int64_t> readTokenId(const YamlNode &node, llvm::StringRef what);
  std::vector<int64_t> readTokenIds(Fields &fields, llvm::StringRef key, size_t most);
  std::vector<int64_t> readTokenIds(const YamlNode &node, llvm::StringRef what, size_t most);
  void readTimestamps(const YamlNode &node, Timestamps &timestamps);
  void readGeneration(const YamlNode &node, Generation &generation);
  std::optional<double> readGenerationNumber(const YamlNode &node, const GenerationNumber &number);
  void readBadWords(const YamlNode &node, std::vector<std::vector<int64_t>> &words);
  void checkGeneration(const YamlNode &node, const Generation &generation);
  void readAudio(const YamlNode &node, Audio &audio);
  void checkAudio(const YamlNode &node, const Audio &audio);

  // SourcesReader.cpp: what the stacks have of each other.
  void checkSources();
  void checkSource(size_t stack, const YamlNode &node);
  void checkAttending(const Stack &stack, const YamlNode &node);
  void readShares(const YamlNode &node);
  void readShare(const YamlNode &node);
  void checkShare(const YamlNode &node, const Share &share, const std::vector<Parameter> &places);

  // StackReader.cpp: stacks, what they read, their norms.
  void readStack(const YamlEntry &entry);
  void readBlocks(Fields &fields, Stack &stack);
  void readBlock(const YamlNode &node, llvm::StringRef what, Block &block);
  void checkCycles();
  void checkPads();
  void checkCycle(const YamlNode &node, const Stack &stack);
  void readInput(const YamlNode &node, Input &input);
  void readTokenInput(Fields &fields, Input &input);
  void readFeatureInput(Fields &fields, Input &input);
  void readConvolution(const YamlNode &node, int64_t components, Convolution &convolution);
  void readPositions(const YamlNode &node, Positions &positions);
  void readPositionFields(Fields &fields, Positions &positions);
  void readScaling(const YamlNode &node, RotaryScaling &scaling);
  void readPad(Fields &fields, Positions &positions);
  double readBase(Fields &fields, double usual);
  int64_t readDims(Fields &fields);
  void readNorm(const YamlNode &node, Norm &norm);
  double readEpsilon(Fields &fields, double usual);

  // SublayerReader.cpp: what a block consists of.
  void readSublayer(const YamlNode &node, Block &block);
  std::optional<Leaf> readLeaf(const YamlEntry &entry, size_t kind);
  std::optional<size_t> readKind(const YamlNode &node, llvm::ArrayRef<llvm::StringRef> kinds, llvm::StringRef what);
  void readParallel(const YamlNode &node, ParallelSublayer &parallel, const Block &before);
  void checkSublayerName(const YamlEntry &entry, llvm::StringRef name, llvm::ArrayRef<std::string> others);
  void readSublayerName(Fields &fields, std::string &name);
  void readAttention(const YamlNode &node, AttentionSublayer &attention);
  void readHeads(Fields &fields, AttentionSublayer &attention);
  void readTables(const YamlNode &node, AttentionSublayer &attention);
  void readMask(const YamlNode &node, AttentionSublayer &attention);
  void readScore(const YamlNode &node, AttentionSublayer &attention);
  void readRelative(const YamlNode &node, AttentionSublayer &attention);
  void readOwnRotary(const YamlNode &node, AttentionSublayer &attention);
  void readQueryKeyNorm(const YamlNode &node, QueryKeyNorm &norm);
  void checkRotary(const AttentionSublayer &attention);
  void readMlp(const YamlNode &node, MlpSublayer &mlp);
  void readSsru(const YamlNode &node, SsruSublayer &ssru);

  /// An activation or "none", with `activation` unless the key is there.
  std::optional<Activation> readActivation(Fields &fields, std::optional<Activation> usual);
  void checkElements(const YamlNode *node, llvm::StringRef what, CheckedSize elements);
  /// A number above 0.
  double readPositive(Fields &fields, llvm::StringRef key, double usual);

  Diagnostics &diagnostics;
  Model model;
  Stack *stack = nullptr; ///< That is being read.
  int64_t width = 0;      ///< Its width; 0 where it is not known.
  /// The places of `from`, with the index of their stack, and of `cycle`: checked when all stacks are read.
  std::vector<std::pair<size_t, const YamlNode *>> sources, cycles, pads;
  const YamlNode *headSizeNode = nullptr; ///< Where the head size of the sublayer being read comes from.
};

/// "what (left x right)", for `checkElements`.
std::string product(llvm::StringRef what, int64_t left, int64_t right);

} // namespace tenon::spec

#endif // TENON_SPEC_READER_H
