//===- AnswerText.cpp - The text of tokens as they are written ------------===//

#include "AnswerText.h"

#include <algorithm>
#include <utility>

namespace tenon::runtime {
namespace {

/// The longest end of `text` that begins `stop`.
size_t beginningAtEnd(const std::string &text, const std::string &stop) {
  for (size_t length = std::min(text.size(), stop.size() - 1); length > 0; --length)
    if (text.compare(text.size() - length, length, stop, 0, length) == 0)
      return length;
  return 0;
}

} // namespace

std::string AnswerText::add(const std::string &more) {
  if (foundStop)
    return "";
  held += more;
  size_t end = std::string::npos, kept = 0;
  for (const std::string &stop : *stops) {
    end = std::min(end, held.find(stop));
    kept = std::max(kept, beginningAtEnd(held, stop));
  }
  foundStop = end != std::string::npos;
  std::string grown = held.substr(0, foundStop ? end : held.size() - kept);
  held.erase(0, grown.size());
  told += grown;
  return grown;
}

std::string AnswerText::finish() {
  if (!stream || foundStop)
    return "";
  std::string grown = add(stream->finish());
  if (foundStop)
    return grown;
  grown += held;
  told += held;
  held.clear();
  return grown;
}

} // namespace tenon::runtime
