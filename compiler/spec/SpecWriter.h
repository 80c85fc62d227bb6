//===- SpecWriter.h - Spec to YAML ------------------------------*- C++ -*-===//

#ifndef TENON_SPEC_SPECWRITER_H
#define TENON_SPEC_SPECWRITER_H

#include "spec/Spec.h"

namespace tenon::spec {

/// The YAML of `model`, without the keys whose value is the default. Reading it gives the same model.
std::string writeSpec(const Model &model);

} // namespace tenon::spec

#endif // TENON_SPEC_SPECWRITER_H
