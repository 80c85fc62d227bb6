//===- Output.h - Standard output that arrives ------------------*- C++ -*-===//

#ifndef TENON_TOOLS_OUTPUT_H
#define TENON_TOOLS_OUTPUT_H

#include <string>

namespace tenon::tools {

/// Brings what was printed out. Throws Failure where it did not arrive, so that a long job ends early.
void flushOutput();

/// The same when nothing more is printed; returns what went wrong, "" for nothing.
std::string closeOutput();

} // namespace tenon::tools

#endif // TENON_TOOLS_OUTPUT_H
