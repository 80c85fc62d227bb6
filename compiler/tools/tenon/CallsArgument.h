//===- CallsArgument.h - Which calls of a model, for which CPU --*- C++ -*-===//

#ifndef TENON_TOOLS_CALLSARGUMENT_H
#define TENON_TOOLS_CALLSARGUMENT_H

#include "tune/Calls.h"

#include <string>
#include <vector>

namespace tenon::tools {

/// Reads --sizes and --target; an empty one leaves its default. Throws Failure.
void readCalls(const std::string &sizes, std::vector<tune::CallShape> &calls);
void checkTarget(const std::string &target);

} // namespace tenon::tools

#endif // TENON_TOOLS_CALLSARGUMENT_H
