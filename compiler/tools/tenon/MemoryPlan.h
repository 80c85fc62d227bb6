//===- MemoryPlan.h - Which memory a call of an entry point takes -*- C++ -*-===//

#ifndef TENON_TOOLS_MEMORYPLAN_H
#define TENON_TOOLS_MEMORYPLAN_H

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tenon::tools {

/// Dimensions of calls by name; the others are 1.
using CallSizes = std::map<std::string, uint64_t>;

/// Reads "NAME=NUMBER" each. Throws Failure where one is none of these, or names what no entry point of the manifest has
/// as a dimension.
CallSizes readSizes(const std::vector<std::string> &words, const nlohmann::json &manifest);

/// The plan of each entry point with the bytes of its slots, and of all of them, at `sizes`.
nlohmann::json memoryPlans(const nlohmann::json &manifest, const CallSizes &sizes);

/// The same for reading.
void printMemoryPlans(const nlohmann::json &manifest, const CallSizes &sizes);

} // namespace tenon::tools

#endif // TENON_TOOLS_MEMORYPLAN_H
