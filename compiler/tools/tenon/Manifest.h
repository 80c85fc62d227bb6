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

/// Of how many rows of its input a stack's encoder makes one hidden state: 2 where there are "ceil(length/2)" of them.
inline int64_t encoderStride(const Model &model, const std::string &stack) {
  nlohmann::json manifest = readManifest(model);
  for (const auto &entry : manifest["entries"])
    if (!entry.contains("states"))
      for (const auto &tensor : entry["outputs"])
        if (tensor.value("role", "") == "hidden" && tensor.value("stack", "") == stack &&
            tensor["shape"][1].is_string()) {
          std::string extent = tensor["shape"][1];
          size_t slash = extent.find('/');
          return slash == std::string::npos ? 1 : std::stoll(extent.substr(slash + 1));
        }
  return 1;
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

/// The tokens that every answer is made to begin with, behind the start.
inline std::vector<int32_t> forcedTokens(const Model &model) {
  nlohmann::json manifest = readManifest(model);
  return manifest.value("/tokens/forced"_json_pointer, std::vector<int32_t>());
}

} // namespace tenon::tools

#endif // TENON_TOOLS_MANIFEST_H
