//===- Command.h - What the subcommands share -------------------*- C++ -*-===//

#ifndef TENON_TOOLS_COMMAND_H
#define TENON_TOOLS_COMMAND_H

#include <CLI/CLI.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tenon::tools {

/// Bad input or a failed check: the message goes to standard error, the exit status is 1.
class Failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Text of several lines for a terminal: what a file holds cannot steer it.
std::string printableLines(std::string_view text);

/// Each adds its subcommand; the callback that it sets does the work.
void addCompile(CLI::App &app);
void addImport(CLI::App &app);
void addRun(CLI::App &app);
void addTokenize(CLI::App &app);
void addVerify(CLI::App &app);
void addBench(CLI::App &app);
void addInspect(CLI::App &app);
void addTune(CLI::App &app);
void addExplain(CLI::App &app);

} // namespace tenon::tools

#endif // TENON_TOOLS_COMMAND_H
