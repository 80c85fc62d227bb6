//===- LineReader.h - Lines of standard input -------------------*- C++ -*-===//

#ifndef TENON_TOOLS_LINEREADER_H
#define TENON_TOOLS_LINEREADER_H

#include <cstdint>
#include <optional>
#include <string>

namespace tenon::tools {

/// Lines as they come, so that what is there can be worked on while more is written.
class LineReader {
public:
  /// The next line without its end; none at the end of the input and, unless `waits`, where none is there yet.
  std::optional<std::string> next(bool waits);
  /// How many lines next() has given.
  size_t lines() const { return count; }
  /// Which part of the input these are; 0 where its size is not known.
  double share() const;

private:
  bool fill(bool waits);

  std::string buffer;
  size_t searched = 0; ///< before here in the buffer no line ends
  size_t count = 0;
  uint64_t taken = 0; ///< bytes of the lines given
  bool atEnd = false;
};

} // namespace tenon::tools

#endif // TENON_TOOLS_LINEREADER_H
