//===- Output.cpp - Standard output that arrives --------------------------===//

#include "Output.h"
#include "Command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <unistd.h>

using namespace tenon;
using namespace tenon::tools;

static std::string flushed() {
  errno = 0;
  std::cout.flush();
  bool arrived = std::fflush(stdout) == 0;
  int error = errno;
  if (arrived && std::ferror(stdout) == 0 && std::cout)
    return "";
  return std::string("standard output: ") + (error != 0 ? std::strerror(error) : "it cannot be written");
}

void tools::flushOutput() {
  if (std::string lost = flushed(); !lost.empty())
    throw Failure(lost);
}

std::string tools::closeOutput() {
  if (std::string lost = flushed(); !lost.empty())
    return lost;
  // Some file systems say only now that there is no room. Who never had an output has lost nothing.
  if (close(STDOUT_FILENO) != 0 && errno != EBADF)
    return std::string("standard output: ") + std::strerror(errno);
  return "";
}
