//===- Manifest.h - What a library says about itself ------------*- C++ -*-===//

#ifndef TENON_TOOLS_MANIFEST_H
#define TENON_TOOLS_MANIFEST_H

#include "tenon/tenon.hpp"
#include <nlohmann/json.hpp>

namespace tenon::tools {

/// The manifest of an opened library; docs/library.md describes it.
inline nlohmann::json readManifest(const Model &model) {
  tenon_model_info info = model.info();
  return nlohmann::json::parse(info.manifest, info.manifest + info.manifest_size);
}

/// Whether an entry point has an output of that name.
inline bool entryGives(const Model &model, const std::string &name, const std::string &output) {
  nlohmann::json manifest = readManifest(model);
  for (const auto &entry : manifest["entries"])
    if (entry["name"] == name)
      for (const auto &tensor : entry["outputs"])
        if (tensor["name"] == output)
          return true;
  return false;
}

/// How many tokens a model that generates has scores for.
inline int64_t logitsWidth(const Model &model) {
  nlohmann::json manifest = readManifest(model);
  for (const auto &entry : manifest["entries"])
    if (entry["name"] == "prefill")
      for (const auto &tensor : entry["outputs"])
        if (tensor["name"] == "logits")
          return tensor["shape"].back().get<int64_t>();
  return 0;
}

} // namespace tenon::tools

#endif // TENON_TOOLS_MANIFEST_H
