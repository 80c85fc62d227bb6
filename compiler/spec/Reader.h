//===- Reader.h - The parts of the spec's reader ----------------*- C++ -*-===//

#ifndef TENON_SPEC_READER_H
#define TENON_SPEC_READER_H

#include "spec/Fields.h"
#include "spec/Parameters.h"
#include "spec/Spec.h"
#include "spec/Stacks.h"
#include "runtime/support/CheckedSize.h"
#include "support/Bounds.h"
#include "llvm/ADT/StringMap.h"

namespace tenon::spec {

/// Whether `text` is a letter or '_', then letters, digits and `punctuation`, at most 200 in all.
bool isName(llvm::StringRef text, llvm::StringRef punctuation);

/// Reads a document into a model. What is wrong goes to the diagnostics, and reading goes on.
class SpecReader {
public:
  explicit SpecReader(Diagnostics &diagnostics) : diagnostics(diagnostics) {}
  Model read(const YamlNode &root);

private:
  /// Where a stack says what others depend on; null where it does not.
  struct StackPlace {
    llvm::SMRange name;
    const YamlNode *width = nullptr, *layers = nullptr, *cache = nullptr, *input = nullptr, *positions = nullptr,
                   *behind = nullptr, *prefix = nullptr;
    std::vector<const YamlNode *> parts; ///< Of its input.
  };

  /// An attention, and where it says what it takes from other stacks.
  struct AttentionPlace {
    size_t stack = 0;
    AttentionSublayer attention;
    const YamlNode *node = nullptr, *mask = nullptr, *prefixMask = nullptr;
    std::vector<const YamlNode *> sources, states; ///< Of each source; a state is null where the spec does not say.
  };

  // SpecReader.cpp: the model.
  void readVersion(Fields &fields);
  void readHead(const YamlNode &node);
  /// The stack that `fields` names with 'stack', or the only one.
  std::string readStackName(Fields &fields, const YamlNode &node, llvm::StringRef what);
  void readNames(const YamlNode &node);
  void readName(const YamlEntry &entry);
  void reportName(const YamlEntry &entry, llvm::ArrayRef<llvm::StringRef> known, Sharing &sharing);
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
  void readChatTokens(const YamlNode &node);
  void readTimestamps(const YamlNode &node, Timestamps &timestamps);
  void readGeneration(const YamlNode &node, Generation &generation);
  std::optional<double> readGenerationNumber(const YamlNode &node, const GenerationNumber &number);
  void readBadWords(const YamlNode &node, std::vector<std::vector<int64_t>> &words);
  void checkGeneration(const YamlNode &node, const Generation &generation);
  void readAudio(const YamlNode &node, Audio &audio);
  void checkAudio(const YamlNode &node, const Audio &audio);

  // SourcesReader.cpp: what an attention or an input takes from other stacks.
  void readSources(Fields &fields, AttentionSublayer &attention, AttentionPlace &place);
  void readSource(const YamlNode &node, const Source &usual, AttentionSublayer &attention, AttentionPlace &place);
  void readSourceState(const YamlNode &node, Source &source);
  void readParts(const YamlNode &node, Input &input);

  // GraphReader.cpp: whether the stacks fit to each other, when all are read.
  void checkStackGraph();
  bool checkNames();
  /// The stack that `node` names, another than number `index`.
  std::optional<size_t> findOther(const YamlNode &node, llvm::StringRef name, size_t index, llvm::StringRef what);
  void checkBehind(size_t index);
  bool checkCircles();
  void checkSource(const AttentionPlace &place, size_t source);
  void checkParts(size_t index);
  void checkPartLengths(size_t index);
  void checkTurningKeys(const AttentionPlace &place, size_t source);

  // GrowthReader.cpp: which stacks go on token by token, and whether they can.
  void checkGrowth();
  void checkKeeping(size_t index);
  void checkGrowingSource(const AttentionPlace &place, size_t source);
  void checkGrowingParts(size_t index);
  void checkPrefix(size_t index);
  void checkPrefixMask(const AttentionPlace &place);
  void checkEarlierRows(const AttentionPlace &place);
  void checkOneChain();
  void checkReaders();
  /// "because it has the head", of a stack that goes on token by token.
  std::string whyItGrows(size_t index) const;
  /// Says so at its place.
  void noteWhyItGrows(size_t index);
  /// The growing stack that has number `index` as its last part, if there is one.
  std::optional<size_t> growsWith(size_t index) const;

