//===- Corners.h - The corners of the space that docs/space.md tells of ---===//

#ifndef TENON_TESTS_SPEC_CORNERS_H
#define TENON_TESTS_SPEC_CORNERS_H

#include "spec/SpecTexts.h"
#include "llvm/Support/MemoryBuffer.h"

namespace tenon::test {

/// The spec docs/corners/`name`.yaml.
inline std::string corner(const std::string &name) {
  auto buffer = llvm::MemoryBuffer::getFile(TENON_DOCS "/corners/" + name + ".yaml");
  EXPECT_TRUE(bool(buffer)) << name;
  return buffer ? (*buffer)->getBuffer().str() : "";
}

/// The first error of a spec, with its notes.
inline std::string firstError(const std::string &text) {
  std::string all = messagesOf(text), messages;
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(all).split(lines, '\n');
  for (llvm::StringRef line : lines) {
    llvm::StringRef message = line.split(": ").second;
    if (!messages.empty() && message.starts_with("error: "))
      break;
    messages += (messages.empty() ? "" : "\n") + message.str();
  }
  return messages;
}

} // namespace tenon::test

#endif // TENON_TESTS_SPEC_CORNERS_H
