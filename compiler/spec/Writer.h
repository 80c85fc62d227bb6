//===- Writer.h - The parts of the spec's writer ----------------*- C++ -*-===//

#ifndef TENON_SPEC_WRITER_H
#define TENON_SPEC_WRITER_H

#include "spec/Spec.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace tenon::spec {

/// A mapping on one line: {key: value, key: value}.
class FlowMapping {
public:
  FlowMapping &add(llvm::StringRef key, llvm::StringRef value) {
    text += (text.empty() ? "" : ", ") + key.str() + ": " + value.str();
    return *this;
  }
  FlowMapping &add(llvm::StringRef key, int64_t value) { return add(key, llvm::itostr(value)); }
  FlowMapping &addFlag(llvm::StringRef key, bool value, bool usual) {
    return value == usual ? *this : add(key, value ? "true" : "false");
  }
  bool isEmpty() const { return text.empty(); }
  std::string str() const { return "{" + text + "}"; }

private:
  std::string text;
};

/// The shortest form that reads back as the same number; does not depend on the locale.
std::string shortest(double value);

std::string quoted(llvm::StringRef text);

/// A string that reads back as itself, in quotes unless it is a plain word.
std::string scalar(llvm::StringRef text);

/// "[a, b, c]".
std::string bracketed(llvm::ArrayRef<std::string> items);

// Each of these is the value of a key, on one line.
void addScaling(FlowMapping &outer, const RotaryScaling &scaling);
std::string writeSublayer(const Sublayer &sublayer, const Stack &stack, int64_t width); ///< With its key.
std::string writePooling(const Pooling &pooling, size_t stacks);
std::string writeHead(const Head &head, size_t stacks);
std::string writeTokens(const SpecialTokens &tokens); ///< Empty where nothing is known.
std::string writeGeneration(const Generation &generation);

} // namespace tenon::spec

#endif // TENON_SPEC_WRITER_H