  // ShareReader.cpp: parameters that are others.
  void readShares(const YamlNode &node);
  void readShare(const YamlNode &node);
  void checkShares(const YamlNode &node);
  void checkShared(const Parameter &place, const YamlNode &shares, const llvm::StringMap<const Parameter *> &places,
                   Sharing &sharing);

  // StackReader.cpp: stacks, what they read, their norms.
  void readStack(const YamlEntry &entry);
  void readBlocks(Fields &fields, Stack &stack);
  void readBlock(const YamlNode &node, llvm::StringRef what, Block &block);
  void checkCycles();
  void checkPads();
  void checkCycle(const YamlNode &node, const Stack &stack);
  void checkSameSources(const YamlNode &node, const Block &first, const Block &other);
  void readInput(const YamlNode &node, Input &input);
  void readTokenInput(Fields &fields, Input &input);
  void readFeatureInput(Fields &fields, Input &input);
  void checkBehindInput(const Input &input);
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
  std::optional<size_t> readKind(const YamlNode &node, llvm::ArrayRef<llvm::StringRef> kinds, llvm::StringRef what);
  // Each kind's keys; `before` are the names of the block's sublayers before it.
  void readKeys(const YamlNode &node, AttentionSublayer &attention, llvm::ArrayRef<std::string> before);
  void readKeys(const YamlNode &node, ParallelSublayer &parallel, llvm::ArrayRef<std::string> before);
  template <KeyedSublayer Kind>
  void readKeys(const YamlNode &node, Kind &sublayer, llvm::ArrayRef<std::string> before);
  void readKey(Fields &fields, const SizeKey &key, int64_t &size);
  void readKey(Fields &fields, const FlagKey &key, bool &flag);
  void readKey(Fields &fields, const ActivationKey &key, Activation &activation);
  void readParallelSublayer(const YamlNode &node, ParallelSublayer &parallel, llvm::ArrayRef<std::string> before);
  void checkSublayerName(const YamlEntry &entry, llvm::StringRef name, llvm::ArrayRef<std::string> others);
  void readSublayerName(Fields &fields, std::string &name);
  void readHeads(Fields &fields, AttentionSublayer &attention);
  void readTables(const YamlNode &node, AttentionSublayer &attention);
  /// The canonical text, empty where all keys are seen.
  std::string readMask(const YamlNode &node, llvm::StringRef what, const AttentionSublayer &attention);
  void readPrefixMask(const YamlNode &node, AttentionSublayer &attention);
  /// The number of segments that `{prefix: STACK}` lets all queries see.
  int32_t readPrefixStack(const YamlNode &node, const AttentionSublayer &attention);
  void readScore(const YamlNode &node, AttentionSublayer &attention);
  void readRelative(const YamlNode &node, AttentionSublayer &attention);
  void readOwnRotary(const YamlNode &node, AttentionSublayer &attention);
  void readQueryKeyNorm(const YamlNode &node, QueryKeyNorm &norm);
  void checkRotary(const AttentionSublayer &attention);

  /// An activation or "none", with `activation` unless the key is there.
  std::optional<Activation> readActivation(Fields &fields, std::optional<Activation> usual);
  void checkElements(const YamlNode *node, llvm::StringRef what, CheckedSize elements);
  /// A number above 0.
  double readPositive(Fields &fields, llvm::StringRef key, double usual);

  Place placeOf(llvm::SMRange range) const;

  Diagnostics &diagnostics;
  Model model;
  Stack *stack = nullptr; ///< That is being read.
  int64_t width = 0;      ///< Its width; 0 where it is not known.
  /// Places that are checked when all stacks are read.
  std::vector<StackPlace> stackPlaces;
  std::vector<AttentionPlace> attentionPlaces;
  std::vector<std::pair<size_t, const YamlNode *>> cycles, pads;
  std::vector<bool> grows; ///< Of each stack, whether it goes on token by token.
  const YamlNode *headPlace = nullptr, *poolingPlace = nullptr;
  const YamlNode *headSizeNode = nullptr; ///< Where the head size of the sublayer being read comes from.
};

/// "what (left x right)", for `checkElements`.
std::string product(llvm::StringRef what, int64_t left, int64_t right);

} // namespace tenon::spec

#endif // TENON_SPEC_READER_H
