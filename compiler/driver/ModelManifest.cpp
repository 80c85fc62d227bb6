//===- ModelManifest.cpp --------------------------------------------------===//

#include "driver/ModelManifest.h"

#include "codegen/Manifest.h"
#include "import/Import.h"
#include "spec/SpecWriter.h"

using namespace tenon;

void tenon::describeModel(const import::ImportedModel &imported, ManifestInput &manifest) {
  manifest.spec = spec::writeSpec(imported.model);
  manifest.textTokens = imported.model.textTokens;
  manifest.lowerCase = imported.model.lowerCase;
  manifest.prompts = imported.model.prompts;
  manifest.defaultPrompt = imported.model.defaultPrompt;
  manifest.tokens = imported.model.tokens;
  manifest.generation = imported.model.generation;
  manifest.audio = imported.model.audio;
  manifest.chatTemplate = imported.chatTemplate;
  manifest.chatTokens = imported.model.chatTokens;
}

std::string tenon::writeTextManifest(const import::ImportedModel &imported) {
  ManifestInput manifest;
  manifest.name = imported.model.name;
  describeModel(imported, manifest);
  return writeManifest(manifest);
}
