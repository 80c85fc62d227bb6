//===- CTranslate2StackReader.h - Stacks of a model.bin ---------*- C++ -*-===//

#ifndef TENON_IMPORT_CTRANSLATE2STACKREADER_H
#define TENON_IMPORT_CTRANSLATE2STACKREADER_H

#include "import/CTranslate2Stacks.h"

namespace tenon::import {

/// Reads one stack after the other. The first error is kept.
class StackReader {
public:
  StackReader(CTranslate2Variables &variables, Config &config, weights::TableSource &source, spec::Model &model)
      : variables(variables), config(config), source(source), model(model) {}
  void readEncoder();
  void readWhisperEncoder();
  void readDecoder(bool attends);
  llvm::Error takeError() const {
    return message.empty() ? llvm::Error::success() : llvm::createStringError("'" + source.path() + "': " + message);
  }

private:
  void fail(const llvm::Twine &text) {
    if (message.empty())
      message = text.str();
  }
  std::string at(const llvm::Twine &name) const { return (prefix + name).str(); }
  /// A name in the first layer.
  std::string inLayer(const llvm::Twine &name) const { return (prefix + "layer_0/" + name).str(); }
  int64_t extent(const std::string &name, size_t dimension);
  int64_t wholeNumber(const std::string &name, int64_t usual);
  spec::Stack &begin(llvm::StringRef name, int64_t width, bool preNorm);
  void readLayers();
  void readNorm(bool preNorm);
  void readEmbeddings(const std::string &name);
  void readPositions();
  void readTable();
  void readRotary(const std::string &attention);
  void readScaling(const std::string &attention, spec::RotaryScaling &scaling);
  void limitToWindow(const std::string &attention);
  void checkSameInLayers(llvm::StringRef scope);
  bool takesOneOff(const std::string &norm);
  void addSublayers(spec::AttentionSublayer attention);
  void readRelative(const std::string &layer, bool isCross, spec::AttentionSublayer &attention);
  void readHeadNorms(const std::string &layer, spec::AttentionSublayer &attention);
  void readConvolutions();
  spec::Activation readActivation(const std::string &name);
  int64_t headSizeOf(const std::string &layer, bool isCross);
  spec::AttentionSublayer readAttention(llvm::StringRef name, llvm::StringRef scope, bool isCross);
  spec::MlpSublayer readMlp(spec::Activation activation);
  std::string readAlibi();
  void readHead(const std::string &embeddings);

  CTranslate2Variables &variables;
  Config &config;
  weights::TableSource &source;
  spec::Model &model;
  spec::Stack *stack = nullptr;
  std::string prefix; ///< Of the stack's variables.
  int64_t width = 1, heads = 1;
  std::string message;
};

} // namespace tenon::import

#endif // TENON_IMPORT_CTRANSLATE2STACKREADER_H
