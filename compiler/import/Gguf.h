//===- Gguf.h - Models in GGUF files ----------------------------*- C++ -*-===//

#ifndef TENON_IMPORT_GGUF_H
#define TENON_IMPORT_GGUF_H

#include "import/Import.h"

namespace tenon::import {

/// Whether the name of a file says that it is a GGUF file.
bool isGgufPath(llvm::StringRef path);

/// A tensor whose numbers the spec has, as the scaling of rotary positions.
inline constexpr llvm::StringRef ggufRopeFactors = "rope_freqs.weight";

/// Reads a file with a decoder-only model, its tokenizer and its chat template.
llvm::Expected<ImportedModel> importGguf(llvm::StringRef path, const ImportOptions &options = {});

/// What a GGUF file says of text; empty where it says nothing.
struct GgufText {
  std::string tokenizer; ///< As the text of a tokenizer.json.
  std::string chatTemplate;
};
llvm::Expected<GgufText> readGgufText(llvm::StringRef path);

} // namespace tenon::import

#endif // TENON_IMPORT_GGUF_H
