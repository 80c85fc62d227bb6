//===- main.cpp - The command line ----------------------------------------===//

#include "Command.h"
#include "Output.h"
#include "runtime/support/Printable.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

std::string tenon::tools::printableLines(std::string_view text) {
  std::string lines;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('\n', begin), text.size());
    lines += (begin == 0 ? "" : "\n") + printable(text.substr(begin, end - begin), SIZE_MAX);
    begin = end + 1;
  }
  return lines;
}

static int runCommand(int argc, char **argv) {
  CLI::App app("Compiles transformer models to native libraries and runs them.\n"
               "Example: tenon compile all-MiniLM-L6-v2 -o minilm.so && tenon run minilm.so --text \"Hello\"");
  app.require_subcommand(1);
  app.set_version_flag("--version", TENON_VERSION);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("tenon: error: ") + error.what() + "\nRun with --help for more information.\n";
  });
  tenon::tools::addCompile(app);
  tenon::tools::addImport(app);
  tenon::tools::addRun(app);
  tenon::tools::addTokenize(app);
  tenon::tools::addVerify(app);
  tenon::tools::addTune(app);
  tenon::tools::addBench(app);
  tenon::tools::addExplain(app);
  tenon::tools::addInspect(app);
  // CLI11 says of a misspelt command only that one is required.
  std::string names;
  bool known = argc < 2 || argv[1][0] == '-';
  for (const CLI::App *command : app.get_subcommands(nullptr)) {
    names += (names.empty() ? "" : ", ") + command->get_name();
    known = known || command->get_name() == argv[1];
  }
  if (!known) {
    std::fprintf(stderr, "tenon: error: there is no command '%s'; commands: %s\n", argv[1], names.c_str());
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception &error) {
    // Messages about files come complete with position and "error:".
    std::string text = error.what();
    bool complete = text.find("error: ") != std::string::npos;
    std::fprintf(stderr, "%s%s\n", complete ? "" : "tenon: error: ",
                 tenon::tools::printableLines(text).c_str());
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  int status = runCommand(argc, argv);
  std::string lost = tenon::tools::closeOutput();
  if (lost.empty() || status != 0)
    return status;
  std::fprintf(stderr, "tenon: error: %s\n", lost.c_str());
  return 1;
}
