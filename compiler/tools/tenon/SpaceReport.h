//===- SpaceReport.h - What tenon inspect --space shows ---------*- C++ -*-===//

#ifndef TENON_TOOLS_SPACEREPORT_H
#define TENON_TOOLS_SPACEREPORT_H

#include "space/Space.h"

namespace tenon::tools {

/// Prints tables for a terminal of 100 columns.
void printSpace(const spec::Model &model, const space::Survey &survey);

/// Prints one JSON object.
void printSpaceJson(const spec::Model &model, const space::Survey &survey);

} // namespace tenon::tools

#endif // TENON_TOOLS_SPACEREPORT_H
