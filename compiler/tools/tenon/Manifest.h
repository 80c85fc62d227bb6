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

/// Whether the entry point "encode" has an output of that name.
inline bool encoderGives(const Model &model, const std::string &output) {
  nlohmann::json manifest = readManifest(model);
  for (const auto &entry : manifest["entries"])
    if (entry["name"] == "encode")
      for (const auto &tensor : entry["outputs"])
        if (tensor["name"] == output)
          return true;
  return false;
}

} // namespace tenon::tools

#endif // TENON_TOOLS_MANIFEST_H
