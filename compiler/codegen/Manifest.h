//===- Manifest.h - The JSON that a library says about itself ---*- C++ -*-===//

#ifndef TENON_CODEGEN_MANIFEST_H
#define TENON_CODEGEN_MANIFEST_H

#include "kernels/Kernels.h"
#include "passes/EntryPoints.h"
#include "spec/Spec.h"
#include "tenon/Dialect.h"
#include "weights/PackedWeights.h"

namespace tenon {

struct ManifestInput {
  std::string name;
  std::string spec;       ///< YAML; empty for a library made from tensor IR.
  std::string ir;         ///< Kernel IR.
  int64_t textTokens = 0; ///< That a text is cut to; 0 for as many as there are positions.
  bool lowerCase = false; ///< As texts are read.
  std::vector<spec::Prompt> prompts;
  std::string defaultPrompt; ///< The name of one of them; empty for none.
  spec::SpecialTokens tokens;
  spec::Generation generation;
  std::optional<spec::Audio> audio;
  std::string chatTemplate; ///< Jinja; empty for none.
  std::optional<std::vector<spec::ChatToken>> chatTokens;
  std::vector<EntryPoint> entries;
  std::vector<KernelOp> kernels; ///< In the order of the kernel table.
  std::vector<kernels::TargetModel> targets;
  std::string weightsFile;       ///< Base name; empty for none.
  weights::PackedFile weights;
};

/// The manifest that docs/library.md describes.
std::string writeManifest(const ManifestInput &input);

} // namespace tenon

#endif // TENON_CODEGEN_MANIFEST_H
