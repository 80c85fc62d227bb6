//===- ModelManifest.h - What a model says in a manifest --------*- C++ -*-===//

#ifndef TENON_DRIVER_MODELMANIFEST_H
#define TENON_DRIVER_MODELMANIFEST_H

#include <string>

namespace tenon {

struct ManifestInput;
namespace import {
struct ImportedModel;
}

/// Fills in what is known before anything is compiled.
void describeModel(const import::ImportedModel &imported, ManifestInput &manifest);

/// The manifest of a model that is not compiled, with no entry points: for its text.
std::string writeTextManifest(const import::ImportedModel &imported);

} // namespace tenon

#endif // TENON_DRIVER_MODELMANIFEST_H
