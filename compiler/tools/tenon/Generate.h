//===- Generate.h - tenon run of models that generate -----------*- C++ -*-===//

#ifndef TENON_TOOLS_GENERATE_H
#define TENON_TOOLS_GENERATE_H

#include "RunInput.h"

namespace tenon::tools {

/// Continues the prompts of --text and --tokens.
void generate(const RunArguments &arguments, const Model &model);

/// A conversation on standard input and output.
void converse(const RunArguments &arguments, const Model &model);

/// While one lives, Ctrl-C ends the generation that the sessions are in; a second one ends the program.
class CancelOnInterrupt {
public:
  explicit CancelOnInterrupt(std::span<Session *const> generating);
  ~CancelOnInterrupt();
  CancelOnInterrupt(const CancelOnInterrupt &) = delete;
  CancelOnInterrupt &operator=(const CancelOnInterrupt &) = delete;

private:
  std::vector<tenon_session *> sessions;
};

} // namespace tenon::tools

#endif // TENON_TOOLS_GENERATE_H
