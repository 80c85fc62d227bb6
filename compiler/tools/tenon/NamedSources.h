//===- NamedSources.h - What answers are about, by name ---------*- C++ -*-===//

#ifndef TENON_TOOLS_NAMEDSOURCES_H
#define TENON_TOOLS_NAMEDSOURCES_H

#include "Prompt.h"

namespace tenon::tools {

/// Whether --input names sources and not the inputs of an entry point: NAME.features=, NAME.hidden=, or of a single
/// source features= and hidden=.
bool givesSources(const RunArguments &arguments, std::span<const tenon_source_info> sources);

/// "left, right and inner".
std::string namesOf(std::span<const tenon_source_info> sources);

/// The prompts of --source, --source-tokens and --input, without what answers begin with: the first ones that are given
/// for each source make the first row, and so on. Throws Failure.
std::vector<Prompt> readNamedSources(const RunArguments &arguments, const Model &model,
                                     std::span<const tenon_source_info> sources);

} // namespace tenon::tools

#endif // TENON_TOOLS_NAMEDSOURCES_H
