//===- LineReader.cpp - Lines of standard input ---------------------------===//

#include "LineReader.h"
#include "Command.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon::tools;

/// Reads more; false where there is nothing to read yet or any more.
bool LineReader::fill(bool waits) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (!waits && poll(&input, 1, 0) == 0)
    return false;
  char piece[1 << 16];
  ssize_t size;
  do
    size = read(STDIN_FILENO, piece, sizeof piece);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    throw Failure(std::string("standard input: ") + std::strerror(errno));
  atEnd = size == 0;
  buffer.append(piece, static_cast<size_t>(size));
  return size != 0;
}

std::optional<std::string> LineReader::next(bool waits) {
  size_t end;
  while ((end = buffer.find('\n', searched)) == std::string::npos) {
    searched = buffer.size();
    if (atEnd || !fill(waits))
      break;
  }
  if (end == std::string::npos && (!atEnd || buffer.empty()))
    return std::nullopt;
  end = std::min(end, buffer.size());
  std::string line = buffer.substr(0, end);
  buffer.erase(0, end + 1);
  taken += end + 1;
  searched = 0;
  ++count;
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  return line;
}

double LineReader::share() const {
  struct stat input;
  if (fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode) || input.st_size == 0)
    return 0;
  return std::min(1.0, static_cast<double>(taken) / static_cast<double>(input.st_size));
}
