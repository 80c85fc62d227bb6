//===- Transcribe.h - tenon run on sounds -----------------------*- C++ -*-===//

#ifndef TENON_TOOLS_TRANSCRIBE_H
#define TENON_TOOLS_TRANSCRIBE_H

#include "RunInput.h"

namespace tenon::tools {

/// Writes down what is said in the files of --audio.
void transcribe(const RunArguments &arguments, const Model &model);

} // namespace tenon::tools

#endif // TENON_TOOLS_TRANSCRIBE_H
