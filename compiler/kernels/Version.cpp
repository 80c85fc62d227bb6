//===- Version.cpp - Which generator makes objects of descriptions --------===//

#include "GeneratorHash.h"
#include "kernels/Kernels.h"

std::string tenon::kernels::generatorVersion() { return TENON_GENERATOR_HASH "-halide-" TENON_HALIDE_VERSION; }
