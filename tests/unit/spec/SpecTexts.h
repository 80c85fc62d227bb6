//===- SpecTexts.h - Specs that the tests change ----------------*- C++ -*-===//

#ifndef TENON_TESTS_SPEC_SPECTEXTS_H
#define TENON_TESTS_SPEC_SPECTEXTS_H

#include "spec/SpecReader.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <gtest/gtest.h>
#include <string>

namespace tenon::test {

inline const std::string smallSpec = R"(tenon: 1
name: small
width: 24
stacks:
  encoder:
    input: {vocab: 100, positions: {kind: learned, length: 32}, types: 2, norm: true}
    layers: 3
    norm: {kind: layernorm, place: after, epsilon: 1e-12}
    block:
      - attention: {heads: 4}
      - mlp: {hidden: 48, activation: gelu}
pooling: {kind: mean, normalize: true}
weights: model.safetensors
)";

/// `text` with the first `from` replaced, which must be there.
inline std::string changed(std::string text, const std::string &from, const std::string &to) {
  size_t position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return position == std::string::npos ? text : text.replace(position, from.size(), to);
}

inline llvm::Expected<spec::Model> read(const std::string &text) {
  return spec::readSpec(llvm::MemoryBufferRef(text, "model.yaml"));
}

/// The error of a spec, empty where there is none.
inline std::string errorOf(const std::string &text) {
  llvm::Expected<spec::Model> model = read(text);
  return model ? "" : llvm::toString(model.takeError());
}

/// The lines of an error that are messages, without the lines of the file and the carets.
inline std::string messagesOf(const std::string &text) {
  std::string messages;
  llvm::SmallVector<llvm::StringRef> lines;
  std::string error = errorOf(text);
  llvm::StringRef(error).split(lines, '\n');
  for (llvm::StringRef line : lines)
    if (line.consume_front("model.yaml:"))
      messages += (messages.empty() ? "" : "\n") + line.str();
  return messages;
}

} // namespace tenon::test

#endif // TENON_TESTS_SPEC_SPECTEXTS_H
